package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Action is what an event tells of.
type Action string

// The actions.
const (
	ActionCreated          Action = "created"
	ActionChanged          Action = "changed"
	ActionDeleted          Action = "deleted"
	ActionPasswordSet      Action = "password set"
	ActionPasswordUpgraded Action = "password upgraded"
	ActionSignedIn         Action = "signed in"
	ActionSignedOut        Action = "signed out"
	ActionSessionsEnded    Action = "sessions ended"
	ActionLocked           Action = "locked"
	ActionUnlocked         Action = "unlocked"
	ActionRevoked          Action = "revoked"
)

// The kinds of target that events have.
const (
	TargetUser  = "user"
	TargetGroup = "group"
	TargetKey   = "signing key"
)

// Event tells of a change: who made it, when, from where, to what. Events are
// numbered from 1 without a gap, and each holds the hash of the one before it, so
// that an event that was edited or taken out afterwards is found (package audit).
type Event struct {
	ID         int64 // set by the store
	Version    int   // of its form; set by the store, to [EventVersion]
	At         time.Time
	Channel    Channel
	ActorID    int64 // 0: nobody who has an account
	Actor      string
	Address    string
	Action     Action
	TargetKind string
	TargetID   string
	Target     string // how people knew it then
	Changes    []FieldChange
	Hash       string // set by the store
}

// FieldChange is what became of a field. It never holds a password, in whatever
// encoding, nor a token.
type FieldChange struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// EventVersion is the version of the form that new events have. What an event of a
// version says, and how it is hashed, never changes: a further field makes a further
// version, or every old event would look edited.
const EventVersion = 1

// Chain returns the event's hash: SHA-256 over the hash of the event before it and
// all that this one says, in the form of its version. The error names a version that
// this program does not know.
func (e Event) Chain(previous string) (string, error) {
	if e.Version != EventVersion {
		return "", fmt.Errorf("event %d has the form of version %d, and this program knows version %d", e.ID, e.Version, EventVersion)
	}
	if e.Changes == nil {
		e.Changes = []FieldChange{} // as it is read again
	}
	text, err := json.Marshal([]any{
		previous, e.Version, e.ID, e.At.UTC().Format("2006-01-02T15:04:05.000000Z"), e.Channel, e.ActorID, e.Actor, e.Address,
		e.Action, e.TargetKind, e.TargetID, e.Target, e.Changes,
	})
	if err != nil {
		return "", fmt.Errorf("hashing an event: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Event begins an event that the principal causes.
func (p *Principal) Event(at time.Time, action Action) Event {
	return Event{
		At: at, Channel: p.Channel, ActorID: p.User.ID, Actor: p.Name, Address: p.Client.Address, Action: action,
	}
}

// OnUser returns the event as one about a user.
func (e Event) OnUser(user User) Event {
	e.TargetKind, e.TargetID, e.Target = TargetUser, strconv.FormatInt(user.ID, 10), user.Email
	return e
}

// OnGroup returns the event as one about a group.
func (e Event) OnGroup(group Group) Event {
	e.TargetKind, e.TargetID, e.Target = TargetGroup, strconv.FormatInt(group.ID, 10), group.Name
	return e
}

// With returns the event with what was changed.
func (e Event) With(changes ...FieldChange) Event {
	e.Changes = changes
	return e
}

// FieldSession is the change that tells where a session that was ended had begun.
const FieldSession = "session"

// WithoutClient returns the event without addresses and browsers, for who may know what
// was done and not from where.
func (e Event) WithoutClient() Event {
	e.Address = ""
	e.Changes = slices.DeleteFunc(slices.Clone(e.Changes), func(c FieldChange) bool { return c.Field == FieldSession })
	return e
}
