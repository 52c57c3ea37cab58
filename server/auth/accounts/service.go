package accounts

import (
	"context"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Config holds the settings of accounts.
type Config struct {
	MinPasswordLength int // of a new password, in characters; at least [MinPasswordLength]
	// SiteNames are what the product and the site are called: no password may resemble them.
	SiteNames []string
	// AccessTokenLifetime is how long a session of the API goes on without a renewal.
	AccessTokenLifetime time.Duration
}

// Deps are what accounts need from the world. One store may be all of the stores.
type Deps struct {
	Users      UserStore
	Groups     GroupStore
	Sessions   SessionStore
	Tokens     TokenStore
	Transactor Transactor
	Passwords  Passwords
	Breaches   Breaches // nil: nobody is asked
	Confirmer  Confirmer
	Attempts   AttemptKeys
	Clock      auth.Clock
	NewID      func() string // unguessable, at least 128 bits
}

// Service reads and changes accounts, groups and sessions for a principal, by the rules
// in rules.go. Its methods are safe for concurrent use. What they all have in common
// stands here: an error has CodeForbidden when the principal may not do it, CodeNotFound
// when what it is about is not there, and CodeConfirmationRequired when it is dangerous
// and [auth.Principal.IsConfirmed] is false.
type Service struct {
	cfg        Config
	users      UserStore
	groups     GroupStore
	sessions   SessionStore
	tokens     TokenStore
	transactor Transactor
	passwords  Passwords
	breaches   Breaches
	confirmer  Confirmer
	attempts   AttemptKeys
	clock      auth.Clock
	newID      func() string
}

// New wires a Service.
func New(cfg Config, deps Deps) *Service {
	return &Service{
		cfg:   cfg,
		users: deps.Users, groups: deps.Groups, sessions: deps.Sessions, tokens: deps.Tokens, transactor: deps.Transactor,
		passwords: deps.Passwords, breaches: deps.Breaches, confirmer: deps.Confirmer, attempts: deps.Attempts, clock: deps.Clock, newID: deps.NewID,
	}
}

// require returns an error unless a principal may do one of these with a model.
func (s *Service) require(ctx context.Context, by *auth.Principal, m auth.Model, verbs ...auth.Verb) error {
	return by.Require(ctx, s.users, m, verbs...)
}

// change runs f in one transaction, if the principal is still who they were when the
// request began. A request may wait long for its turn, to hash a password or to
// change something: whoever is signed out, deactivated or demoted meanwhile must not
// get through what they sent before. f is given the principal as they are now.
func (s *Service) change(ctx context.Context, by *auth.Principal, f func(ctx context.Context, tx Tx, by *auth.Principal) error) error {
	return s.transactor.Change(ctx, func(ctx context.Context, tx Tx) error {
		now, err := s.recheck(ctx, tx, by)
		if err != nil {
			return err
		}
		return f(ctx, tx, now)
	})
}
