package auth

import (
	"context"
	"log/slog"
	"time"
)

// Config holds the domain's settings.
type Config struct {
	AccessTokenLifetime time.Duration // also a session's idle limit
	RenewBefore         time.Duration // renew when less than this is left
	SessionLifetime     time.Duration // a session's absolute limit
	// AttemptKey makes the keys of counted failed logins unreadable: people
	// type passwords into the e-mail field.
	AttemptKey []byte
}

// Deps are what the domain needs from the world.
type Deps struct {
	Store     Store
	Passwords Passwords
	Tokens    Tokens
	Clock     Clock
	NewID     func() string // unguessable, at least 128 bits
	Log       *slog.Logger
}

// Service is the domain: what can be done with users and sessions. Its methods
// are safe for concurrent use.
type Service struct {
	cfg       Config
	store     Store
	passwords Passwords
	tokens    Tokens
	clock     Clock
	newID     func() string
	log       *slog.Logger
	minTime   *minTime
	dummies   dummies
	current   string // a dummy hash of the current setting
}

// New wires a Service. It starts nothing.
func New(cfg Config, deps Deps) *Service {
	return &Service{
		cfg:       cfg,
		store:     deps.Store,
		passwords: deps.Passwords,
		tokens:    deps.Tokens,
		clock:     deps.Clock,
		newID:     deps.NewID,
		log:       deps.Log,
		minTime:   newMinTime(),
		current:   deps.Passwords.DummyHash(""),
	}
}

// now reads the clock once for an operation, in the precision that both
// databases keep.
func (s *Service) now() time.Time {
	return s.clock.Now().UTC().Truncate(time.Microsecond)
}

// DeleteEnded deletes the rows of sessions and failed attempts that nothing
// needs any more; it returns how many. Call it now and then.
func (s *Service) DeleteEnded(ctx context.Context) (int64, error) {
	now := s.now()
	return s.store.DeleteEnded(ctx, now, now.Add(-attemptWindow))
}
