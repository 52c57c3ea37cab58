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

// Store keeps users, their groups and sessions, and the events that tell what
// became of them. Its methods are safe for concurrent use and
// each is one transaction. A store that cannot be reached answers an [Error]
// with [CodeUnavailable]. The conformance suite in repo/repotest says in tests
// what every store must do.
type Store interface {
	// UserByEmail finds the user with exactly this address; without one, the
	// only user whose address has the same [EmailKey]; else ErrNoRow.
	UserByEmail(ctx context.Context, email string) (User, error)
	// CountAlike returns how many users have an address with the same [EmailKey];
	// any number above 1 is as good as 2.
	CountAlike(ctx context.Context, email string) (int, error)

	// Change runs f in one transaction. Nobody else changes users or groups by this
	// method meanwhile, so that a rule about several of them stays true. When f
	// fails nothing has happened, and its error comes back as it is. [ErrReferred]
	// when rows that the store does not know refer to what f has deleted.
	Change(ctx context.Context, f func(ctx context.Context, tx Changes) error) error

	// BeginSession stores what a login changes: last_login, the session, the
	// upgraded password if there is one (the user's other sessions stay good), no
	// more failed attempts, and the events. ErrChanged when the user's password is not
	// login.User.Password any more, or the user is inactive or gone.
	BeginSession(ctx context.Context, login NewSession) error
	// SessionByID reads a session and its user. ErrNoRow without either.
	SessionByID(ctx context.Context, id string) (Session, User, error)
	// RenewSession notes the time of a renewal; ErrNoRow when the session has
	// been revoked.
	RenewSession(ctx context.Context, id string, at time.Time) error
	// ConfirmSession notes that the password was given again; ErrNoRow when the
	// session has been revoked.
	ConfirmSession(ctx context.Context, id string, at time.Time) error
	// RevokeSession ends a session and stores the event; one that is over already
	// stays as it is, without an event.
	RevokeSession(ctx context.Context, id string, at time.Time, event Event) error

	// FailedAttempts reads how many failed logins are counted under each key
	// since the given time.
	FailedAttempts(ctx context.Context, keys []string, since time.Time) ([]FailedAttempts, error)
	// CountFailedAttempt adds one failed login at the given time under each key,
	// forgetting what was counted up to since.
	CountFailedAttempt(ctx context.Context, keys []string, at, since time.Time) error

	// HashSamples reads one encoded password for every kind that users have,
	// and how many have it. It reads all users, once for each kind.
	HashSamples(ctx context.Context) ([]HashSample, error)
	// DeleteEnded deletes sessions, one-time links and failed attempts that ended
	// before the given times; it returns how many rows.
	DeleteEnded(ctx context.Context, endedBefore, attemptsBefore time.Time) (int64, error)

	// CountSuperusers returns how many there are, active or not.
	CountSuperusers(ctx context.Context) (int, error)
	// AddSetup keeps the hash of a one-time link.
	AddSetup(ctx context.Context, tokenHash string, expires time.Time) error
	// SetupIsOpen reports whether a link is there, unused, and good at a time.
	SetupIsOpen(ctx context.Context, tokenHash string, at time.Time) (bool, error)

	Reader
}

// Reader is what is read to be shown: on the admin site, or by a command.
type Reader interface {
	// Account reads a user and what belongs to them; ErrNoRow when there is none.
	Account(ctx context.Context, id int64) (Account, error)
	// RightsOf lists the permissions that a user has, themselves or by a group.
	RightsOf(ctx context.Context, userID int64) ([]PermissionName, error)
	// Permissions lists all that can be permitted, in Django's order.
	Permissions(ctx context.Context) ([]Permission, error)
	// Groups lists all groups by name.
	Groups(ctx context.Context) ([]Group, error)
	// Group reads one; ErrNoRow when there is none.
	Group(ctx context.Context, id int64) (Group, error)

	// ListListUsers, ListGroups, ListSessions and ListEvents return a page of a list. An unknown
	// column is an error.
	ListUsers(ctx context.Context, q ListParams) (Page[User], error)
	ListGroups(ctx context.Context, q ListParams) (Page[Group], error)
	ListSessions(ctx context.Context, q ListParams) (Page[UserSession], error)
	ListEvents(ctx context.Context, q ListParams) (Page[Event], error)
	// EachUser calls f for every user who matches, in the order of ids, without
	// holding them all; it ends with f's first error.
	EachUser(ctx context.Context, q ListParams, f func(User) error) error
	// EachEvent calls f for every event, the same way.
	EachEvent(ctx context.Context, q ListParams, f func(Event) error) error
	// Event reads one; ErrNoRow when there is none.
	Event(ctx context.Context, id int64) (Event, error)
	// EventHead returns the number and the hash of the newest event.
	EventHead(ctx context.Context) (last int64, hash string, err error)
	// RelatedRows counts what a deletion of users would take along, by what it is.
	RelatedRows(ctx context.Context, userIDs []int64) ([]RelatedRows, error)
}

