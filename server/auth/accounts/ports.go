package accounts

import (
	"context"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// UserStore reads users. Its methods, and those of the other stores, are safe for
// concurrent use; what they answer when something fails stands in auth/errors.go, and
// repo/repotest says in tests what every store must do.
type UserStore interface {
	auth.PermissionReader

	// UserByEmail finds the user with exactly this address; without one, the
	// only user whose address has the same [auth.EmailKey]; else [auth.ErrNoRow].
	UserByEmail(ctx context.Context, email string) (auth.User, error)
	// CountAlike returns how many users have an address with the same [auth.EmailKey];
	// any number above 1 is as good as 2.
	CountAlike(ctx context.Context, email string) (int, error)
	// CountSuperusers returns how many there are, active or not.
	CountSuperusers(ctx context.Context) (int, error)
	// Account reads a user and what belongs to them; [auth.ErrNoRow] when there is none.
	Account(ctx context.Context, id int64) (auth.Account, error)
	// ListUsers returns a page of the users. An unknown column is an error.
	ListUsers(ctx context.Context, params auth.ListParams) (auth.Page[auth.User], error)
	// EachUser calls f for every user who matches, in the order of ids, without
	// holding them all; it ends with f's first error.
	EachUser(ctx context.Context, params auth.ListParams, f func(auth.User) error) error
	// RelatedRows counts what a deletion of users would take along, by what it is.
	RelatedRows(ctx context.Context, userIDs []int64) ([]RelatedRows, error)
}

// GroupStore reads groups, and what can be permitted.
type GroupStore interface {
	// Permissions lists all that can be permitted, in Django's order.
	Permissions(ctx context.Context) ([]auth.Permission, error)
	// Groups lists all groups by name.
	Groups(ctx context.Context) ([]auth.Group, error)
	// Group reads one; [auth.ErrNoRow] when there is none.
	Group(ctx context.Context, id int64) (auth.Group, error)
	// ListGroups returns a page of the groups. An unknown column is an error.
	ListGroups(ctx context.Context, params auth.ListParams) (auth.Page[auth.Group], error)
}

// SessionStore reads sessions.
type SessionStore interface {
	// SessionByID reads a session and its user. [auth.ErrNoRow] without either.
	SessionByID(ctx context.Context, id string) (auth.Session, auth.User, error)
	// ListSessions returns a page of the sessions. An unknown column is an error.
	ListSessions(ctx context.Context, params auth.ListParams) (auth.Page[auth.UserSession], error)
	// LiveSessions returns the newest sessions of a user in which somebody can still act,
	// newest first.
	LiveSessions(ctx context.Context, of LiveSessions) ([]auth.Session, error)
}

// LiveSessions says which sessions are live, as [auth.Session.Check] has it.
type LiveSessions struct {
	UserID       int64
	PasswordMark string    // of the user's password
	At           time.Time // not ended, and not at their absolute end by then
	// RenewedAfter is, for each channel that the user is let in on, when a session must
	// have been renewed, or it has been idle too long.
	RenewedAfter map[auth.Channel]time.Time
	Limit        int
}

// TokenStore keeps one-time tokens.
type TokenStore interface {
	// AddToken keeps one.
	AddToken(ctx context.Context, token auth.OneTimeToken) error
	// TokenIsOpen reports whether a token is there, unused, and good at a time.
	TokenIsOpen(ctx context.Context, kind auth.TokenKind, hash string, at time.Time) (bool, error)
}

// Transactor changes users, groups and sessions.
type Transactor interface {
	// Change runs f in one transaction. Nobody else changes users or groups by this
	// method meanwhile, so that a rule about several of them stays true. When f
	// fails nothing has happened, and its error comes back as it is. [auth.ErrReferred]
	// when rows that the store does not know refer to what f has deleted.
	Change(ctx context.Context, f func(ctx context.Context, tx Tx) error) error
}

// Tx is one transaction of a [Transactor]: what can be read and changed in it, by subject.
type Tx struct {
	Users    UserTx
	Groups   GroupTx
	Sessions SessionTx
	Tokens   TokenTx
	Events   EventTx
}

// UserTx changes users.
type UserTx interface {
	auth.PermissionReader

	// Account reads a user, whom nobody changes until the end of the transaction;
	// [auth.ErrNoRow] when there is none.
	Account(ctx context.Context, id int64) (auth.Account, error)
	// CountSuperusers returns how many there are, active or not.
	CountSuperusers(ctx context.Context) (int, error)
	// EachSuperuser calls f for superusers until it returns false. f must not use the
	// transaction.
	EachSuperuser(ctx context.Context, f func(auth.User) (goOn bool)) error
	// InsertUser stores a user and gives it its ID. [auth.ErrTaken] when a user has an
	// address with the same [auth.EmailKey].
	InsertUser(ctx context.Context, user *auth.User) error
	// UpdateUser stores address, names and flags of a user who was as Account has read
	// them. [auth.ErrTaken] when another user has an address with the same
	// [auth.EmailKey], and the address is a new one.
	UpdateUser(ctx context.Context, was, is auth.User) error
	// SetPassword stores an encoded password; [auth.ErrNoRow] without such a user.
	SetPassword(ctx context.Context, userID int64, encoded string) error
	// Unlock lets all counters of failed attempts begin anew whose key begins with that of an
	// account, or that have locked the user's; it reports whether there were any failures.
	Unlock(ctx context.Context, userID int64, account string) (bool, error)
	// SetGroups and SetPermissions make a user's those and no others.
	SetGroups(ctx context.Context, userID int64, groups []int64) error
	SetPermissions(ctx context.Context, userID int64, permissions []int64) error
	// DeleteUser deletes a user and what is theirs in Django's tables and ours.
	DeleteUser(ctx context.Context, id int64) error
}

// GroupTx changes groups.
type GroupTx interface {
	// Permissions and Groups list all there are.
	Permissions(ctx context.Context) ([]auth.Permission, error)
	Groups(ctx context.Context) ([]auth.Group, error)
	// Group reads a group; [auth.ErrNoRow] when there is none.
	Group(ctx context.Context, id int64) (auth.Group, error)
	// SaveGroup stores a group and its permissions, a new one when its ID is 0, which
	// it is then given. [auth.ErrTaken] when another has its name.
	SaveGroup(ctx context.Context, group *auth.Group) error
	// DeleteGroup deletes a group and takes its members out.
	DeleteGroup(ctx context.Context, id int64) error
}

// SessionTx changes sessions.
type SessionTx interface {
	// SessionByID is [SessionStore.SessionByID], as things are in the transaction.
	SessionByID(ctx context.Context, id string) (auth.Session, auth.User, error)
	// EndSessions ends a user's sessions that are not over yet, but for one; it
	// returns their number.
	EndSessions(ctx context.Context, userID int64, at time.Time, except string) (int64, error)
	// EndSession ends one; it reports whether it was not over yet.
	EndSession(ctx context.Context, id string, at time.Time) (bool, error)
	// MarkSession lets a session go on with another password.
	MarkSession(ctx context.Context, id, passwordMark string) error
}

// TokenTx uses one-time tokens up.
type TokenTx interface {
	// UseToken uses a token up; [auth.ErrNoRow] unless it was open.
	UseToken(ctx context.Context, kind auth.TokenKind, hash string, at time.Time) error
}

// EventTx writes the audit log.
type EventTx interface {
	// LastEvent returns the newest event of an action about a target; [auth.ErrNoRow] without any.
	LastEvent(ctx context.Context, kind, targetID string, action auth.Action) (auth.Event, error)
	// Record stores an event, with the others at the end of the transaction.
	Record(event auth.Event)
}

// Passwords makes encoded passwords, a bounded number at a time.
type Passwords interface {
	auth.PasswordJudge

	// Admit takes a place before the pool, or fails with [auth.CodeBusy] after a short
	// wait. Clients take turns: one that asks often has its share, and no more. The caller
	// leaves when it has no more to hash.
	Admit(ctx context.Context, client auth.Client) (leave func(), err error)
	// Hash encodes a password by the current setting.
	Hash(ctx context.Context, password string) (string, error)
	// IsCommon reports whether password is one of those that everybody tries.
	IsCommon(password string) bool
}

// Breaches knows passwords that have become public.
type Breaches interface {
	// IsBreached reports whether a password is known from a data breach. Where that cannot
	// be found out in a moment it says no, and tells the log.
	IsBreached(ctx context.Context, password string) bool
}

// Confirmer checks a proof that a principal is who they are.
type Confirmer interface {
	// Confirm notes a good proof in by and their session. The error has CodeInvalid and
	// names the proof's kind as the field when it proves nothing.
	Confirm(ctx context.Context, by *auth.Principal, proof auth.Proof) error
}

// AttemptKeys names the counters of failed attempts.
type AttemptKeys interface {
	// AccountKey returns what the keys of an address's counters begin with.
	AccountKey(email string) string
}

// RelatedRows is how many rows of a sort belong to users.
type RelatedRows struct {
	Name  string // "sessions"
	Count int
}
