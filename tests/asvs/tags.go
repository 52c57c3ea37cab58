package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	// tag is a comment line, in Go or TypeScript.
	tag = regexp.MustCompile(`^\s*// ASVS ([0-9., ]+)$`)
	// named is the beginning of a test.
	named = regexp.MustCompile("^\\s*(?:func ((?:Test|Fuzz)\\w+)\\(|(?:test|it)(?:\\.each.*)?\\((['\"`])(.+?)['\"`],)")
	// testFile is one that tests stand in.
	testFile = regexp.MustCompile(`(_test\.go|\.test\.tsx?|\.test\.mjs)$`)
)

// elsewhere holds directories that are not ours, or made.
var elsewhere = []string{"node_modules", ".git", ".next", "bin", "testdata"}

// findTests returns, for each requirement, the tests below root that say they prove it,
// in the order of their paths.
func findTests(root string) (map[string][]string, error) {
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(elsewhere, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || !testFile.MatchString(path):
			return nil
		}
		short, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return readTags(path, filepath.ToSlash(short), found)
	})
	return found, err
}

// readTags adds what the tests of one file say. A tag belongs to the next test.
func readTags(path, short string, found map[string][]string) error {
	text, err := os.ReadFile(path) //nolint:gosec // a file of this repository
	if err != nil {
		return err
	}
	var waiting []string
	for line := range strings.Lines(string(text)) {
		if match := tag.FindStringSubmatch(strings.TrimRight(line, "\r\n")); match != nil {
			waiting = append(waiting, strings.FieldsFunc(match[1], func(r rune) bool { return r == ',' || r == ' ' })...)
		}
		match := named.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		name := match[1] + match[3]
		for _, number := range waiting {
			found[number] = append(found[number], fmt.Sprintf("[%s](../%s)", strings.ReplaceAll(name, "|", "\\|"), short))
		}
		waiting = nil
	}
	if len(waiting) > 0 {
		return fmt.Errorf("%s: a tag with no test after it: %v", short, waiting)
	}
	return nil
}