// RelatedRows is how many rows of a sort belong to users.
type RelatedRows struct {
	Name  string // "sessions"
	Count int
}

// Changes is what one transaction of a [Store] can do.
type Changes interface {
	// SessionByID is [Store.SessionByID], as things are in the transaction.
	SessionByID(ctx context.Context, id string) (Session, User, error)
	// Account reads a user, whom nobody changes until the end of the transaction;
	// ErrNoRow when there is none.
	Account(ctx context.Context, id int64) (Account, error)
	// RightsOf lists the permissions that a user has, themselves or by a group.
	RightsOf(ctx context.Context, userID int64) ([]PermissionName, error)
	// CountSuperusers returns how many there are, active or not; CountActiveSuperusers
	// how many are active and can sign in to the admin site, besides some.
	CountSuperusers(ctx context.Context) (int, error)
	CountActiveSuperusers(ctx context.Context, besides []int64) (int, error)
	// InsertUser stores a user and gives it its ID. ErrTaken when a user has an
	// address with the same [EmailKey].
	InsertUser(ctx context.Context, user *User) error
	// UpdateUser stores address, names and flags. ErrTaken when another user has an
	// address with the same [EmailKey], and the address is a new one.
	UpdateUser(ctx context.Context, user User) error
	// SetPassword stores an encoded password; ErrNoRow without such a user.
	SetPassword(ctx context.Context, userID int64, encoded string) error
	// SetGroups and SetPermissions make a user's those and no others.
	SetGroups(ctx context.Context, userID int64, groups []int64) error
	SetPermissions(ctx context.Context, userID int64, permissions []int64) error
	// DeleteUser deletes a user and what is theirs in Django's tables and ours.
	DeleteUser(ctx context.Context, id int64) error
	// EndSessions ends a user's sessions that are not over yet, but for one; it
	// returns their number.
	EndSessions(ctx context.Context, userID int64, at time.Time, except string) (int64, error)
	// EndSession ends one; it reports whether it was not over yet.
	EndSession(ctx context.Context, id string, at time.Time) (bool, error)
	// MarkSession lets a session go on with another password.
	MarkSession(ctx context.Context, id, passwordMark string) error

	// Permissions and Groups list all there are.
	Permissions(ctx context.Context) ([]Permission, error)
	Groups(ctx context.Context) ([]Group, error)
	// Group reads a group; ErrNoRow when there is none.
	Group(ctx context.Context, id int64) (Group, error)
	// SaveGroup stores a group and its permissions, a new one when its ID is 0, which
	// it is then given. ErrTaken when another has its name.
	SaveGroup(ctx context.Context, group *Group) error
	// DeleteGroup deletes a group and takes its members out.
	DeleteGroup(ctx context.Context, id int64) error

	// UseSetup uses a one-time link up; ErrNoRow unless it was open.
	UseSetup(ctx context.Context, tokenHash string, at time.Time) error
	// LastEvent returns the newest event of a sort about a subject; ErrNoRow without any.
	LastEvent(ctx context.Context, kind, subjectID string, action Action) (Event, error)
	// Record stores an event, with the others at the end of the transaction.
	Record(event Event)
}

// ErrReferred is what [Store.Change] answers when rows that it does not know refer to
// a row that was to be deleted.
var ErrReferred = errors.New("rows of another table refer to it")

// NewSession is what [Store.BeginSession] stores.
type NewSession struct {
	User            User // as read when the password was checked
	Session         Session
	UpgradePassword string   // the same password in the current encoding, or ""
	PreviousMark    string   // of User.Password; Session.PasswordMark is that of the upgraded one
	ForgetAttempts  []string // keys of counted failed attempts
	Events          []Event
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
	// Admit takes a place in the line before the pool, or fails with [CodeBusy]
	// after a short wait. The caller leaves when it has no more to check.
	Admit(ctx context.Context) (leave func(), err error)
	// Check reports whether password is what encoded was made from.
	Check(ctx context.Context, encoded, password string) (PasswordCheck, error)
	// Hash encodes a password by the current setting.
	Hash(ctx context.Context, password string) (string, error)
	// Kind names the algorithm and the work of encoded, such that two passwords
	// of one kind take the same time; "" when it can never match.
	Kind(encoded string) string
	// Outdated reports whether encoded is weaker than the current setting.
	Outdated(encoded string) bool
	// IsCommon reports whether password is one of those that everybody tries.
	IsCommon(password string) bool
	// DummyHash returns an encoded password of the same kind as like, or of the current
	// setting when like is "", that nothing matches.
	DummyHash(like string) string
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
	// Parse returns what a token says, if it is one of ours, unchanged and not
	// over.
	Parse(raw string) (AccessToken, error)
}

// Clock tells the time and waits.
type Clock interface {
	Now() time.Time
	// Sleep returns after d, or earlier with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
}
