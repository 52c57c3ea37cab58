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

// ourWords are what people think of here.
var ourWords = []string{"latchkey", "superuser", "administrator", "createsuperuser", "changepassword"}

// tail is what people add to a common word when they are asked for more, before
// or behind it.
const tail = "0123456789!@#$%^&*()-_=+.,?"

// longTail is from which length on a common word with more added is not common.
const longTail = 16

// leet undoes what people write for a letter.
var leet = strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t")

// fewCharacters is how many different ones a password must have more of.
const fewCharacters = 3

// IsCommon implements [auth.Passwords] by zxcvbn's lists. They are read anew each
// time: it is asked when somebody chooses a password, which is too seldom to hold
// several megabytes for.
func (*Pool) IsCommon(password string) bool {
	if password == "" {
		return false
	}
	variants := variantsOf(strings.ToLower(password))
	if variants == nil {
		return true
	}
	for _, name := range commonLists {
		if listHas(name, variants) {
			return true
		}
	}
	for _, word := range ourWords {
		if variants[word] {
			return true
		}
	}
	return false
}

// variantsOf gives the words that a password may be made from; nil for one that
// is a few characters over and over.
func variantsOf(password string) map[string]bool {
	distinct := map[rune]bool{}
	for _, r := range password {
		distinct[r] = true
	}
	if len(distinct) <= fewCharacters {
		return nil
	}
	found := map[string]bool{}
	add := func(word string) {
		found[word], found[leet.Replace(word)] = true, true
	}
	once := onceOf(password)
	add(once)
	if len(once) < longTail {
		for _, word := range []string{strings.TrimRight(once, tail), strings.TrimLeft(once, tail), strings.Trim(once, tail)} {
			if word != "" {
				add(word)
			}
		}
	}
	return found
}

// onceOf gives abc for abcabc.
func onceOf(password string) string {
	if i := strings.Index((password + password)[1:], password) + 1; i > 0 && i < len(password) {
		return password[:i]
	}
	return password
}

func listHas(name string, words map[string]bool) bool {
	raw, err := data.Asset(name)
	if err != nil {
		return false // the lists are compiled in: a test would fail
	}
	var common struct{ List []string }
	if err := json.Unmarshal(raw, &common); err != nil {
		return false
	}
	for _, each := range common.List {
		if words[each] {
			return true
		}
	}
	return false
}
