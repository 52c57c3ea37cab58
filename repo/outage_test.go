package repo_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/repo"
	"github.com/latchkey-auth/latchkey/repo/repotest"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
	"github.com/latchkey-auth/latchkey/tests/pgtest"
)

func TestPostgreSQLThatGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.NewDatabase(t))
	store := open(t, proxy.URL())
	migrate(t, store, all)
	writeAndRead := func(ctx context.Context) error {
		attempt := signin.Attempt{At: time.Now(), Counters: []signin.Counter{{Key: "key", Role: signin.RoleAny, Limit: signin.Limit{Free: 1000, Keep: time.Hour}}}}
		if _, err := store.ReserveAttempt(ctx, attempt); err != nil {
			return err
		}
		_, err := store.CountSuperusers(ctx)
		return err
	}
	for range 2 {
		if err := writeAndRead(t.Context()); err != nil {
			t.Fatal(err)
		}
		proxy.Refuse()
		for range 3 {
			if err := writeAndRead(t.Context()); auth.ErrorCode(err) != auth.CodeUnavailable {
				t.Errorf("while it is gone: %v", err)
			}
		}
		if _, err := store.Pending(t.Context()); auth.ErrorCode(err) != auth.CodeUnavailable {
			t.Errorf("while it is gone, the migrations: %v", err)
		}
		if err := repotest.Insert(t.Context(), store, &auth.User{Email: "a@example.com"}); auth.ErrorCode(err) != auth.CodeUnavailable {
			t.Errorf("while it is gone, a transaction: %v", err)
		}
		proxy.Resume()
		if err := writeAndRead(t.Context()); err != nil {
			t.Fatalf("when it is back: %v", err)
		}
	}
}

func TestPostgreSQLThatIsSilent(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.NewDatabase(t))
	store := open(t, proxy.URL())
	migrate(t, store, all)
	proxy.Hang()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := store.UserByEmail(ctx, "alice@example.com"); auth.ErrorCode(err) != auth.CodeUnavailable {
		t.Errorf("answers %v", err)
	}
	proxy.Resume()
	if err := repotest.Insert(t.Context(), store, &auth.User{Email: "alice@example.com", DateJoined: time.Now()}); err != nil {
		t.Errorf("when it answers again: %v", err)
	}
}

func TestSQLiteThatAnotherProcessHolds(t *testing.T) {
	t.Parallel()
	databaseURL := sqliteURL(t)
	store := open(t, databaseURL)
	migrate(t, store, all)
	other, err := connect(t, databaseURL).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.UserByEmail(t.Context(), "alice@example.com"); auth.ErrorCode(err) == auth.CodeUnavailable {
		t.Errorf("a reader waits for a writer: %v", err)
	}
	if err := repotest.Insert(t.Context(), store, &auth.User{Email: "alice@example.com", DateJoined: time.Now()}); auth.ErrorCode(err) != auth.CodeUnavailable {
		t.Errorf("a writer answers %v", err)
	}
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := repotest.Insert(t.Context(), store, &auth.User{Email: "alice@example.com", DateJoined: time.Now()}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A transaction that reads before it writes must own the file from its beginning:
// else SQLite fails it at once when another process was faster.
func TestSeveralProcessesOnOneSQLiteFile(t *testing.T) {
	t.Parallel()
	databaseURL := sqliteURL(t)
	var writers sync.WaitGroup
	for i := range 4 {
		store := open(t, databaseURL)
		if i == 0 {
			migrate(t, store, all)
		}
		for j := range 4 {
			writers.Go(func() {
				for k := range 5 {
					user := auth.User{Email: fmt.Sprintf("%d-%d-%d@example.com", i, j, k), DateJoined: time.Now()}
					if err := repotest.Insert(t.Context(), store, &user); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	writers.Wait()
}

func TestAFileThatIsNoDatabase(t *testing.T) {
	t.Parallel()
	databaseURL := sqliteURL(t)
	if err := os.WriteFile(strings.TrimPrefix(databaseURL, "sqlite://"), []byte(strings.Repeat("this is a letter to my aunt. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := repo.Open(databaseURL)
	if err != nil {
		return
	}
	defer func() { _ = store.Close() }()
	if _, err := store.Migrate(t.Context()); err == nil || auth.ErrorCode(err) == auth.CodeUnavailable {
		t.Errorf("answers %v: waiting helps nothing", err)
	}
}
