package apptest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver for DB
	_ "modernc.org/sqlite"             // the driver for DB

	"github.com/latchkey-auth/latchkey/repo"
	"github.com/latchkey-auth/latchkey/server/app"
	"github.com/latchkey-auth/latchkey/server/config"
	"github.com/latchkey-auth/latchkey/server/password"
	"github.com/latchkey-auth/latchkey/tests/pgtest"
)

// Secret is the secret key of every app that a test starts.
const Secret = "Vb7ZkT9v2LqXw7ZpR4nB8sYdF1hJ6mC3gA0eQm"

// IntrospectionSecret is what another service may ask about tokens with.
const IntrospectionSecret = "kZ8+vT1qWm4/Yx7RbN2cLd9Hs5Gf3Jp6"

// App is a running latchkey.
type App struct {
	*app.App
	URL       string // http://127.0.0.1:port
	Clock     *Clock // stands still until it is moved
	Log       *Log
	ServedBy  *httptest.Server
	Transport *http.Transport
	cfg       *config.Config
}

// OnEachDatabase runs a test on a SQLite and on a PostgreSQL database without users.
// PostgreSQL's is migrated already, SQLite's becomes it in [Start].
func OnEachDatabase(t *testing.T, run func(t *testing.T, databaseURL string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { run(t, pgtest.NewMigrated(t, migrate)) })
}

// OnEachEmptyDatabase runs a test on an empty SQLite and on an empty PostgreSQL
// database.
func OnEachEmptyDatabase(t *testing.T, run func(t *testing.T, databaseURL string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { run(t, pgtest.NewDatabase(t)) })
}

func migrate(databaseURL string) error {
	store, err := repo.Open(databaseURL)
	if err != nil {
		return err
	}
	_, err = store.Migrate(context.Background())
	return errors.Join(err, store.Close())
}

// migratedSQLite returns the file of a SQLite database that was migrated, once.
var migratedSQLite = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "apptest-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "latchkey.db")
	if err := migrate("sqlite://" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path) // all of it: closing has taken in the write-ahead log
})

// copySQLite puts a migrated database where there is to be one and is none yet.
func copySQLite(t testing.TB, databaseURL string) {
	t.Helper()
	path, isSQLite := strings.CutPrefix(databaseURL, "sqlite://")
	if !isSQLite {
		return
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	migrated, err := migratedSQLite()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, migrated, 0o600); err != nil {
		t.Fatal(err)
	}
}

// SQLite returns the URL of a SQLite database that does not exist yet.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite://" + filepath.Join(t.TempDir(), "latchkey.db")
}

// Start starts latchkey on a database and migrates it; set changes the settings
// before. It ends with the test. Passwords are hashed cheaply, unless set says
// [RealHashes].
func Start(t testing.TB, databaseURL string, set ...func(*config.Config)) *App {
	t.Helper()
	copySQLite(t, databaseURL)
	a := StartUnmigrated(t, databaseURL, set...)
	if _, err := a.Store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

// StartUnmigrated is Start without migrating.
func StartUnmigrated(t testing.TB, databaseURL string, set ...func(*config.Config)) *App {
	t.Helper()
	cfg := loadConfig(t, databaseURL)
	cfg.PasswordHasher = password.CheapForTests
	for _, each := range set {
		each(cfg)
	}
	clock, log := NewClock(), &Log{}
	built, err := app.New(cfg, "test", app.NewLog(log, slog.LevelDebug), app.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	a := &App{App: built, Clock: clock, Log: log, cfg: cfg, Transport: &http.Transport{MaxIdleConnsPerHost: 128}}
	a.ServedBy = httptest.NewServer(built.Handler)
	a.URL = a.ServedBy.URL
	t.Cleanup(func() {
		a.Transport.CloseIdleConnections()
		a.ServedBy.Close()
		if err := built.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// RealHashes is for tests whose subject is the hash, its time or a flood of logins:
// passwords are hashed as the released program does by default.
func RealHashes(cfg *config.Config) { cfg.PasswordHasher = password.Argon2id }

func loadConfig(t testing.TB, databaseURL string) *config.Config {
	t.Helper()
	cfg, err := config.Load(nil, func(name string) (string, bool) {
		values := map[string]string{
			"LATCHKEY_DATABASE_URL": databaseURL,
			"LATCHKEY_DATA_DIR":     t.TempDir(),
			"LATCHKEY_SECRET_KEY":   Secret,

			"LATCHKEY_INTROSPECTION_SECRET": IntrospectionSecret,
		}
		value, set := values[name]
		return value, set
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// DB returns a connection to the app's database beside the app: a Django, or
// whoever else changes rows. SQL is written with $1 for both.
func (a *App) DB(t testing.TB) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", a.cfg.DatabaseURL
	if path, ok := strings.CutPrefix(dsn, "sqlite://"); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_time_format=sqlite"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Exec runs a statement beside the app.
func (a *App) Exec(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := a.DB(t).ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// Log keeps what the app logs.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

var _ io.Writer = (*Log)(nil)

// Write implements [io.Writer].
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns all that was logged, at every level.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
