package config

// CheckerForTests returns a check of secrets with the dictionary in memory.
func CheckerForTests() func(secret string) string {
	known := map[string]bool{}
	eachWord(func(word string) { known[word] = true })
	look := func(texts map[string]bool) map[string]bool {
		found := map[string]bool{}
		for text := range texts {
			if known[text] {
				found[text] = true
			}
		}
		return found
	}
	return func(secret string) string { return whatIsWrongWith(secret, look) }
}
