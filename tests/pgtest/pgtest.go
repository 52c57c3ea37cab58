package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// queryTimeout bounds every statement that pgtest sends for itself. Creating
// and dropping a database takes milliseconds, but many tests may do so at the
// same time on a slow machine.
const queryTimeout = time.Minute

// Main is the body of TestMain: it runs the tests, stops the server that was
// started for them, if there was one, and exits with the result of the tests.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for a TestMain that has more to do before it exits: it returns the
// result of the tests instead of exiting with it.
func Run(m *testing.M) int {
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintf(os.Stderr, "pgtest: stop PostgreSQL: %v\n", err)
	}
	return code
}

// NewDatabase creates an empty database that belongs to this test alone and
// returns its postgres:// connection URL. The database is dropped when the
// test ends, even while connections to it are open. NewDatabase may be called
// by parallel tests and several times by one test, and fails the test when no
// database can be had.
func NewDatabase(t testing.TB) string {
	t.Helper()
	srv, err := sharedServer()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	// Of all templates only this one is known to be empty, and not to be in use by
	// anybody.
	return newDatabase(t, srv, "template0")
}

func newDatabase(t testing.TB, srv *server, template string) string {
	t.Helper()
	name := "latchkey_test_" + strings.ToLower(rand.Text())
	if err := execWithin(srv, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := execWithin(srv, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return srv.databaseURL(name)
}

// execWithin does not use the context of a test, because that one is already
// cancelled when cleanup functions run.
func execWithin(srv *server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
	defer cancel()
	return srv.exec(ctx, statement)
}

// template is the database that NewMigrated copies, once it has been made.
var template struct {
	once sync.Once
	name string
	err  error
}

// NewMigrated is NewDatabase for a database that is not empty: migrate fills one, once
// in a test binary, and every test gets a copy, which takes a fraction of the time.
// migrate must leave no connection open.
func NewMigrated(t testing.TB, migrate func(databaseURL string) error) string {
	t.Helper()
	srv, err := sharedServer()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	template.once.Do(func() {
		template.name = "latchkey_template_" + strings.ToLower(rand.Text())
		if template.err = execWithin(srv, "CREATE DATABASE "+template.name+" TEMPLATE template0"); template.err == nil {
			template.err = migrate(srv.databaseURL(template.name))
		}
	})
	if template.err != nil {
		t.Fatalf("pgtest: the database to copy: %v", template.err)
	}
	return newDatabase(t, srv, template.name)
}
