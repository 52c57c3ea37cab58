package authtest

import (
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/audit"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// SignIn, Accounts and Audit are the services, under the names that a [World] has them by.
type (
	// SignIn is [signin.Service].
	SignIn = signin.Service
	// Accounts is [accounts.Service].
	Accounts = accounts.Service
	// Audit is [audit.Log].
	Audit = audit.Log
)

// World is the domain and the fakes that it stands on. A test changes them before
// it calls a service; its own goroutine alone may do so afterwards.
type World struct {
	*SignIn
	*Accounts
	*Audit

	Clock     *Clock
	Store     *Store
	Passwords *Passwords
	Breaches  *Breaches
	Tokens    *TokenMaker
}

// Noon is when every test begins.
var Noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// SessionLifetime is that of the API's sessions.
const SessionLifetime = 720 * time.Hour

// Limits are those of a [World], and the defaults of the settings.
var Limits = signin.Limits{
	PerClient: 5, PerAccount: 20, PerNetwork: 100, UntilLocked: 100,
	Wait: time.Minute, MaxWait: time.Hour, AccountMaxWait: 15 * time.Minute,
	DeviceLifetime: 180 * 24 * time.Hour, NetworkLifetime: 30 * 24 * time.Hour,
}

// New returns a world with these users.
func New(t testing.TB, users ...auth.User) *World {
	t.Helper()
	clock := &Clock{At: Noon}
	w := &World{
		Clock:     clock,
		Store:     NewStore(),
		Passwords: &Passwords{Clock: clock, Takes: map[string]time.Duration{}},
		Breaches:  &Breaches{},
		Tokens:    &TokenMaker{Clock: clock, Issued: map[string]auth.AccessToken{}},
	}
	for i, user := range users {
		if user.ID == 0 {
			user.ID = int64(i + 1)
		}
		w.Store.UserRows = append(w.Store.UserRows, user)
	}
	ids := 0
	newID := func() string { ids++; return "id-" + strconv.Itoa(ids) }
	w.SignIn = signin.New(signin.Config{
		AccessTokenLifetime: 24 * time.Hour,
		RenewBefore:         12 * time.Hour,
		SessionLifetime:     SessionLifetime,
		AttemptKey:          []byte("a key for tests"),
		DeviceKeys:          [][]byte{[]byte("a key for tests, of 32 bytes ...")},
		Limits:              Limits,
	}, signin.Deps{
		Store: w.Store, Attempts: w.Store, Passwords: w.Passwords, Tokens: w.Tokens, Clock: clock,
		NewID: newID, Log: slog.New(slog.DiscardHandler),
	})
	w.Accounts = accounts.New(accounts.Config{
		MinPasswordLength: accounts.MinPasswordLength, SiteNames: []string{"latchkey", "corner-shop.test"}, AccessTokenLifetime: 24 * time.Hour,
	}, accounts.Deps{
		Users: w.Store, Groups: w.Store, Sessions: w.Store, Tokens: w.Store, Transactor: w.Store,
		Passwords: w.Passwords, Breaches: w.Breaches, Confirmer: w.SignIn, Attempts: w.SignIn, Clock: clock, NewID: newID,
	})
	w.Audit = audit.New(w.Store)
	return w
}
