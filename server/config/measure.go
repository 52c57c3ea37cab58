package config

import (
	"encoding/json"
	"math"
	"strings"
	"unicode"

	"github.com/ccojocar/zxcvbn-go/data"
)

// measured is how random a text looks.
type measured struct {
	bits       float64 // how many bits a guesser has to find who knows words and patterns
	recognized float64 // how much of the letters and digits is words and patterns, 0 to 1
}

// shortestMatch is how many characters a word or a pattern must have to be seen as one.
const shortestMatch = 3

// longestWord bounds what is looked up.
const longestWord = 16

// matchBits is what a word or a pattern adds: one of the 4,096 most usual. Less where
// its characters alone have less.
const matchBits = 12

// measure walks through a text as zxcvbn does, greedily: each word, sequence or
// repetition counts as one choice, each other character as one of its alphabet.
// zxcvbn's own scoring takes time that grows with the cube of the length (decision 28).
func measure(text string, words dictionary) measured {
	lower := []rune(strings.ToLower(text))
	known := words(parts(lower))
	each := math.Log2(alphabet(text))
	var m measured
	var covered, total float64
	for i := 0; i < len(lower); {
		n := longestMatch(lower, i, known)
		if n >= shortestMatch {
			m.bits += min(matchBits, float64(n)*each)
		} else {
			n = 1
			m.bits += each
		}
		for _, r := range lower[i : i+n] {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				total++
				if n >= shortestMatch {
					covered++
				}
			}
		}
		i += n
	}
	if total > 0 {
		m.recognized = covered / total
	}
	return m
}

// alphabet returns how many characters each one was chosen from: those of the classes
// that are there, and not many more than are seen.
func alphabet(text string) float64 {
	distinct, classes := map[rune]bool{}, map[string]float64{}
	for _, r := range text {
		distinct[r] = true
		switch {
		case unicode.IsDigit(r):
			classes["digits"] = 10
		case strings.ContainsRune("abcdef", r):
			classes["a to f"] = 6
		case unicode.IsLower(r):
			classes["a to f"], classes["lower"] = 6, 20
		case strings.ContainsRune("ABCDEF", r):
			classes["A to F"] = 6
		case unicode.IsUpper(r):
			classes["A to F"], classes["upper"] = 6, 20
		default:
			classes["others"] = 12 // the ten or so on a keyboard that people and programs choose
		}
	}
	var size float64
	for _, n := range classes {
		size += n
	}
	return max(1, min(size, 2*float64(len(distinct)-1)))
}

// longestMatch returns how many characters from i on are a word, a sequence, or what
// stood before.
func longestMatch(text []rune, i int, known map[string]bool) int {
	longest := max(sequence(text[i:]), repetition(text, i))
	for n := min(longestWord, len(text)-i); n > longest && n >= shortestMatch; n-- {
		if known[string(text[i:i+n])] {
			return n
		}
	}
	return longest
}

// keyboard has the rows of a keyboard; abcd and 1234 are steps of one.
const keyboard = "qwertyuiop asdfghjkl zxcvbnm 1qaz 2wsx 3edc 4rfv 5tgb 6yhn 7ujm"

// sequence returns how many characters at the beginning are equal, or in the order of
// the alphabet or a keyboard, either way.
func sequence(text []rune) int {
	n := 1
	for n < len(text) && text[n]-text[n-1] == text[min(1, len(text)-1)]-text[0] && abs(text[n]-text[n-1]) <= 1 {
		n++
	}
	for n < len(text) && n < len("qwertyuiop") && strings.Contains(keyboard, string(text[:n+1])) {
		n++
	}
	return n
}

func abs(r rune) rune { return max(r, -r) }

// repetition returns how many characters from i on stand before i too, four at least:
// three are so by chance in a long text of hex digits.
func repetition(text []rune, i int) int {
	longest := 0
	for j := range i {
		n := 0
		for i+n < len(text) && text[j+n] == text[i+n] {
			n++
		}
		longest = max(longest, n)
	}
	if longest <= shortestMatch {
		return 0
	}
	return longest
}

// parts returns what in a text could be a word.
func parts(text []rune) map[string]bool {
	all := map[string]bool{}
	for i := range text {
		for n := shortestMatch; n <= min(longestWord, len(text)-i); n++ {
			all[string(text[i:i+n])] = true
		}
	}
	return all
}

// A dictionary returns those of some texts that are words.
type dictionary func(texts map[string]bool) map[string]bool

// readDictionary looks words up in zxcvbn's lists. They are read anew each time, as for
// passwords: it is asked at the start alone, and takes 10 ms.
func readDictionary(texts map[string]bool) map[string]bool {
	found := map[string]bool{}
	eachWord(func(word string) {
		if texts[word] {
			found[word] = true
		}
	})
	return found
}

// eachWord names the most usual words and passwords.
func eachWord(yield func(word string)) {
	for name, top := range map[string]int{"data/English.json": 20_000, "data/Passwords.json": 10_000} {
		var list struct{ List []string }
		raw, err := data.Asset(name) // compiled in: a test fails without
		if err != nil || json.Unmarshal(raw, &list) != nil {
			continue
		}
		for _, word := range list.List[:min(top, len(list.List))] {
			yield(word)
		}
	}
	for _, word := range ourTerms {
		yield(word)
	}
}

// ourTerms are words of this trade that the lists do not have.
var ourTerms = []string{"jwt", "jsonwebtoken", "auth", "oauth", "hmac", "sha256", "hs256", "api", "admin", "config", "env", "dev", "prod", "localhost", "latchkey", "nextjs", "nextauth", "authjs", "django", "goes", "supersecret", "min"}
