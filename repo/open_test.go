package repo_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-auth/latchkey/repo"
	"github.com/latchkey-auth/latchkey/server/auth"
)

func TestURLsThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	const password = "hunter2hunter2"
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, databaseURL := range map[string]string{
		"nothing":                           "",
		"no scheme":                         "latchkey.db",
		"another database":                  "mysql://app:" + password + "@db/app",
		"SQLite without a path":             "sqlite://",
		"SQLite with options":               "sqlite://x.db?mode=memory",
		"SQLite with a fragment":            "sqlite://x.db#x",
		"SQLite below a file":               "sqlite://" + filepath.Join(file, "x.db"),
		"SQLite in a directory that is not": "sqlite://" + filepath.Join(t.TempDir(), "no", "x.db"),
		"SQLite that is a directory":        "sqlite://" + t.TempDir(),
		"a port that is no number":          "postgres://app:" + password + "@db:port/app",
		"a port beyond all":                 "postgres://app:" + password + "@db:99999/app",
		"a password with a per cent sign":   "postgres://app:" + password + "%zz@db/app",
		"a password with a space":           "postgres://app:" + password + " x@db/app",
		"a password with a slash":           "postgres://app:" + password + "/x@db/app",
		"a password as an option":           "postgres://db/app?sslmode=sideways&password=" + password,
		"an unknown sslmode":                "postgres://app:" + password + "@db/app?sslmode=sideways",
		"a certificate that is not there":   "postgres://app:" + password + "@db/app?sslmode=verify-full&sslrootcert=/no/such/file",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := repo.Open(databaseURL)
			if err == nil {
				_ = store.Close()
				t.Fatal("was opened")
			}
			text := err.Error()
			if strings.Contains(text, "\n") {
				t.Errorf("more than a line: %s", text)
			}
			// Whatever stands behind a character that ends it is told as a host
			// or a path; the part before that must not be.
			if strings.Contains(text, password) {
				t.Errorf("tells the password: %s", text)
			}
		})
	}
}

func TestPathsWithOddCharacters(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain.db", "with space.db", "100%.db", "%41.db", "ünï.db", "a&b=c.db", "a+b.db", "a;b.db", "'quoted'.db", `back\slash.db`, "file:x.db"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), name)
			store := open(t, "sqlite://"+path)
			migrate(t, store, all)
			if info, err := os.Stat(path); err != nil || info.Size() == 0 {
				t.Errorf("the data is not where it should be: %v, %v", info, err)
			}
			entries, err := os.ReadDir(filepath.Dir(path))
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				if !strings.HasPrefix(entry.Name(), name) {
					t.Errorf("there is a file %q too", entry.Name())
				}
			}
		})
	}
}

func TestARelativePathIsOneOfTheWorkingDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	store := open(t, "sqlite://x.db")
	migrate(t, store, all)
	if _, err := os.Stat("x.db"); err != nil {
		t.Error(err)
	}
}

func TestOpenDoesNotWaitForPostgreSQL(t *testing.T) {
	t.Parallel()
	store := open(t, "postgres://app:secret@127.0.0.1:1/app")
	if store.Name() == open(t, sqliteURL(t)).Name() {
		t.Errorf("both databases are called %s", store.Name())
	}
	_, err := store.UserByEmail(t.Context(), "alice@example.com")
	if auth.ErrorCode(err) != auth.CodeUnavailable || strings.Contains(err.Error(), "secret") {
		t.Errorf("answers %v", err)
	}
	if _, err := store.Migrate(t.Context()); auth.ErrorCode(err) != auth.CodeUnavailable {
		t.Errorf("migrating answers %v", err)
	}
}

// Whoever opens a new file first turns it to write-ahead logging, which nobody
// else may be reading for. SQLite fails the others at once, whatever they would
// wait.
func TestInstancesThatOpenANewFileAtOnce(t *testing.T) {
	t.Parallel()
	for range 60 {
		databaseURL := sqliteURL(t)
		var instances sync.WaitGroup
		for range 8 {
			instances.Go(func() {
				store, err := repo.Open(databaseURL)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := store.Pending(t.Context()); err != nil {
					t.Error(err)
				}
				if _, err := store.Rollback(t.Context()); err != nil {
					t.Error(err)
				}
				if err := store.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		instances.Wait()
		if t.Failed() {
			return
		}
	}
}
