// Command withpostgres runs another command with LATCHKEY_DATABASE_URL set to an
// empty PostgreSQL database, which is gone afterwards, and LATCHKEY_TEST_SERVER to
// what server it is on:
//
//	go run ./tests/pgtest/withpostgres node --test tests/browser
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/latchkey-auth/latchkey/tests/pgtest"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: withpostgres COMMAND [ARGUMENT …]")
		os.Exit(2)
	}
	err := pgtest.WithDatabase(func(databaseURL string) error {
		cmd := exec.Command(os.Args[1], os.Args[2:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		cmd.Env = append(os.Environ(), "LATCHKEY_DATABASE_URL="+databaseURL, "LATCHKEY_TEST_SERVER="+pgtest.Server())
		return cmd.Run()
	})
	if err == nil {
		return
	}
	if exited, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(max(1, exited.ExitCode()))
	}
	fmt.Fprintln(os.Stderr, "withpostgres:", err)
	os.Exit(1)
}
