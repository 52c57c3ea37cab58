package repo_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/repo"
	"github.com/latchkey-auth/latchkey/repo/repotest"
	"github.com/latchkey-auth/latchkey/server/auth"
)

// all are the migrations of this version, in order: those that there are files of.
var all = func() []string {
	files, err := filepath.Glob("migrations/*.up.sql")
	if err != nil || len(files) < 3 {
		panic(fmt.Sprintf("the migrations are %v, %v", files, err))
	}
	for i, file := range files { // sorted, by Glob
		files[i] = strings.TrimSuffix(filepath.Base(file), ".up.sql")
	}
	return files
}()

// onEach runs a test on both databases, empty ones.
func onEach(t *testing.T, run func(t *testing.T, databaseURL string)) {
	t.Helper()
	for name, newURL := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, newURL(t))
		})
	}
}

func migrate(t *testing.T, store *repo.Store, want []string) {
	t.Helper()
	applied, err := store.Migrate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(applied, want) {
		t.Fatalf("applied %v, want %v", applied, want)
	}
}

// appliedIn returns the names of those that are applied, by the store's account.
func appliedIn(t *testing.T, store *repo.Store) []string {
	t.Helper()
	status, err := store.Migrations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var applied, names []string
	for _, m := range status {
		names = append(names, m.Name)
		if m.AppliedAt == nil {
			continue
		}
		applied = append(applied, m.Name)
		if since := time.Since(*m.AppliedAt); since < 0 || since > time.Hour || m.AppliedAt.Location() != time.UTC {
			t.Errorf("%s was applied at %v", m.Name, m.AppliedAt)
		}
	}
	if !slices.Equal(names, all) {
		t.Fatalf("the migrations are %v, want %v", names, all)
	}
	return applied
}

func TestMigratingUpDownAndUpAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, databaseURL string) {
		store := open(t, databaseURL)
		if applied := appliedIn(t, store); len(applied) != 0 {
			t.Fatalf("an empty database has %v", applied)
		}
		migrate(t, store, all)
		migrate(t, store, nil)
		if applied := appliedIn(t, store); !slices.Equal(applied, all) {
			t.Fatalf("applied are %v", applied)
		}
		user := auth.User{Email: "alice@example.com", IsActive: true, DateJoined: time.Now()}
		if err := repotest.Insert(t.Context(), store, &user); err != nil {
			t.Fatal(err)
		}
		for i := range slices.Backward(all) {
			if name, err := store.Rollback(t.Context()); err != nil || name != all[i] {
				t.Fatalf("undid %q, %v, want %s", name, err, all[i])
			}
			if applied := appliedIn(t, store); len(applied) != i {
				t.Fatalf("applied are %v", applied)
			}
			if pending, err := store.Pending(t.Context()); err != nil || len(pending) != len(all)-i {
				t.Fatalf("pending are %v, %v", pending, err)
			}
		}
		if name, err := store.Rollback(t.Context()); err != nil || name != "" {
			t.Errorf("then undid %q, %v", name, err)
		}
		migrate(t, store, all)
		if found, err := store.UserByEmail(t.Context(), "alice@example.com"); err != nil || found.ID != user.ID {
			t.Errorf("the user is %+v, %v", found, err)
		}
	})
}

func TestRollingBackAnEmptyDatabaseDoesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, databaseURL string) {
		if name, err := open(t, databaseURL).Rollback(t.Context()); err != nil || name != "" {
			t.Errorf("undid %q, %v", name, err)
		}
	})
}

func TestEightInstancesThatStartAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, databaseURL string) {
		const instances = 8
		var start, done sync.WaitGroup
		var mu sync.Mutex
		var applied []string
		start.Add(1)
		for range instances {
			store := open(t, databaseURL)
			done.Go(func() {
				start.Wait()
				names, err := store.Migrate(context.WithoutCancel(t.Context()))
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				applied = append(applied, names...)
			})
		}
		start.Done()
		done.Wait()
		if !slices.Equal(applied, all) {
			t.Errorf("all together applied %v, want %v", applied, all)
		}
		var django int
		if err := connect(t, databaseURL).QueryRowContext(t.Context(), "SELECT count(*) FROM django_migrations").Scan(&django); err != nil || django != 15 {
			t.Errorf("Django's list has %d rows, %v, want 15", django, err)
		}
	})
}

func TestADatabaseOfANewerVersionIsLeftAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, databaseURL string) {
		store, db := open(t, databaseURL), connect(t, databaseURL)
		migrate(t, store, all)
		if _, err := db.ExecContext(t.Context(), "INSERT INTO latchkey_migration (name, applied_at) VALUES ('9999_future', '2030-01-01 00:00:00+00:00')"); err != nil {
			t.Fatal(err)
		}
		calls := map[string]func() error{
			"Migrate":    func() error { _, err := store.Migrate(t.Context()); return err },
			"Rollback":   func() error { _, err := store.Rollback(t.Context()); return err },
			"Migrations": func() error { _, err := store.Migrations(t.Context()); return err },
			"Pending":    func() error { _, err := store.Pending(t.Context()); return err },
		}
		for name, call := range calls {
			err := call()
			if !errors.Is(err, repo.ErrNewer) {
				t.Errorf("%s answers %v", name, err)
			} else if !strings.Contains(err.Error(), "9999_future") {
				t.Errorf("%s does not say what it has: %v", name, err)
			}
		}
		var left int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM latchkey_migration").Scan(&left); err != nil || left != len(all)+1 {
			t.Errorf("%d migrations are noted, %v", left, err)
		}
	})
}

// A half of one would be the worst: neither the old schema nor the new one.
func TestAMigrationThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, databaseURL string) {
		store, db := open(t, databaseURL), connect(t, databaseURL)
		// In the way of a later statement of the one that makes it.
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE latchkey_event_head (id integer)"); err != nil {
			t.Fatal(err)
		}
		applied, err := store.Migrate(t.Context())
		if err == nil || len(applied) != 0 || !strings.Contains(err.Error(), "0003_admin") {
			t.Errorf("applied %v, %v", applied, err)
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("more than a line: %v", err)
		}
		for _, table := range []string{"users_user", "latchkey_session", "latchkey_event", "django_migrations"} {
			if _, err := db.ExecContext(t.Context(), "SELECT count(*) FROM "+table); err == nil {
				t.Errorf("%s is there", table)
			}
		}
		if applied := appliedIn(t, store); len(applied) != 0 {
			t.Errorf("noted are %v", applied)
		}
		if _, err := db.ExecContext(t.Context(), "DROP TABLE latchkey_event_head"); err != nil {
			t.Fatal(err)
		}
		migrate(t, store, all)
	})
}

func TestAMigrationThatIsCancelledChangesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, databaseURL string) {
		store := open(t, databaseURL)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if applied, err := store.Migrate(ctx); err == nil || len(applied) != 0 {
			t.Errorf("applied %v, %v", applied, err)
		}
		migrate(t, store, all)
	})
}
