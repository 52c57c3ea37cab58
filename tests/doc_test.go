package tests

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A newcomer reads a package's doc.go first: it says what each file is for. A package of
// one file says it there.
func TestDocNamesEveryFileOfItsPackage(t *testing.T) {
	t.Parallel()
	for _, root := range []string{"api", "gen", "server", "repo", "tests"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				if entry.Name() == "node_modules" || entry.Name() == "testdata" {
					return filepath.SkipDir
				}
				checkDoc(t, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// goFile finds names of Go files in a text.
var goFile = regexp.MustCompile(`[a-z0-9_.]+\.go\b`)

func checkDoc(t *testing.T, dir string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, path := range paths {
		if name := filepath.Base(path); !strings.HasSuffix(name, "_test.go") && name != "doc.go" {
			files = append(files, name)
		}
	}
	if len(files) < 2 {
		return
	}
	text, err := os.ReadFile(filepath.Join(dir, "doc.go"))
	if err != nil {
		t.Errorf("%s has %d files and no doc.go that says what each is for", dir, len(files))
		return
	}
	named := goFile.FindAllString(string(text), -1)
	for _, file := range files {
		if !slices.Contains(named, file) {
			t.Errorf("%s/doc.go does not name %s", dir, file)
		}
	}
	for _, name := range named {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil && !strings.Contains(string(text), "/"+name) {
			t.Errorf("%s/doc.go names %s, which is not there", dir, name)
		}
	}
}
