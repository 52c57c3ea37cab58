package auth

import (
	"context"
	"errors"
	"time"
)

// ErrNoRow is what a [Store] answers when nothing matches.
var ErrNoRow = errors.New("no such row")

// ErrChanged is what a [Store] answers when the row to be changed is no longer
// as it was read.
var ErrChanged = errors.New("the row changed meanwhile")

// ErrTaken is what a [Store] answers when an e-mail address already has a user.
var ErrTaken = errors.New("the e-mail address is taken")

// Store keeps users and sessions. Its methods are safe for concurrent use and
// each is one transaction. A store that cannot be reached answers an [Error]
// with [CodeUnavailable]. The conformance suite in repo/repotest says in tests
// what every store must do.
type Store interface {
	// UserByEmail finds the user with exactly this address; without one, the
	// only user whose address has the same [EmailKey]; else ErrNoRow.
	UserByEmail(ctx context.Context, email string) (User, error)
	// CountAlike gives how many users have an address with the same [EmailKey];
	// any number above 1 is as good as 2.
	CountAlike(ctx context.Context, email string) (int, error)
	// CreateUser stores a user and gives it its ID. ErrTaken when a user has an
	// address with the same [EmailKey].
	CreateUser(ctx context.Context, user *User) error
	// SetPassword stores an encoded password and ends the user's sessions that
	// are not over yet; it gives their number. ErrNoRow without such a user.
	SetPassword(ctx context.Context, userID int64, encoded string, at time.Time) (ended int64, err error)

	// BeginSession stores what a login changes: last_login, the session, the
	// upgraded password if there is one (the user's other sessions stay good),
	// and no more failed attempts. ErrChanged when the user's password is not
	// login.User.Password any more, or the user is inactive or gone.
	BeginSession(ctx context.Context, login NewSession) error
	// SessionByID reads a session and its user. ErrNoRow without either.
	SessionByID(ctx context.Context, id string) (Session, User, error)
	// RenewSession notes the time of a renewal; ErrNoRow when the session has
	// been revoked.
	RenewSession(ctx context.Context, id string, at time.Time) error
	// RevokeSession ends a session; one that is over already stays as it is.
	RevokeSession(ctx context.Context, id string, at time.Time) error

	// FailedAttempts reads how many failed logins are counted under each key
	// since the given time.
	FailedAttempts(ctx context.Context, keys []string, since time.Time) ([]FailedAttempts, error)
	// CountFailedAttempt adds one failed login at the given time under each key,
	// forgetting what was counted up to since.
	CountFailedAttempt(ctx context.Context, keys []string, at, since time.Time) error

	// PasswordSamples reads one encoded password for every kind that users have,
	// and how many have it. It reads all users, once for each kind.
	PasswordSamples(ctx context.Context) ([]PasswordSample, error)
	// DeleteEnded deletes sessions and failed attempts that ended before the
	// given times; it gives how many rows.
	DeleteEnded(ctx context.Context, sessionsBefore, attemptsBefore time.Time) (int64, error)
}

// NewSession is what [Store.BeginSession] stores.
type NewSession struct {
	User            User // as read when the password was checked
	Session         Session
	UpgradePassword string   // the same password in the current encoding, or ""
	PreviousMark    string   // of User.Password; Session.PasswordMark is that of the upgraded one
	ForgetAttempts  []string // keys of counted failed attempts
}

// FailedAttempts is a count of failed logins and when it began.
type FailedAttempts struct {
	Key   string
	Count int
	Since time.Time
}

// PasswordSample is one of the encoded passwords of a kind.
type PasswordSample struct {
	Encoded string
	Users   int64 // who have one of that kind
}

// Passwords checks and makes encoded passwords, a bounded number at a time.
type Passwords interface {
	// Admit takes a place in the line before the pool, or fails with [CodeBusy]
	// after a short wait. The caller leaves when it has no more to check.
	Admit(ctx context.Context) (leave func(), err error)
	// Check tells whether password is what encoded was made from.
	Check(ctx context.Context, encoded, password string) (PasswordCheck, error)
	// Hash encodes a password by the current setting.
	Hash(ctx context.Context, password string) (string, error)
	// Kind names the algorithm and the work of encoded, such that two passwords
	// of one kind take the same time; "" when it can never match.
	Kind(encoded string) string
	// Outdated tells whether encoded is weaker than the current setting.
	Outdated(encoded string) bool
	// IsCommon tells whether password is one of those that everybody tries.
	IsCommon(password string) bool
	// Decoy gives an encoded password of the same kind as like, or of the current
	// setting when like is "", that nothing matches.
	Decoy(like string) string
}

// PasswordCheck is a [Passwords.Check]'s outcome. Took is the time of the
// hashing alone, without the wait for a place in the pool.
type PasswordCheck struct {
	Match bool
	Took  time.Duration
}

// Tokens makes access tokens and reads them.
type Tokens interface {
	Issue(token AccessToken) (string, error)
	// Parse gives what a token says, if it is one of ours, unchanged and not
	// over.
	Parse(raw string) (AccessToken, error)
}

// Clock tells the time and waits.
type Clock interface {
	Now() time.Time
	// Sleep returns after d, or earlier with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
}
