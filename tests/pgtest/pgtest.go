// Package pgtest gives a test a real PostgreSQL database in one line:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
//	func TestStore(t *testing.T) {
//		store := open(t, pgtest.NewDatabase(t))
//		...
//	}
//
// One server serves all tests of a test binary. It is started when the first
// test asks for a database, and is the first of these that can be had:
//
//  1. the server that TEST_DATABASE_URL names, where that is set: the URL of
//     a user who may create databases;
//  2. a container made by testcontainers-go, where a Docker daemon answers,
//     from the image that LATCHKEY_TEST_POSTGRES_IMAGE names, or postgres:17;
//  3. a throw-away cluster made with the PostgreSQL binaries of this machine.
//
// LATCHKEY_TEST_POSTGRES=url, testcontainers or local asks for exactly one of
// them. One line on standard error tells which one it became. Where there is
// none the test fails; it is never skipped, so that a green run always means
// that the tests have met a database.
//
// A local cluster disappears with the test binary, in whatever way that ends.
// A container is removed by Main, or, where the binary did not get that far,
// by the reaper of testcontainers unless that is disabled.
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

// Run is Main for a TestMain that has more to do before it exits: it gives the
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
