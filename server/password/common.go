package password

import (
	"encoding/json"
	"strings"

	"github.com/ccojocar/zxcvbn-go/data"
)

// commonLists are the lists that zxcvbn matches: what people use as passwords,
// and the words and names they make them from.
var commonLists = []string{
	"data/Passwords.json", "data/English.json", "data/FemaleNames.json", "data/MaleNames.json", "data/Surnames.json",
}

// tail is what people add to a common word when they are asked for more.
const tail = "0123456789!@#$%^&*()-_=+.,?"

// shortTail is up to which length a common word with a tail is common too.
const shortTail = 12

// IsCommon implements [auth.Passwords] by zxcvbn's lists. They are read anew each
// time: it is asked when somebody chooses a password, which is too seldom to hold
// several megabytes for.
func (*Pool) IsCommon(password string) bool {
	password = strings.ToLower(password)
	word := strings.TrimRight(password, tail)
	if len(password) >= shortTail {
		word = password
	}
	for _, name := range commonLists {
		if listHas(name, password, word) {
			return true
		}
	}
	return false
}

func listHas(name, password, word string) bool {
	raw, err := data.Asset(name)
	if err != nil {
		return false // the lists are compiled in: a test would fail
	}
	var common struct{ List []string }
	if err := json.Unmarshal(raw, &common); err != nil {
		return false
	}
	for _, each := range common.List {
		if each == password || each == word {
			return true
		}
	}
	return false
}
