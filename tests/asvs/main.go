package main

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
)

//go:generate go run . ../.. ../../docs/security.md

//go:embed requirements.tsv
var requirements string

const head = `# What holds

Made by ` + "`make generate`" + ` from ` + "`tests/asvs/requirements.tsv`" + ` and the tests: each names the requirements that it proves in a comment,
` + "`ASVS 6.3.1`" + `. Take the test away and its name is gone from here; a test compares this page with a fresh one. The numbers are those of
[OWASP ASVS 5.0](https://github.com/OWASP/ASVS/tree/v5.0.0/5.0/en), the sentences are ours. Where no test is named, the third column says
what there is, or why the requirement does not apply. How to report a fault: [SECURITY.md](../SECURITY.md).
`

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: asvs ROOT PAGE")
		os.Exit(2)
	}
	page, err := render(os.Args[1])
	if err == nil {
		err = os.WriteFile(os.Args[2], []byte(page), 0o644) //nolint:gosec // a page for everybody
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "asvs:", err)
		os.Exit(1)
	}
}

// render returns the page for the tests below root. A tag that names no requirement is
// an error.
func render(root string) (string, error) {
	tests, err := findTests(root)
	if err != nil {
		return "", err
	}
	var page strings.Builder
	page.WriteString(head)
	for line := range strings.Lines(requirements) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "# "); ok {
			fmt.Fprintf(&page, "\n## %s\n\n| | level | asked | what holds it | proven by |\n|---|---|---|---|---|\n", title)
			continue
		}
		if line == "" {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != 4 {
			return "", fmt.Errorf("requirements.tsv: %q has %d columns, want 4", line, len(cells))
		}
		fmt.Fprintf(&page, "| %s | %s | %s | %s | %s |\n", cells[0], cells[1], cells[2], cells[3], proof(cells[3], tests[cells[0]]))
		delete(tests, cells[0])
	}
	for number, names := range tests {
		return "", fmt.Errorf("%s names ASVS %s, which requirements.tsv does not have", names[0], number)
	}
	return page.String(), nil
}

// proof names tests; without one it says so, unless the requirement does not apply.
func proof(holds string, tests []string) string {
	switch {
	case len(tests) > 0:
		return strings.Join(tests, "<br>")
	case strings.HasPrefix(holds, "Not applicable"), strings.HasPrefix(holds, "Not covered"):
		return "–"
	}
	return "no test"
}
