package tests

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// settingName finds the variable in a line of the table of settings.
var settingName = regexp.MustCompile(`\{"(LATCHKEY_[A-Z_]+)", `)

// An operator finds every setting in README.md or in docs/settings.md.
func TestEverySettingIsDocumented(t *testing.T) {
	t.Parallel()
	read := func(path string) string {
		text, err := os.ReadFile(path) //nolint:gosec // a file of this repository
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	documents := read("../README.md") + read("../docs/settings.md")
	names := settingName.FindAllStringSubmatch(read("../server/config/settings.go")+read("../server/config/guessing.go"), -1)
	if len(names) < 30 {
		t.Fatalf("only %d settings were found", len(names))
	}
	for _, name := range names {
		if !strings.Contains(documents, "`"+name[1]+"`") {
			t.Errorf("neither README.md nor docs/settings.md has %s", name[1])
		}
	}
}
