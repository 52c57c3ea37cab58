package signin

import (
	"context"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Store keeps users and their sessions. Its methods are safe for concurrent use, and
// each is one transaction. What they answer when something fails stands in
// auth/errors.go; repo/repotest says in tests what every store must do.
type Store interface {
	auth.PermissionReader

	// UserByEmail finds the user with exactly this address; without one, the
	// only user whose address has the same [auth.EmailKey]; else [auth.ErrNoRow].
	UserByEmail(ctx context.Context, email string) (auth.User, error)
	// CountAlike returns how many users have an address with the same [auth.EmailKey];
	// any number above 1 is as good as 2.
	CountAlike(ctx context.Context, email string) (int, error)
	// HashSamples reads one encoded password for every kind that users have,
	// and how many have it. It reads all users, once for each kind.
	HashSamples(ctx context.Context) ([]HashSample, error)

	// BeginSession stores what a login changes: last_login, the session, the
	// upgraded password if there is one (the user's other sessions stay good), no
	// more failed attempts, and the events. [auth.ErrChanged] when the user's password is
	// not login.User.Password any more, or the user is inactive or gone.
	BeginSession(ctx context.Context, login NewSession) error
	// SessionByID reads a session and its user. [auth.ErrNoRow] without either.
	SessionByID(ctx context.Context, id string) (auth.Session, auth.User, error)
	// RenewSession notes the time of a renewal; [auth.ErrNoRow] when the session has
	// been revoked.
	RenewSession(ctx context.Context, id string, at time.Time) error
	// ConfirmSession notes that the user proved who they are; [auth.ErrNoRow] when the
	// session has been revoked.
	ConfirmSession(ctx context.Context, id string, at time.Time) error
	// RevokeSession ends a session and stores the event; one that is over already
	// stays as it is, without an event.
	RevokeSession(ctx context.Context, id string, at time.Time, event auth.Event) error
}

// AttemptStore counts failed logins, each method in one transaction.
type AttemptStore interface {
	// FailedAttempts reads how many failed logins are counted under each key
	// since the given time.
	FailedAttempts(ctx context.Context, keys []string, since time.Time) ([]FailedAttempts, error)
	// CountFailedAttempt adds one failed login at the given time under each key,
	// forgetting what was counted up to since.
	CountFailedAttempt(ctx context.Context, keys []string, at, since time.Time) error
}

// NewSession is what [Store.BeginSession] stores.
type NewSession struct {
	User            auth.User // as read when the password was checked
	Session         auth.Session
	UpgradePassword string   // the same password in the current encoding, or ""
	PreviousMark    string   // of User.Password; Session.PasswordMark is that of the upgraded one
	ForgetAttempts  []string // keys of counted failed attempts
	Events          []auth.Event
}

// FailedAttempts is a count of failed logins and when it began.
type FailedAttempts struct {
	Key   string
	Count int
	Since time.Time
}

// HashSample is one of the encoded passwords of a kind.
type HashSample struct {
	Encoded string
	Users   int64 // who have one of that kind
}

// Passwords checks and makes encoded passwords, a bounded number at a time.
type Passwords interface {
	auth.PasswordJudge

	// Admit takes a place in the queue before the pool, or fails with [auth.CodeBusy]
	// after a short wait. The caller leaves when it has no more to check.
	Admit(ctx context.Context) (leave func(), err error)
	// Check reports whether password is what encoded was made from.
	Check(ctx context.Context, encoded, password string) (auth.PasswordCheck, error)
	// Hash encodes a password by the current setting.
	Hash(ctx context.Context, password string) (string, error)
	// Kind names the algorithm and the work of encoded, such that two passwords
	// of one kind take the same time; "" when it can never match.
	Kind(encoded string) string
	// Outdated reports whether encoded is weaker than the current setting.
	Outdated(encoded string) bool
	// DummyHash returns an encoded password of the same kind as like, or of the current
	// setting when like is "", that nothing matches.
	DummyHash(like string) string
}

// Tokens makes access tokens and reads them.
type Tokens interface {
	// Issue signs a token. The error has [auth.CodeUnavailable] when the key cannot be read.
	Issue(ctx context.Context, token auth.AccessToken) (string, error)
	// Parse returns what a token says, if it is one of ours, unchanged and not
	// over. The error has [auth.CodeUnavailable] when that cannot be told now.
	Parse(ctx context.Context, raw string) (auth.AccessToken, error)
}
