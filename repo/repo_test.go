package repo_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver for connect

	"github.com/latchkey-auth/latchkey/repo"
	"github.com/latchkey-auth/latchkey/repo/repotest"
	"github.com/latchkey-auth/latchkey/tests/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// databases are both, each by what makes the URL of an empty one.
var databases = map[string]func(t *testing.T) string{
	"sqlite":   sqliteURL,
	"postgres": func(t *testing.T) string { return pgtest.NewDatabase(t) },
}

// migrated are both, each by what makes the URL of a copy of a database that was
// migrated once.
var migrated = map[string]func(t *testing.T) string{
	"sqlite":   migratedSQLite,
	"postgres": func(t *testing.T) string { return pgtest.NewMigrated(t, migrateURL) },
}

func migrateURL(databaseURL string) error {
	store, err := repo.Open(databaseURL)
	if err != nil {
		return err
	}
	_, err = store.Migrate(context.Background())
	return errors.Join(err, store.Close())
}

var migratedFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "repo-test-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "latchkey.db")
	if err := migrateURL("sqlite://" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path) // all of it: closing has taken in the write-ahead log
})

func migratedSQLite(t *testing.T) string {
	t.Helper()
	file, err := migratedFile()
	if err != nil {
		t.Fatal(err)
	}
	databaseURL := sqliteURL(t)
	if err := os.WriteFile(strings.TrimPrefix(databaseURL, "sqlite://"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return databaseURL
}

func sqliteURL(t *testing.T) string {
	t.Helper()
	return "sqlite://" + filepath.Join(t.TempDir(), "latchkey.db")
}

// open opens a store that is closed when the test ends.
func open(t *testing.T, databaseURL string) *repo.Store {
	t.Helper()
	store, err := repo.Open(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// connect returns a connection beside the store.
func connect(t *testing.T, databaseURL string) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", databaseURL
	if path, ok := strings.CutPrefix(databaseURL, "sqlite://"); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// The suite itself is parallel, but for its tests of concurrency, which want the machine to themselves.
func TestStore(t *testing.T) {
	for name, newURL := range migrated {
		t.Run(name, func(t *testing.T) {
			repotest.Run(t, func(t *testing.T) repotest.Opened {
				databaseURL := newURL(t)
				return repotest.Opened{Store: open(t, databaseURL), DB: connect(t, databaseURL)}
			})
		})
	}
}
