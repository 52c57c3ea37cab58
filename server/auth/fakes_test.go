package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"
)

// world is a Service and the fakes that it stands on. A test changes them before
// it calls the Service; its own goroutine alone may do so afterwards.
type world struct {
	*Service
	clock     *fakeClock
	store     *fakeStore
	passwords *fakePasswords
	tokens    *fakeTokens
}

// noon is when every test begins.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T, users ...User) *world {
	t.Helper()
	clock := &fakeClock{now: noon}
	w := &world{
		clock:     clock,
		store:     &fakeStore{sessions: map[string]Session{}, attempts: map[string]FailedAttempts{}},
		passwords: &fakePasswords{clock: clock, takes: map[string]time.Duration{}},
		tokens:    &fakeTokens{clock: clock, issued: map[string]AccessToken{}},
	}
	for i, user := range users {
		if user.ID == 0 {
			user.ID = int64(i + 1)
		}
		w.store.users = append(w.store.users, user)
	}
	ids := 0
	w.Service = New(Config{
		AccessTokenLifetime: 24 * time.Hour,
		RenewBefore:         12 * time.Hour,
		SessionLifetime:     720 * time.Hour,
		AttemptKey:          []byte("a key for tests"),
	}, Deps{
		Store: w.store, Passwords: w.passwords, Tokens: w.tokens, Clock: clock,
		NewID: func() string { ids++; return "id-" + strconv.Itoa(ids) },
		Log:   slog.New(slog.DiscardHandler),
	})
	return w
}

// alice has a password of the current kind.
func alice() User {
	return User{ID: 1, Email: "alice@example.com", Password: "current$wonderland", IsActive: true}
}

func aliceLogin() Credentials {
	return Credentials{Email: "alice@example.com", Password: "wonderland", Client: Client{Address: "192.0.2.1", UserAgent: "Firefox"}}
}

// fakeClock moves by what is slept, and by the work of fakePasswords.
type fakeClock struct {
	now     time.Time
	onSleep func()
}

func (c *fakeClock) Now() time.Time          { return c.now }
func (c *fakeClock) advance(d time.Duration) { c.now = c.now.Add(d) }

func (c *fakeClock) Sleep(ctx context.Context, d time.Duration) error {
	if c.onSleep != nil {
		c.onSleep()
	}
	if ctx.Err() == nil {
		c.advance(d)
	}
	return ctx.Err()
}

// fakePasswords encodes as kind$password. A check of a kind moves the clock by
// what the kind takes. "current" is the current setting, "stronger…" and
// "broken…" are what they say; every other kind is weaker.
type fakePasswords struct {
	clock  *fakeClock
	takes  map[string]time.Duration
	queued time.Duration // the wait for a place, which is no work
	checks []string      // what was checked
	inside int           // who was let in and has not left
	full   error         // of Admit
	err    error         // of Check
	// hashErr is that of Hash alone: the pool may fill up in between.
	hashErr error
}

func (p *fakePasswords) Admit(context.Context) (leave func(), err error) {
	if p.full != nil {
		return nil, p.full
	}
	p.inside++
	return func() { p.inside-- }, nil
}

func (p *fakePasswords) Check(_ context.Context, encoded, password string) (PasswordCheck, error) {
	if p.err != nil {
		return PasswordCheck{}, p.err
	}
	kind := p.Kind(encoded)
	if kind == "" {
		return PasswordCheck{}, errors.New("what can never match was checked")
	}
	p.checks = append(p.checks, encoded)
	p.clock.advance(p.queued + p.takes[kind])
	return PasswordCheck{Match: encoded == kind+"$"+password, Took: p.takes[kind]}, nil
}

func (p *fakePasswords) Hash(_ context.Context, password string) (string, error) {
	return "current$" + password, p.hashErr
}

func (p *fakePasswords) Kind(encoded string) string {
	kind, _, found := strings.Cut(encoded, "$")
	if !found || strings.HasPrefix(kind, "broken") || strings.HasPrefix(kind, "!") {
		return ""
	}
	return kind
}

func (p *fakePasswords) Outdated(encoded string) bool {
	kind := p.Kind(encoded)
	return kind != "current" && !strings.HasPrefix(kind, "stronger")
}

func (*fakePasswords) IsCommon(password string) bool { return password == "trustno1" }

func (p *fakePasswords) Decoy(like string) string {
	if like == "" {
		return "current$\x00nothing"
	}
	return p.Kind(like) + "$\x00nothing"
}

// fakeTokens keeps what it issued.
type fakeTokens struct {
	clock  *fakeClock
	issued map[string]AccessToken
}

func (f *fakeTokens) Issue(token AccessToken) (string, error) {
	raw := "token-" + token.ID
	f.issued[raw] = token
	return raw, nil
}

func (f *fakeTokens) Parse(raw string) (AccessToken, error) {
	token, known := f.issued[raw]
	if !known || !f.clock.Now().Before(token.ExpiresAt) {
		return AccessToken{}, errors.New("no good token")
	}
	return token, nil
}

