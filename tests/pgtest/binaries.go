package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

var errNoBinaries = errors.New("no PostgreSQL binaries found")

// binaryPlaces are where packages put the binaries that are not in $PATH.
var binaryPlaces = []string{
	"/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                   // packages of the PostgreSQL project for Fedora and RHEL
	"/opt/homebrew/opt/postgresql@*/bin", // Homebrew
	"/usr/local/opt/postgresql@*/bin",    // Homebrew on Intel
	"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
}

var versionInPath = regexp.MustCompile(`(?:/|-|@)(\d+)(?:\.\d+)?/bin$`)

// findBinaries prefers what $PATH names, as a choice that somebody made, and
// takes the newest version otherwise.
func findBinaries() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if dir, err := filepath.Abs(filepath.Dir(initdb)); err == nil && isComplete(dir) {
			return dir, nil
		}
	}
	var found []string
	for _, place := range binaryPlaces {
		matches, err := filepath.Glob(place)
		if err != nil {
			return "", fmt.Errorf("search PostgreSQL in %s: %w", place, err)
		}
		found = append(found, slices.DeleteFunc(matches, func(dir string) bool { return !isComplete(dir) })...)
	}
	if len(found) == 0 {
		return "", errNoBinaries
	}
	return slices.MaxFunc(found, func(a, b string) int { return majorVersion(a) - majorVersion(b) }), nil
}

// isComplete tells a server's directory from one that holds clients only.
func isComplete(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

func majorVersion(dir string) int {
	match := versionInPath.FindStringSubmatch(dir)
	if match == nil {
		return 0
	}
	version, _ := strconv.Atoi(match[1]) // all digits, by the pattern
	return version
}
