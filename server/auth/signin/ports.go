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
	// upgraded password if there is one (the user's other sessions stay good), what the
	// attempt came to, and the events. [auth.ErrChanged] when the user's password is
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

// AttemptStore counts attempts to guess a secret, each method in one transaction.
type AttemptStore interface {
	// ReserveAttempt counts an attempt under its counters before the secret is checked. When
	// one of them is blocked it counts none, and says until when.
	ReserveAttempt(ctx context.Context, attempt Attempt) (Reserved, error)
	// SettleAttempt does to counters what an attempt came to.
	SettleAttempt(ctx context.Context, done Settlement) error
	// LockAccount notes whose account counters have locked, 0 for nobody's, and stores the
	// events; neither when they have been unlocked meanwhile.
	LockAccount(ctx context.Context, keys []string, userID int64, events []auth.Event) error
	// TrimAttempts deletes counters that have failures until no more than most are left: those
	// with the fewest first, and of these the ones that would expire first.
	TrimAttempts(ctx context.Context, most int) (deleted int64, err error)
}

// Attempt is one to be counted.
type Attempt struct {
	At       time.Time
	Counters []Counter
}

// Counter is one of an attempt's.
type Counter struct {
	Key   string
	Role  Role
	Limit Limit
}

// Role says when a counter counts.
type Role string

// The roles. A network is known while its counter is stored.
const (
	RoleAny      Role = "any"
	RoleKnown    Role = "known"    // if the network is known
	RoleStranger Role = "stranger" // if it is not
)

// Limit says what a counter does with failures. One that a wait has let in counts like any
// other, and makes the next wait longer.
type Limit struct {
	Free          int           // failures in a row before the first wait
	Wait, MaxWait time.Duration // the first wait, doubled by each further failure
	Forget        time.Duration // after which without an attempt the waits begin anew
	Stop          int           // failures in a row, over any time, after which nothing is let in; 0: none
	Keep          time.Duration // after which without an attempt the counter is deleted
}

// Reserved is what became of an attempt that was to be counted.
type Reserved struct {
	Keys   []string // of the counters it was counted under; none when it is refused
	After  bool     // there were others before it under one of them
	Locked []string // of these, those that let nothing in any more if this one fails
	// BlockedUntil is when a refused one would be let in, and Blocking are the keys of the
	// counters that do not let it in now.
	BlockedUntil time.Time
	Blocking     []string
}

// Settlement is what an attempt came to.
type Settlement struct {
	At       time.Time
	Release  []string // keys of counters that count one less: its secret was right, or not checked
	Forgive  []string // keys of counters that begin anew
	Remember string   // the key of a network that is known, or ""
	Until    time.Time
}

// NewSession is what [Store.BeginSession] stores.
type NewSession struct {
	User            auth.User // as read when the password was checked
	Session         auth.Session
	UpgradePassword string // the same password in the current encoding, or ""
	PreviousMark    string // of User.Password; Session.PasswordMark is that of the upgraded one
	Attempts        Settlement
	Events          []auth.Event
}

// HashSample is one of the encoded passwords of a kind.
type HashSample struct {
	Encoded string
	Users   int64 // who have one of that kind
}

// Passwords checks and makes encoded passwords, a bounded number at a time.
type Passwords interface {
	auth.PasswordJudge

	// Admit takes a place before the pool, or fails with [auth.CodeBusy] after a short
	// wait. Clients take turns: one that asks often has its share, and no more. The caller
	// leaves when it has no more to check.
	Admit(ctx context.Context, client auth.Client) (leave func(), err error)
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
