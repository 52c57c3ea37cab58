package repo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver, without cgo

	"github.com/latchkey-auth/latchkey/repo/lists"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/audit"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

const (
	// operationTimeout bounds what a request asks of the database, so that one
	// that is gone is told within five seconds: the first operation that waits in
	// vain is a request's last.
	operationTimeout = 4 * time.Second
	// connectTimeout is how long a connection may take to be made.
	connectTimeout = 3 * time.Second
	// busyTimeout is how long SQLite waits for another process's write.
	busyTimeout = 3 * time.Second
	// switchPause is how soon a switch to the write-ahead log is tried again.
	switchPause = 5 * time.Millisecond
	// maxPostgresConns stays well under a default server's 100, for several
	// instances and a Django beside us.
	maxPostgresConns = 16
)

// Store is the store of [signin], [accounts] and [audit] on SQLite or PostgreSQL.
type Store struct {
	read  *bun.DB
	write *bun.DB // SQLite: one connection; PostgreSQL: the same as read

	sessionByID prepared
	lists       *lists.DB
}

func newStore(read, write *bun.DB, dialect lists.Dialect) *Store {
	return &Store{read: read, write: write, sessionByID: prepared{db: read, text: sessionQuery}, lists: lists.NewDB(read, dialect)}
}

var (
	_ signin.Store          = (*Store)(nil)
	_ signin.AttemptStore   = (*Store)(nil)
	_ accounts.UserStore    = (*Store)(nil)
	_ accounts.GroupStore   = (*Store)(nil)
	_ accounts.SessionStore = (*Store)(nil)
	_ accounts.TokenStore   = (*Store)(nil)
	_ accounts.Transactor   = (*Store)(nil)
	_ audit.Store           = (*Store)(nil)
)

// Open returns the store that a URL names: sqlite://PATH, or postgres://… as
// libpq has it (several hosts allowed). It makes a missing SQLite file, and does
// not wait for PostgreSQL. Close the store when done.
func Open(databaseURL string) (*Store, error) {
	scheme, rest, _ := strings.Cut(databaseURL, "://")
	switch scheme {
	case "sqlite":
		return openSQLite(rest)
	case "postgres", "postgresql":
		return openPostgres(databaseURL)
	}
	return nil, errors.New("the database URL must begin with sqlite:// or postgres://")
}

// Close gives every connection back.
func (s *Store) Close() error {
	if s.read == s.write {
		return s.write.Close()
	}
	return errors.Join(s.read.Close(), s.write.Close())
}

// Name says which database this is, for logs.
func (s *Store) Name() string { return s.write.Dialect().Name().String() }

func (s *Store) isPostgres() bool { return s.write.Dialect().Name() == dialect.PG }

func openSQLite(path string) (*Store, error) {
	if path == "" || strings.ContainsAny(path, "?#") {
		return nil, errors.New("the database URL must be sqlite:// and a file's path, without options")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("finding the database file: %w", err)
	}
	// SQLite would make it readable for everybody.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the database file: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("opening the database file: %w", err)
	}
	if err := useWAL(path); err != nil {
		return nil, fmt.Errorf("opening the database file: %w", err)
	}
	// One writer: SQLite has no more, and its own queue for the place is unfair
	// and gives up. Readers see the last commit without waiting for it.
	write, err := openSQLitePool(path, 1, url.Values{"_txlock": {"immediate"}})
	if err != nil {
		return nil, err
	}
	readers := max(4, 2*runtime.GOMAXPROCS(0))
	read, err := openSQLitePool(path, readers, url.Values{"_pragma": {"query_only(1)"}})
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	return newStore(read, write, lists.SQLite), nil
}

// useWAL switches the file to a write-ahead log, which it remembers. SQLite does
// not wait when two switch a new file at the same time, as instances that start
// together do: so it is done here, once, and again until it works.
func useWAL(path string) error {
	dsn := url.URL{Scheme: "file", OmitHost: true, Path: path}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it has nothing to lose
	for end := time.Now().Add(busyTimeout); ; time.Sleep(switchPause) {
		_, err := db.ExecContext(context.Background(), "PRAGMA journal_mode = WAL")
		if err == nil || !isUnreachable(err) || time.Now().After(end) {
			return err
		}
	}
}

// openSQLitePool puts every setting into the DSN: SQLite forgets them with the
// connection. synchronous=FULL, or a power cut loses acknowledged users.
func openSQLitePool(path string, conns int, options url.Values) (*bun.DB, error) {
	options.Set("_time_format", "sqlite")
	for _, pragma := range []string{
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"synchronous(FULL)",
		"foreign_keys(1)",
	} {
		options.Add("_pragma", pragma)
	}
	dsn := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("opening SQLite: %w", err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return bun.NewDB(db, sqlitedialect.New()), nil
}

func openPostgres(databaseURL string) (*Store, error) {
	cfg, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("reading the database URL: %w", err) // pgx leaves the password out
	}
	if cfg.ConnectTimeout == 0 || cfg.ConnectTimeout > connectTimeout {
		cfg.ConnectTimeout = connectTimeout
	}
	// Of several hosts the one that takes writes is meant, unless the URL says
	// otherwise.
	if cfg.ValidateConnect == nil && hasSeveralHosts(cfg) && !strings.Contains(databaseURL, "target_session_attrs") {
		cfg.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	// bun writes arguments into the text of a query, so no two are alike:
	// preparing them would cost a round trip and fill a cache for nothing.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "latchkey"
	}
	// What we write is UTF-8, and bun writes text in such quotes.
	cfg.RuntimeParams["client_encoding"] = "UTF8"
	cfg.RuntimeParams["standard_conforming_strings"] = "on"
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(maxPostgresConns)
	db.SetMaxIdleConns(maxPostgresConns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	both := bun.NewDB(db, pgdialect.New())
	return newStore(both, both, lists.PostgreSQL), nil
}

// hasSeveralHosts looks at what pgx has read: it takes URLs that net/url does not,
// and counts a host twice when TLS is optional.
func hasSeveralHosts(cfg *pgx.ConnConfig) bool {
	return slices.ContainsFunc(cfg.Fallbacks, func(f *pgconn.FallbackConfig) bool {
		return f.Host != cfg.Host || f.Port != cfg.Port
	})
}

// inTx runs f in one transaction of the writing pool. f must use tx alone: the
// pool may have no second connection to give.
func (s *Store) inTx(ctx context.Context, f func(ctx context.Context, tx bun.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	return translate(ctx, s.write.RunInTx(ctx, nil, f))
}

// Busy returns how many connections are in use, for whoever watches the store.
func (s *Store) Busy() int {
	if s.read == s.write {
		return s.write.Stats().InUse
	}
	return s.read.Stats().InUse + s.write.Stats().InUse
}
