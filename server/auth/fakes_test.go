package auth

import (
	"context"
	"errors"
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
		store:     newFakeStore(),
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

func (p *fakePasswords) DummyHash(like string) string {
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
