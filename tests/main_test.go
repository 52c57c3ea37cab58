// Package tests tests latchkey from outside: it boots the app and speaks HTTP
// with it. What is declared in the contract and never answered here is a
// failure of the whole run.
package tests

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/latchkey-auth/latchkey/tests/apptest"
	"github.com/latchkey-auth/latchkey/tests/pgtest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	code := pgtest.Run(m)
	if code == 0 && wholeRun() {
		if err := apptest.CheckCoverage(); err != nil {
			fmt.Fprintln(os.Stderr, "FAIL:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// wholeRun reports whether every test was to run: with a filter, coverage says
// nothing.
func wholeRun() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz", "test.bench"} {
		if flag.Lookup(name).Value.String() != "" {
			return false
		}
	}
	return true
}