// fakeStore keeps everything in memory, as the contract in ports.go has it.
type fakeStore struct {
	users    []User
	sessions map[string]Session
	attempts map[string]FailedAttempts
	samples  []string
	exact    bool // addresses are alike only when they are the same

	err         error                           // of everything
	countErr    error                           // of CountFailedAttempt
	onSamples   func()                          // what happens while the samples are read
	onBegin     func(login NewSession) error    // what happens before a session is begun
	onCount     func(ctx context.Context) error // what happens before a failure is counted
	begun       []NewSession
	lookedUp    []string // addresses
	asked       int      // how often for failed attempts
	deletedTill [2]time.Time
}

func (f *fakeStore) UserByEmail(_ context.Context, email string) (User, error) {
	f.lookedUp = append(f.lookedUp, email)
	if f.err != nil {
		return User{}, f.err
	}
	for _, user := range f.users {
		if user.Email == email || !f.exact && EmailKey(user.Email) == EmailKey(email) {
			return user, nil
		}
	}
	return User{}, fmt.Errorf("reading a user: %w", ErrNoRow)
}

func (f *fakeStore) CountAlike(_ context.Context, email string) (int, error) {
	alike := 0
	for _, user := range f.users {
		if EmailKey(user.Email) == EmailKey(email) {
			alike++
		}
	}
	return alike, f.err
}

func (f *fakeStore) CreateUser(ctx context.Context, user *User) error {
	if _, err := f.UserByEmail(ctx, user.Email); err == nil {
		return fmt.Errorf("storing a user: %w", ErrTaken)
	}
	user.ID = int64(len(f.users) + 1)
	f.users = append(f.users, *user)
	return f.err
}

func (f *fakeStore) SetPassword(_ context.Context, userID int64, encoded string, _ time.Time) (int64, error) {
	f.user(userID).Password = encoded
	return int64(len(f.sessions)), f.err
}

func (f *fakeStore) BeginSession(_ context.Context, login NewSession) error {
	f.begun = append(f.begun, login)
	if f.onBegin != nil {
		if err := f.onBegin(login); err != nil {
			return err
		}
	}
	user := f.user(login.User.ID)
	if user == nil || user.Password != login.User.Password || !user.IsActive {
		return fmt.Errorf("beginning a session: %w", ErrChanged)
	}
	if login.UpgradePassword != "" {
		user.Password = login.UpgradePassword
	}
	for _, key := range login.ForgetAttempts {
		delete(f.attempts, key)
	}
	f.sessions[login.Session.ID] = login.Session
	return nil
}

func (f *fakeStore) SessionByID(_ context.Context, id string) (Session, User, error) {
	session, known := f.sessions[id]
	if f.err != nil {
		return Session{}, User{}, f.err
	}
	user := f.user(session.UserID)
	if !known || user == nil {
		return Session{}, User{}, fmt.Errorf("reading a session: %w", ErrNoRow)
	}
	return session, *user, nil
}

func (f *fakeStore) RenewSession(_ context.Context, id string, at time.Time) error {
	session, known := f.sessions[id]
	if !known || session.RevokedAt != nil {
		return fmt.Errorf("renewing a session: %w", ErrNoRow)
	}
	session.RenewedAt = at
	f.sessions[id] = session
	return f.err
}

func (f *fakeStore) RevokeSession(_ context.Context, id string, at time.Time) error {
	session := f.sessions[id]
	session.RevokedAt = &at
	f.sessions[id] = session
	return f.err
}

func (f *fakeStore) FailedAttempts(_ context.Context, keys []string, since time.Time) ([]FailedAttempts, error) {
	f.asked++
	var found []FailedAttempts
	for _, key := range keys {
		if a, counted := f.attempts[key]; counted && a.Since.After(since) {
			found = append(found, a)
		}
	}
	return found, f.err
}

func (f *fakeStore) CountFailedAttempt(ctx context.Context, keys []string, at, since time.Time) error {
	if f.onCount != nil {
		if err := f.onCount(ctx); err != nil {
			return err
		}
	}
	for _, key := range keys {
		a := f.attempts[key]
		if !a.Since.After(since) {
			a = FailedAttempts{Key: key, Since: at}
		}
		a.Count++
		f.attempts[key] = a
	}
	return f.countErr
}

func (f *fakeStore) PasswordSamples(context.Context) ([]PasswordSample, error) {
	samples := make([]PasswordSample, 0, len(f.samples))
	for _, encoded := range f.samples {
		samples = append(samples, PasswordSample{Encoded: encoded, Users: 1})
	}
	if f.onSamples != nil {
		f.onSamples()
	}
	return samples, f.err
}

func (f *fakeStore) DeleteEnded(_ context.Context, sessionsBefore, attemptsBefore time.Time) (int64, error) {
	f.deletedTill = [2]time.Time{sessionsBefore, attemptsBefore}
	return 3, f.err
}

func (f *fakeStore) user(id int64) *User {
	for i := range f.users {
		if f.users[i].ID == id {
			return &f.users[i]
		}
	}
	return nil
}
