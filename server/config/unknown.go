package config

import "strings"

// prefix begins the name of each of our environment variables.
const prefix = "LATCHKEY_"

// ours are names with the prefix that are no setting of this program: of the tests, and
// of what builds it.
var ours = []string{"LATCHKEY_TEST_", "LATCHKEY_BIN"}

// Unknown returns a line for each variable in an environment (of [os.Environ]'s form)
// that looks like a setting and is none, with the name that it may be meant for. No line
// repeats a value.
func Unknown(environ []string) []string {
	var lines []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(strings.ToUpper(name), prefix) || isKnown(name) {
			continue
		}
		line := name + " is not a setting"
		if near := nearest(name); near != "" {
			line += "; did you mean " + near + "?"
		}
		lines = append(lines, line)
	}
	return lines
}

func isKnown(name string) bool {
	for _, s := range settings() {
		if s.env == name {
			return true
		}
	}
	for _, begin := range ours {
		if strings.HasPrefix(name, begin) {
			return true
		}
	}
	return false
}

// nearest returns the setting that a name is a slip of the keys away from, or "": up to
// a quarter of its letters may be wrong.
func nearest(name string) string {
	own := strings.TrimPrefix(strings.ToUpper(name), prefix)
	best, least := "", len(own)/4+1
	for _, s := range settings() {
		if d := distance(own, strings.TrimPrefix(s.env, prefix)); d <= least {
			best, least = s.env, d-1
		}
	}
	return best
}

// distance returns how many letters to add, leave out or change make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
