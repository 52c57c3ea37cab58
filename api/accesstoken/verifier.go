package accesstoken

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Errors of [Verifier]; what comes wrapped with them is for the log.
var (
	// ErrInvalid says that a token is not good.
	ErrInvalid = errors.New("the access token is not good")
	// ErrUnavailable says that it cannot be told now: latchkey cannot be reached.
	ErrUnavailable = errors.New("access tokens cannot be checked right now")
)

// audience is the aud of every access token of latchkey.
const audience = "latchkey"

// maxTokenLength is several times that of any token that latchkey issues.
const maxTokenLength = 4096

// Config says whose tokens are good.
type Config struct {
	// Issuer is LATCHKEY_PUBLIC_URL of the latchkey whose users call.
	Issuer string
	// URL is where to reach that latchkey from here; "" means at Issuer.
	URL string
	// IntrospectionSecret is one of its LATCHKEY_INTROSPECTION_SECRET, for
	// [Verifier.Introspect] and [Verifier.RequireActive].
	IntrospectionSecret string
	// HTTP calls latchkey; nil means a client that waits for five seconds at most.
	HTTP *http.Client
	// Now is the time; nil means time.Now.
	Now func() time.Time
}

// Claims are what a token says.
type Claims struct {
	Subject   string // the user's id
	SessionID string
	ID        string // of the token
	IssuedAt  time.Time
	ExpiresAt time.Time
	Username  string // the user's e-mail address; only introspection knows it
}

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	cfg    Config
	keys   *keySet
	parser *jwt.Parser
}

// New returns a Verifier. It fetches nothing until there is a token.
func New(cfg Config) (*Verifier, error) {
	cfg.Issuer = strings.TrimSuffix(cfg.Issuer, "/")
	cfg.URL = strings.TrimSuffix(cmp.Or(cfg.URL, cfg.Issuer), "/")
	for _, each := range []string{cfg.Issuer, cfg.URL} {
		if u, err := url.Parse(each); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, errors.New("accesstoken: want an address like https://example.com for Issuer, and for URL")
		}
	}
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{Timeout: 5 * time.Second}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Verifier{
		cfg:  cfg,
		keys: &keySet{url: cfg.URL + "/.well-known/jwks.json", http: cfg.HTTP, now: cfg.Now},
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
			jwt.WithIssuer(cfg.Issuer),
			jwt.WithAudience(audience),
			jwt.WithExpirationRequired(),
			jwt.WithTimeFunc(cfg.Now),
			jwt.WithStrictDecoding(),
		),
	}, nil
}

// claims are those of RFC 9068, section 2.2, and the session's id.
type claims struct {
	jwt.RegisteredClaims

	SessionID string `json:"sid"`
}

// changesMeaning are header parameters that ask for something which nobody does here:
// extensions that must be understood (RFC 7515, section 4.1.11), a payload that is not
// encoded (RFC 7797), a compressed one (RFC 7516, section 4.1.3).
var changesMeaning = []string{"crit", "b64", "zip"}

// Verify returns what a token says, if latchkey signed it and it is not over. Its errors
// are [ErrInvalid] and [ErrUnavailable].
func (v *Verifier) Verify(ctx context.Context, raw string) (Claims, error) {
	var said claims
	if len(raw) > maxTokenLength {
		return Claims{}, ErrInvalid
	}
	_, err := v.parser.ParseWithClaims(raw, &said, func(unverified *jwt.Token) (any, error) {
		if unverified.Header["typ"] != "at+jwt" { // RFC 9068, section 4
			return nil, errors.New("not the type of an access token")
		}
		for _, name := range changesMeaning {
			if _, has := unverified.Header[name]; has {
				return nil, errors.New("its header asks for what is not done here")
			}
		}
		kid, _ := unverified.Header["kid"].(string)
		return v.keys.key(ctx, kid)
	})
	switch {
	case errors.Is(err, ErrUnavailable):
		return Claims{}, err
	case err != nil:
		return Claims{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	case said.Subject == "" || said.SessionID == "" || said.IssuedAt == nil:
		return Claims{}, fmt.Errorf("%w: it lacks a claim", ErrInvalid)
	}
	return Claims{
		Subject: said.Subject, SessionID: said.SessionID, ID: said.ID, IssuedAt: said.IssuedAt.Time, ExpiresAt: said.ExpiresAt.Time,
	}, nil
}

// Introspect asks latchkey whether a token is good right now (RFC 7662), however it is
// signed, and returns what it says. Its errors are [ErrInvalid] and [ErrUnavailable].
func (v *Verifier) Introspect(ctx context.Context, raw string) (Claims, error) {
	if len(raw) > maxTokenLength {
		return Claims{}, ErrInvalid
	}
	form := strings.NewReader(url.Values{"token": {raw}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, v.cfg.URL+"/api/v1/users/introspect/", form)
	if err != nil {
		return Claims{}, errors.Join(ErrUnavailable, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Bearer "+v.cfg.IntrospectionSecret)
	answer, err := v.cfg.HTTP.Do(request)
	if err != nil {
		return Claims{}, errors.Join(ErrUnavailable, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK { // a wrong secret is our fault, not the caller's
		return Claims{}, fmt.Errorf("%w: introspection answers %s", ErrUnavailable, answer.Status)
	}
	var said struct {
		Active                  bool
		Sub, Sid, Jti, Username string
		Iat, Exp                int64
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(&said); err != nil {
		return Claims{}, errors.Join(ErrUnavailable, err)
	}
	if !said.Active {
		return Claims{}, ErrInvalid
	}
	return Claims{
		Subject: said.Sub, SessionID: said.Sid, ID: said.Jti, Username: said.Username,
		IssuedAt: time.Unix(said.Iat, 0), ExpiresAt: time.Unix(said.Exp, 0),
	}, nil
}
