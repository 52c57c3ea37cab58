package signin

import (
	"context"
	"log/slog"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Config holds the settings of signing in.
type Config struct {
	AccessTokenLifetime time.Duration // also the idle limit of a session of the API
	RenewBefore         time.Duration // renew when less than this is left
	SessionLifetime     time.Duration // the absolute limit of a session of the API
	// AttemptKey makes the keys of counted attempts unreadable: people type passwords
	// into the e-mail field.
	AttemptKey []byte
	// DeviceKeys encrypt device tokens, 32 bytes each: the first new ones, all of them
	// those that are sent.
	DeviceKeys [][]byte
	Limits     Limits
}

// Deps are what signing in needs from the world.
type Deps struct {
	Store     Store
	Attempts  AttemptStore
	Passwords Passwords
	Tokens    Tokens
	Clock     auth.Clock
	NewID     func() string // unguessable, at least 128 bits
	Log       *slog.Logger
	// SignedIn is told of each login through the API; it may be nil.
	SignedIn func(ctx context.Context, user auth.User, client auth.Client)
}

// Service signs people in and out. Its methods are safe for concurrent use.
type Service struct {
	cfg       Config
	store     Store
	attempts  AttemptStore
	passwords Passwords
	tokens    Tokens
	clock     auth.Clock
	newID     func() string
	log       *slog.Logger
	signedIn  func(ctx context.Context, user auth.User, client auth.Client)
	inFlight  *inFlight
	minTime   *minTime
	dummies   dummies
	current   string // a dummy hash of the current setting
}

// New wires a Service. It starts nothing.
func New(cfg Config, deps Deps) *Service {
	return &Service{
		cfg:       cfg,
		store:     deps.Store,
		attempts:  deps.Attempts,
		passwords: deps.Passwords,
		tokens:    deps.Tokens,
		clock:     deps.Clock,
		newID:     deps.NewID,
		log:       deps.Log,
		signedIn:  deps.SignedIn,
		inFlight:  newInFlight(),
		minTime:   newMinTime(),
		current:   deps.Passwords.DummyHash(""),
	}
}

func (s *Service) now() time.Time { return auth.Now(s.clock) }
