package password

import (
	"encoding/json"
	"maps"
	"slices"
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

// Up to shortTail characters, a common word with more added is common too. The
// topWords first of the passwords, which the list has by how many people use them,
// are so up to longTail.
const (
	shortTail = 12
	longTail  = 16
	topWords  = 200
)

// leet undoes what people write for a letter.
var leet = strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t")

// fewCharacters is how many different ones are too few.
const fewCharacters = 3

// IsCommon implements [accounts.Passwords] by zxcvbn's lists. They are read anew each
// time: it is asked when somebody chooses a password, which is too seldom to hold
// several megabytes for.
func (*Pool) IsCommon(password string) bool {
	if password == "" {
		return false
	}
	password = strings.ToLower(password)
	if isMonotonous(password) {
		return true
	}
	once := onceOf(password)
	words, bare := map[string]bool{}, map[string]bool{}
	add(words, once)
	if len(once) < longTail {
		add(bare, strings.TrimRight(once, tail), strings.TrimLeft(once, tail), strings.Trim(once, tail))
	}
	if len(once) < shortTail {
		maps.Copy(words, bare)
	}
	for _, name := range commonLists {
		list := readList(name)
		if hasAny(list, words) || name == commonLists[0] && hasAny(list[:min(topWords, len(list))], bare) {
			return true
		}
	}
	return hasAny(ourWords, words)
}

// add adds words, and what they are without what people write for letters.
func add(words map[string]bool, more ...string) {
	for _, word := range more {
		if word != "" {
			words[word], words[leet.Replace(word)] = true, true
		}
	}
}

// isMonotonous reports whether a password is a few characters over and over.
func isMonotonous(password string) bool {
	distinct := map[rune]bool{}
	for _, r := range password {
		distinct[r] = true
	}
	return len(distinct) <= fewCharacters
}

// onceOf returns abc for abcabc.
func onceOf(password string) string {
	if i := strings.Index((password + password)[1:], password) + 1; i > 0 && i < len(password) {
		return password[:i]
	}
	return password
}

func hasAny(list []string, words map[string]bool) bool {
	return slices.ContainsFunc(list, func(each string) bool { return words[each] })
}

// readList returns nothing for a list that is not there: they are compiled in, and a
// test would fail.
func readList(name string) []string {
	var common struct{ List []string }
	raw, err := data.Asset(name)
	if err != nil || json.Unmarshal(raw, &common) != nil {
		return nil
	}
	return common.List
}
