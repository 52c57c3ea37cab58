package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"time"
)

// The limits of a session on the admin site. OWASP's Session Management Cheat Sheet
// asks for an idle and an absolute one.
const (
	AdminIdle     = time.Hour
	AdminLifetime = 24 * time.Hour
)

// Session is one login, on one device, until it is over. Every access token of the
// API and every cookie of the admin site names the session that it belongs to.
type Session struct {
	ID        string
	UserID    int64
	Channel   Channel // where it was begun: [ChannelAPI] or [ChannelAdmin]
	CreatedAt time.Time
	RenewedAt time.Time  // when its newest token was issued, or when it was last used
	ExpiresAt time.Time  // the absolute end, whatever the renewals
	RevokedAt *time.Time // when it was ended, if it was
	Address   string     // of the client that signed in
	UserAgent string     // of the client that signed in
	// PasswordMark is the mark of the password it began with. A password that
	// anybody changes, Django included, ends the session.
	PasswordMark string
	// ConfirmedAt is when the user last proved that it is them.
	ConfirmedAt *time.Time
}

// IsOver reports whether nothing can be done in the session any more.
func (s Session) IsOver(now time.Time) bool {
	return s.RevokedAt != nil || !now.Before(s.ExpiresAt)
}

// Check returns why user cannot act in the session on a channel at a time, or nil. It
// is the one check of a session: at each request, and in the transaction that changes
// something for it.
func (s Session) Check(user User, channel Channel, now time.Time) error {
	switch {
	case s.UserID != user.ID:
		return errors.New("the session is another user's")
	case s.Channel != channel:
		return errors.New("the session is of another channel")
	case s.RevokedAt != nil:
		return errors.New("the session was ended")
	case !now.Before(s.ExpiresAt):
		return errors.New("the session has reached its absolute end")
	case channel == ChannelAdmin && now.Sub(s.RenewedAt) >= AdminIdle:
		return errors.New("nothing was done in the session for an hour")
	case subtle.ConstantTimeCompare([]byte(s.PasswordMark), []byte(PasswordMark(user.Password))) != 1:
		return errors.New("the password has changed")
	}
	return user.CheckChannel(channel)
}

// UserSession is a session and whose it is.
type UserSession struct {
	Session
	Email string
}

// AccessToken is what a token says.
type AccessToken struct {
	ID        string // differs between any two tokens
	UserID    int64
	SessionID string
	IssuedAt  time.Time // whole seconds
	ExpiresAt time.Time // whole seconds
	Raw       string    // as it was sent; empty while it is not issued
}

// TokenGrant is an access token, as sent, and the user it speaks for.
type TokenGrant struct {
	AccessToken string
	User        User
	// DeviceToken is what the next login on the same device is to bring along; "" unless
	// this is one.
	DeviceToken string
}

// PasswordMark tells two encoded passwords apart without holding either. The
// encoded password has a random salt, so its digest reveals nothing about the
// password.
func PasswordMark(encoded string) string {
	sum := sha256.Sum256([]byte(encoded))
	return hex.EncodeToString(sum[:16])
}
