package pgtest

import (
	"crypto/rand"
	"errors"
	"strings"
)

// WithDatabase calls run with the URL of an empty database, from the same server
// as a test would get, and removes it after: for programs that are no Go tests.
func WithDatabase(run func(databaseURL string) error) error {
	srv, err := sharedServer()
	if err != nil {
		return err
	}
	name := "latchkey_test_" + strings.ToLower(rand.Text())
	if err := execWithin(srv, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return errors.Join(err, stopShared())
	}
	err = run(srv.databaseURL(name))
	return errors.Join(err, execWithin(srv, "DROP DATABASE "+name+" WITH (FORCE)"), stopShared())
}
