package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Session is one login, on one device, until it is over. Every access token
// names the session that it belongs to.
type Session struct {
	ID        string
	UserID    int64
	Channel   Channel // where it was begun: [ChannelAPI] or [ChannelAdmin]
	CreatedAt time.Time
	RenewedAt time.Time  // when its newest token was issued
	ExpiresAt time.Time  // the absolute end, whatever the renewals
	RevokedAt *time.Time // when it was ended, if it was
	Address   string     // of the client that signed in
	UserAgent string     // of the client that signed in
	// PasswordMark is the mark of the password it began with. A password that
	// anybody changes, Django included, ends the session.
	PasswordMark string
	// ConfirmedAt is when the user last gave the password, at the admin site.
	ConfirmedAt *time.Time
}

// Client is the other end of a request, as far as the server can tell.
type Client struct {
	Address   string
	UserAgent string
}

// AccessToken is what a token says.
type AccessToken struct {
	ID        string // differs between any two tokens
	UserID    int64
	SessionID string
	IssuedAt  time.Time // whole seconds
	ExpiresAt time.Time // whole seconds
}

// Identity is who makes a request: a user in a session, by a token.
type Identity struct {
	User    User
	Session Session
	Token   AccessToken
	raw     string
}

// TokenGrant is an access token, as sent, and the user it speaks for.
type TokenGrant struct {
	AccessToken string
	User        User
}

// passwordMark tells two encoded passwords apart without holding either. The
// encoded password has a random salt, so its digest reveals nothing about the
// password.
func passwordMark(encoded string) string {
	sum := sha256.Sum256([]byte(encoded))
	return hex.EncodeToString(sum[:16])
}
