package token

import (
	"context"
	"crypto/ed25519"
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

// The iss of tokens that are signed with the secret, and the aud and client_id of all.
// They are fixed, so that a token of another program that happens to share the secret is
// none of ours. What is signed with Ed25519 says the public URL for iss, as RFC 9068 wants.
const (
	issuer   = "latchkey"
	audience = "latchkey"
	clientID = "latchkey" // there is one client: the app
)

// Alg is how new tokens are signed. Those of the other one stay good.
type Alg string

// The algorithms, by their names in RFC 7518 and RFC 8037.
const (
	HS256 Alg = "HS256"
	EdDSA Alg = "EdDSA"
)

// Keys are the keys of EdDSA: [keys.Service].
type Keys interface {
	// Signing returns the key that signs now.
	Signing(ctx context.Context) (id string, private ed25519.PrivateKey, err error)
	// Verifying returns the public key with an id. The error has [auth.CodeUnavailable]
	// when that cannot be told now.
	Verifying(ctx context.Context, id string) (ed25519.PublicKey, error)
}

// Config says how tokens are made and read.
type Config struct {
	Alg       Alg
	Secret    []byte
	Fallbacks [][]byte // accepted for reading
	Keys      Keys
	Issuer    string // the iss of tokens that are signed with EdDSA
}

// maxClockSkew is how far in the future iat may be: instances that share a
// secret do not share a clock.
const maxClockSkew = 30 * time.Second

// Codec implements [signin.Tokens]. It is safe for concurrent use.
type Codec struct {
	alg     Alg
	issuer  string
	signing key
	secrets map[string][]byte // by kid
	keys    Keys
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
	ClientID  string           `json:"client_id,omitempty"`
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

// New makes a Codec that signs as cfg says, and accepts what was signed with the secret,
// one of the fallbacks, or a key that is good.
func New(cfg Config, now func() time.Time) (*Codec, error) {
	signing, err := deriveKey(cfg.Secret)
	if err != nil {
		return nil, err
	}
	c := &Codec{
		alg:     cfg.Alg,
		issuer:  cfg.Issuer,
		signing: signing,
		secrets: map[string][]byte{signing.id: signing.secret},
		keys:    cfg.Keys,
		now:     now,
		// Each of these is off in the library's default.
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{string(HS256), string(EdDSA)}),
			jwt.WithExpirationRequired(),
			jwt.WithAudience(audience),
			jwt.WithTimeFunc(now),
			jwt.WithStrictDecoding(),
		),
	}
	for _, fallback := range cfg.Fallbacks {
		old, err := deriveKey(fallback)
		if err != nil {
			return nil, err
		}
		c.secrets[old.id] = old.secret
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
func (c *Codec) Issue(ctx context.Context, token auth.AccessToken) (string, error) {
	issuedAt, expiresAt := token.IssuedAt.Unix(), token.ExpiresAt.Unix()
	said := &claims{
		Issuer:    issuer,
		Subject:   strconv.FormatInt(token.UserID, 10),
		Audience:  jwt.ClaimStrings{audience},
		ExpiresAt: &expiresAt,
		IssuedAt:  &issuedAt,
		ID:        token.ID,
		SessionID: token.SessionID,
	}
	if c.alg != EdDSA {
		return sign(jwt.SigningMethodHS256, said, c.signing.id, c.signing.secret)
	}
	id, private, err := c.keys.Signing(ctx)
	if err != nil {
		return "", err
	}
	said.Issuer, said.ClientID = c.issuer, clientID
	return sign(jwt.SigningMethodEdDSA, said, id, private)
}

func sign(method jwt.SigningMethod, said *claims, kid string, key any) (string, error) {
	unsigned := jwt.NewWithClaims(method, said)
	unsigned.Header["typ"] = typeAccessToken
	unsigned.Header["kid"] = kid
	signed, err := unsigned.SignedString(key)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return signed, nil
}

// Parse implements [signin.Tokens].
func (c *Codec) Parse(ctx context.Context, raw string) (auth.AccessToken, error) {
	var said claims
	if err := checkForm(raw); err != nil {
		return auth.AccessToken{}, err
	}
	keyOf := func(unverified *jwt.Token) (any, error) { return c.keyOf(ctx, unverified) }
	if _, err := c.parser.ParseWithClaims(raw, &said, keyOf); err != nil {
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

// keyOf returns the key of a token, of the kind that its alg asks for: a public key is
// never a secret of HS256. With it go the type and, where others hold the secret too, the
// iss. Of EdDSA the key is the proof of who issued a token, which stays good when the
// public URL changes, and where two instances have two.
func (c *Codec) keyOf(ctx context.Context, unverified *jwt.Token) (any, error) {
	id, _ := unverified.Header["kid"].(string)
	typ, hasType := unverified.Header["typ"]
	said, _ := unverified.Claims.(*claims)
	if unverified.Method == jwt.SigningMethodEdDSA {
		if typ != typeAccessToken {
			return nil, errType
		}
		if !isID(id) {
			return nil, errors.New("unknown kid")
		}
		return c.keys.Verifying(ctx, id)
	}
	// RFC 7519 leaves typ out as it likes (section 5.1), and so did the reference.
	if hasType && typ != typeAccessToken && typ != typeJWT {
		return nil, errType
	}
	if said == nil || said.Issuer != issuer {
		return nil, errors.New("the token is of another issuer")
	}
	secret, known := c.secrets[id]
	if !known {
		return nil, errors.New("unknown kid")
	}
	return secret, nil
}

var errType = errors.New("the token is not of the type of an access token")
