package repo_test

import (
	"database/sql"
	"path/filepath"
	"strings"
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

func TestStore(t *testing.T) {
	t.Parallel()
	for name, newURL := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repotest.Run(t, func(t *testing.T) repotest.Opened {
				databaseURL := newURL(t)
				store := open(t, databaseURL)
				if _, err := store.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
				return repotest.Opened{Store: store, DB: connect(t, databaseURL)}
			})
		})
	}
}
