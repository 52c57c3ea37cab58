// Package token makes and reads access tokens: JWTs (RFC 7519) signed with
// HMAC-SHA-256. It is the only place that knows the JWT library.
package token

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// The iss and aud of every token. They are fixed, so that a token of another
// program that happens to share the secret is none of ours.
const (
	issuer   = "latchkey"
	audience = "latchkey"
)

// maxClockSkew is how far in the future iat may be: instances that share a
// secret do not share a clock.
const maxClockSkew = 30 * time.Second

// Codec implements [signin.Tokens]. It is safe for concurrent use.
type Codec struct {
	signing key
	keys    map[string][]byte // by kid
	parser  *jwt.Parser
	now     func() time.Time
}

type key struct {
	id     string
	secret []byte
}

// claims are RFC 7519's registered ones and the session's id (sid, as in OpenID
// Connect Front-Channel Logout, section 3). Times are whole seconds: the
// library's own type takes text and 1e300 for a number too.
type claims struct {
	Issuer    string           `json:"iss"`
	Subject   string           `json:"sub"`
	Audience  jwt.ClaimStrings `json:"aud"`
	ExpiresAt *int64           `json:"exp"`
	IssuedAt  *int64           `json:"iat"`
	NotBefore *int64           `json:"nbf,omitempty"`
	ID        string           `json:"jti"`
	SessionID string           `json:"sid"`
}

var _ jwt.Claims = (*claims)(nil)

// GetExpirationTime implements [jwt.Claims].
func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return date(c.ExpiresAt) }

// GetIssuedAt implements [jwt.Claims].
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error) { return date(c.IssuedAt) }

// GetNotBefore implements [jwt.Claims].
func (c *claims) GetNotBefore() (*jwt.NumericDate, error) { return date(c.NotBefore) }

// GetIssuer implements [jwt.Claims].
func (c *claims) GetIssuer() (string, error) { return c.Issuer, nil }

// GetSubject implements [jwt.Claims].
func (c *claims) GetSubject() (string, error) { return c.Subject, nil }

// GetAudience implements [jwt.Claims].
func (c *claims) GetAudience() (jwt.ClaimStrings, error) { return c.Audience, nil }

// lastSecond is the end of the year 9999. Go's times wrap around far beyond it.
const lastSecond = 253402300799

func date(seconds *int64) (*jwt.NumericDate, error) {
	if seconds == nil {
		return nil, nil //nolint:nilnil // the library's way to say that a claim is missing
	}
	if *seconds < 0 || *seconds > lastSecond {
		return nil, errors.New("a time out of range")
	}
	return jwt.NewNumericDate(time.Unix(*seconds, 0)), nil
}

// New makes a Codec that signs with secret, and accepts what was signed with it
// or with one of the fallbacks.
func New(secret []byte, fallbacks [][]byte, now func() time.Time) (*Codec, error) {
	signing, err := deriveKey(secret)
	if err != nil {
		return nil, err
	}
	c := &Codec{
		signing: signing,
		keys:    map[string][]byte{signing.id: signing.secret},
		now:     now,
		// Each of these is off in the library's default.
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithExpirationRequired(),
			jwt.WithIssuer(issuer),
			jwt.WithAudience(audience),
			jwt.WithTimeFunc(now),
			jwt.WithStrictDecoding(),
		),
	}
	for _, fallback := range fallbacks {
		old, err := deriveKey(fallback)
		if err != nil {
			return nil, err
		}
		c.keys[old.id] = old.secret
	}
	return c, nil
}

// deriveKey keeps the secret itself out of signatures, and gives it a name that
// tells nothing about it.
func deriveKey(secret []byte) (key, error) {
	signing, err := hkdf.Key(sha256.New, secret, nil, "latchkey access token", sha256.Size)
	if err != nil {
		return key{}, fmt.Errorf("deriving the signing key: %w", err)
	}
	id, err := hkdf.Key(sha256.New, secret, nil, "latchkey access token key id", 4)
	if err != nil {
		return key{}, fmt.Errorf("deriving the key id: %w", err)
	}
	return key{id: hex.EncodeToString(id), secret: signing}, nil
}

// Issue implements [signin.Tokens].
func (c *Codec) Issue(token auth.AccessToken) (string, error) {
	issuedAt, expiresAt := token.IssuedAt.Unix(), token.ExpiresAt.Unix()
	unsigned := jwt.NewWithClaims(jwt.SigningMethodHS256, &claims{
		Issuer:    issuer,
		Subject:   strconv.FormatInt(token.UserID, 10),
		Audience:  jwt.ClaimStrings{audience},
		ExpiresAt: &expiresAt,
		IssuedAt:  &issuedAt,
		ID:        token.ID,
		SessionID: token.SessionID,
	})
	unsigned.Header["kid"] = c.signing.id
	signed, err := unsigned.SignedString(c.signing.secret)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return signed, nil
}

// Parse implements [signin.Tokens].
func (c *Codec) Parse(raw string) (auth.AccessToken, error) {
	var said claims
	if strings.ContainsAny(raw, "\r\n") { // Go's base64 passes over them
		return auth.AccessToken{}, errors.New("the token has line breaks")
	}
	if _, err := c.parser.ParseWithClaims(raw, &said, c.keyOf); err != nil {
		return auth.AccessToken{}, fmt.Errorf("the token is not good: %w", err)
	}
	userID, err := strconv.ParseInt(said.Subject, 10, 64)
	switch {
	case err != nil, strconv.FormatInt(userID, 10) != said.Subject:
		return auth.AccessToken{}, errors.New("the token's sub is not a user id")
	case !isID(said.SessionID):
		return auth.AccessToken{}, errors.New("the token's sid is not a session's id")
	case said.IssuedAt == nil:
		return auth.AccessToken{}, errors.New("the token has no iat")
	}
	issuedAt, expiresAt := time.Unix(*said.IssuedAt, 0), time.Unix(*said.ExpiresAt, 0)
	if *said.IssuedAt < 0 || *said.IssuedAt > lastSecond || issuedAt.After(c.now().Add(maxClockSkew)) {
		return auth.AccessToken{}, errors.New("the token is from the future")
	}
	return auth.AccessToken{
		ID:        said.ID,
		UserID:    userID,
		SessionID: said.SessionID,
		IssuedAt:  issuedAt,
		ExpiresAt: expiresAt,
	}, nil
}

// maxIDLength is that of the database's column.
const maxIDLength = 32

// isID reports whether text can be an id that we made: databases refuse some of
// what it could be otherwise, a NUL for one.
func isID(text string) bool {
	foreign := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	return text != "" && len(text) <= maxIDLength && !strings.ContainsFunc(text, foreign)
}

func (c *Codec) keyOf(unverified *jwt.Token) (any, error) {
	id, _ := unverified.Header["kid"].(string)
	secret, known := c.keys[id]
	if !known {
		return nil, errors.New("unknown kid")
	}
	return secret, nil
}
