package repo

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// userRow is Django's table, column for column and in its order.
type userRow struct {
	bun.BaseModel `bun:"table:users_user,alias:u"`

	ID          int64      `bun:"id,pk,autoincrement"`
	Password    string     `bun:"password"`
	LastLogin   *time.Time `bun:"last_login"`
	IsSuperuser bool       `bun:"is_superuser"`
	FirstName   string     `bun:"first_name"`
	LastName    string     `bun:"last_name"`
	IsStaff     bool       `bun:"is_staff"`
	IsActive    bool       `bun:"is_active"`
	DateJoined  time.Time  `bun:"date_joined"`
	Email       string     `bun:"email"`
}

func toUserRow(u *auth.User) *userRow {
	return &userRow{
		ID:          u.ID,
		Password:    u.Password,
		LastLogin:   u.LastLogin,
		IsSuperuser: u.IsSuperuser,
		FirstName:   u.FirstName,
		LastName:    u.LastName,
		IsStaff:     u.IsStaff,
		IsActive:    u.IsActive,
		DateJoined:  u.DateJoined,
		Email:       u.Email,
	}
}

func (r *userRow) user() auth.User {
	return auth.User{
		ID:          r.ID,
		Email:       r.Email,
		Password:    r.Password,
		FirstName:   r.FirstName,
		LastName:    r.LastName,
		IsStaff:     r.IsStaff,
		IsActive:    r.IsActive,
		IsSuperuser: r.IsSuperuser,
		LastLogin:   inUTC(r.LastLogin),
		DateJoined:  r.DateJoined.UTC(),
	}
}

type sessionRow struct {
	bun.BaseModel `bun:"table:latchkey_session,alias:s"`

	ID           string     `bun:"id,pk"`
	UserID       int64      `bun:"user_id"`
	Channel      string     `bun:"channel"`
	CreatedAt    time.Time  `bun:"created_at"`
	RenewedAt    time.Time  `bun:"renewed_at"`
	ExpiresAt    time.Time  `bun:"expires_at"`
	RevokedAt    *time.Time `bun:"revoked_at"`
	Address      string     `bun:"address"`
	UserAgent    string     `bun:"user_agent"`
	PasswordMark string     `bun:"password_mark"`
	ConfirmedAt  *time.Time `bun:"confirmed_at"`
}

var _ = declare(table{name: "latchkey_session", key: "id", user: "user_id", called: "sessions", expires: "expires_at"})

func toSessionRow(s *auth.Session) *sessionRow {
	return &sessionRow{
		ID:           s.ID,
		UserID:       s.UserID,
		Channel:      string(s.Channel),
		CreatedAt:    s.CreatedAt,
		RenewedAt:    s.RenewedAt,
		ExpiresAt:    s.ExpiresAt,
		RevokedAt:    s.RevokedAt,
		Address:      s.Address,
		UserAgent:    s.UserAgent,
		PasswordMark: s.PasswordMark,
		ConfirmedAt:  s.ConfirmedAt,
	}
}

func (r *sessionRow) session() auth.Session {
	return auth.Session{
		ID:           r.ID,
		UserID:       r.UserID,
		Channel:      auth.Channel(r.Channel),
		CreatedAt:    r.CreatedAt.UTC(),
		RenewedAt:    r.RenewedAt.UTC(),
		ExpiresAt:    r.ExpiresAt.UTC(),
		RevokedAt:    inUTC(r.RevokedAt),
		Address:      r.Address,
		UserAgent:    r.UserAgent,
		PasswordMark: r.PasswordMark,
		ConfirmedAt:  inUTC(r.ConfirmedAt),
	}
}

type eventRow struct {
	bun.BaseModel `bun:"table:latchkey_event,alias:e"`

	ID         int64     `bun:"id,pk"`
	Version    int       `bun:"version"`
	At         time.Time `bun:"at"`
	Channel    string    `bun:"channel"`
	ActorID    *int64    `bun:"actor_id"`
	Actor      string    `bun:"actor"`
	Address    string    `bun:"address"`
	Action     string    `bun:"action"`
	TargetKind string    `bun:"target_kind"`
	TargetID   string    `bun:"target_id"`
	Target     string    `bun:"target"`
	Changes    string    `bun:"changes"`
	Hash       string    `bun:"hash"`
}

func toEventRow(e auth.Event) (*eventRow, error) {
	if e.Changes == nil {
		e.Changes = []auth.FieldChange{}
	}
	changes, err := json.Marshal(e.Changes)
	if err != nil {
		return nil, fmt.Errorf("writing an event: %w", err)
	}
	row := &eventRow{
		ID: e.ID, Version: e.Version, At: e.At, Channel: string(e.Channel), Actor: e.Actor, Address: e.Address, Action: string(e.Action),
		TargetKind: e.TargetKind, TargetID: e.TargetID, Target: e.Target, Changes: string(changes), Hash: e.Hash,
	}
	if e.ActorID != 0 {
		row.ActorID = &e.ActorID
	}
	return row, nil
}

// event returns what the row says. Changes that do not stand there as we write them were
// edited by somebody: they are shown as they are, and the event's hash tells of it.
func (r *eventRow) event() auth.Event {
	e := auth.Event{
		ID: r.ID, Version: r.Version, At: r.At.UTC(), Channel: auth.Channel(r.Channel), Actor: r.Actor, Address: r.Address, Action: auth.Action(r.Action),
		TargetKind: r.TargetKind, TargetID: r.TargetID, Target: r.Target, Hash: r.Hash,
	}
	if r.ActorID != nil {
		e.ActorID = *r.ActorID
	}
	err := json.Unmarshal([]byte(r.Changes), &e.Changes)
	if again, _ := json.Marshal(e.Changes); err != nil || e.Changes == nil || string(again) != r.Changes {
		e.Changes = []auth.FieldChange{{Field: "changes", After: r.Changes}}
	}
	return e
}

func inUTC(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	utc := t.UTC()
	return &utc
}
