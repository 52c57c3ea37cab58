package repo

import (
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
	CreatedAt    time.Time  `bun:"created_at"`
	RenewedAt    time.Time  `bun:"renewed_at"`
	ExpiresAt    time.Time  `bun:"expires_at"`
	RevokedAt    *time.Time `bun:"revoked_at"`
	Address      string     `bun:"address"`
	UserAgent    string     `bun:"user_agent"`
	PasswordMark string     `bun:"password_mark"`
}

func toSessionRow(s *auth.Session) *sessionRow {
	return &sessionRow{
		ID:           s.ID,
		UserID:       s.UserID,
		CreatedAt:    s.CreatedAt,
		RenewedAt:    s.RenewedAt,
		ExpiresAt:    s.ExpiresAt,
		RevokedAt:    s.RevokedAt,
		Address:      s.Address,
		UserAgent:    s.UserAgent,
		PasswordMark: s.PasswordMark,
	}
}

func (r *sessionRow) session() auth.Session {
	return auth.Session{
		ID:           r.ID,
		UserID:       r.UserID,
		CreatedAt:    r.CreatedAt.UTC(),
		RenewedAt:    r.RenewedAt.UTC(),
		ExpiresAt:    r.ExpiresAt.UTC(),
		RevokedAt:    inUTC(r.RevokedAt),
		Address:      r.Address,
		UserAgent:    r.UserAgent,
		PasswordMark: r.PasswordMark,
	}
}

type attemptRow struct {
	bun.BaseModel `bun:"table:latchkey_failed_attempt,alias:a"`

	Key      string    `bun:"key,pk"`
	Failures int       `bun:"failures"`
	Since    time.Time `bun:"since"`
}

func (r *attemptRow) attempts() auth.FailedAttempts {
	return auth.FailedAttempts{Key: r.Key, Count: r.Failures, Since: r.Since.UTC()}
}

func inUTC(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	utc := t.UTC()
	return &utc
}
