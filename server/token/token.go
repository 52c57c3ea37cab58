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

// Codec implements [auth.Tokens]. It is safe for concurrent use.
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
// Connect Front-Channel Logout, section 3).
type claims struct {
	jwt.RegisteredClaims
	SessionID string `json:"sid"`
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

// Issue implements [auth.Tokens].
func (c *Codec) Issue(token auth.AccessToken) (string, error) {
	unsigned := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Audience:  jwt.ClaimStrings{audience},
			Subject:   strconv.FormatInt(token.UserID, 10),
			ID:        token.ID,
			IssuedAt:  jwt.NewNumericDate(token.IssuedAt),
			ExpiresAt: jwt.NewNumericDate(token.ExpiresAt),
		},
		SessionID: token.SessionID,
	})
	unsigned.Header["kid"] = c.signing.id
	signed, err := unsigned.SignedString(c.signing.secret)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return signed, nil
}

// Parse implements [auth.Tokens].
func (c *Codec) Parse(raw string) (auth.AccessToken, error) {
	var said claims
	if _, err := c.parser.ParseWithClaims(raw, &said, c.keyOf); err != nil {
		return auth.AccessToken{}, fmt.Errorf("the token is not good: %w", err)
	}
	userID, err := strconv.ParseInt(said.Subject, 10, 64)
	switch {
	case err != nil, strconv.FormatInt(userID, 10) != said.Subject:
		return auth.AccessToken{}, errors.New("the token's sub is not a user id")
	case said.SessionID == "":
		return auth.AccessToken{}, errors.New("the token has no sid")
	case said.IssuedAt == nil:
		return auth.AccessToken{}, errors.New("the token has no iat")
	case said.IssuedAt.After(c.now().Add(maxClockSkew)):
		return auth.AccessToken{}, errors.New("the token is from the future")
	}
	return auth.AccessToken{
		ID:        said.ID,
		UserID:    userID,
		SessionID: said.SessionID,
		IssuedAt:  said.IssuedAt.Time,
		ExpiresAt: said.ExpiresAt.Time,
	}, nil
}

func (c *Codec) keyOf(unverified *jwt.Token) (any, error) {
	id, _ := unverified.Header["kid"].(string)
	secret, known := c.keys[id]
	if !known {
		return nil, errors.New("unknown kid")
	}
	return secret, nil
}
