package repotest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/audit"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// Store is all that the domain and its background work ask of one.
type Store interface {
	signin.Store
	signin.AttemptStore
	accounts.UserStore
	accounts.GroupStore
	accounts.SessionStore
	accounts.TokenStore
	accounts.Transactor
	audit.Store
	keys.Store

	// DeleteExpired deletes the rows that have expired by now; it returns how many.
	DeleteExpired(ctx context.Context, now time.Time) (int64, error)
}

// Opened is a store on an empty, migrated database of its own.
type Opened struct {
	Store
	// DB is a way around the store: a Django beside it. SQL is written with $1.
	DB *sql.DB
}

// Run runs the suite. open is called once for each test; what it opens, it
// closes when its test ends.
func Run(t *testing.T, open func(t *testing.T) Opened) {
	t.Helper()
	// Many at once beside other tests would overrun a store's time-outs on a slow machine.
	for _, test := range concurrency {
		t.Run(test.name, func(t *testing.T) { test.run(t, fixture{open(t)}) })
	}
	tests := slices.Concat(lookUps, unicodeEmails, creations, sessions, liveSessions, endings, passwords, attempts, locks, cleaning, values,
		changing, updates, deletions, groups, adminSessions, links, signingKeys, auditEvents, lists, searching, shown)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, fixture{open(t)})
		})
	}
}

// contractTest is one thing that every store must do.
type contractTest struct {
	name string
	run  func(t *testing.T, f fixture)
}

// noon is in the precision that both databases keep.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 123456000, time.UTC)

type fixture struct{ Opened }

// create stores a user by the store.
func (f fixture) create(t testing.TB, email string) auth.User {
	t.Helper()
	user := auth.User{Email: email, Password: "pbkdf2_sha256$1$of$" + email, IsActive: true, DateJoined: noon}
	if err := f.CreateUser(t.Context(), &user); err != nil {
		t.Fatal(err)
	}
	return user
}

// CreateUser stores a user in a transaction of its own.
func (f fixture) CreateUser(ctx context.Context, user *auth.User) error {
	return Insert(ctx, f, user)
}

// Insert stores a user in a transaction of its own.
func Insert(ctx context.Context, store accounts.Transactor, user *auth.User) error {
	return store.Change(ctx, func(ctx context.Context, tx accounts.Tx) error { return tx.Users.InsertUser(ctx, user) })
}

// SetPassword stores a password and ends the user's sessions.
func (f fixture) SetPassword(ctx context.Context, userID int64, encoded string, at time.Time) (ended int64, err error) {
	err = f.Change(ctx, func(ctx context.Context, tx accounts.Tx) error {
		if err := tx.Users.SetPassword(ctx, userID, encoded); err != nil {
			return err
		}
		ended, err = tx.Sessions.EndSessions(ctx, userID, at, "")
		return err
	})
	return ended, err
}

// insert stores a user past the store, as a Django does: twins too.
func (f fixture) insert(t testing.TB, email, password string) auth.User {
	t.Helper()
	f.exec(t, `INSERT INTO users_user (password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
		VALUES ($1, false, '', '', false, true, '2024-06-26 08:45:00+00:00', $2)`, password, email)
	user := auth.User{Email: email, Password: password, IsActive: true}
	if err := f.DB.QueryRowContext(t.Context(), "SELECT id FROM users_user WHERE email = $1", email).Scan(&user.ID); err != nil {
		t.Fatal(err)
	}
	return user
}

func (f fixture) exec(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := f.DB.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func (f fixture) count(t testing.TB, query string, args ...any) (n int) {
	t.Helper()
	if err := f.DB.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// reread returns the user as it is stored now.
func (f fixture) reread(t testing.TB, user auth.User) auth.User {
	t.Helper()
	found, err := f.UserByEmail(t.Context(), user.Email)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// login is what a login of user at noon stores under a session id.
func login(user auth.User, id string) signin.NewSession {
	return signin.NewSession{
		User:         user,
		PreviousMark: mark(user.Password),
		Session: auth.Session{
			ID: id, UserID: user.ID, Channel: auth.ChannelAPI, CreatedAt: noon, RenewedAt: noon, ExpiresAt: noon.Add(720 * time.Hour),
			Address: "192.0.2.1", UserAgent: "Firefox", PasswordMark: mark(user.Password),
		},
	}
}

// mark stands for a password in a session, in no more than 32 characters.
func mark(password string) string { return fmt.Sprintf("%.30s", "of "+password) }

func (f fixture) begin(t testing.TB, in signin.NewSession) {
	t.Helper()
	if err := f.BeginSession(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func (f fixture) session(t testing.TB, id string) auth.Session {
	t.Helper()
	session, _, err := f.SessionByID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func mustBe(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("answers %v, want %v", err, want)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// atOnce calls f n times at the same time, and returns what each answered.
func atOnce(n int, f func(i int) error) []error {
	answers := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			answers[i] = f(i)
		})
	}
	close(start)
	all.Wait()
	return answers
}

// tally counts answers: none wrong, those that are want, and any others.
func tally(answers []error, want error) (ok, expected int, others []error) {
	for _, err := range answers {
		switch {
		case err == nil:
			ok++
		case errors.Is(err, want):
			expected++
		default:
			others = append(others, err)
		}
	}
	return ok, expected, others
}
