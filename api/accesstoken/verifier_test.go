package accesstoken

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const issuer = "https://example.com"

// publisher is a latchkey with one key, at noon.
type publisher struct {
	*httptest.Server

	now     time.Time
	private ed25519.PrivateKey
	kid     string
	fetched int
	broken  bool
	silent  func() // called before it answers
}

func newPublisher(t *testing.T) *publisher {
	t.Helper()
	p := &publisher{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), kid: "one", private: ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", 32)))}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.fetched++
		if p.silent != nil {
			p.silent()
		}
		if p.broken {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=300")
		x := base64.RawURLEncoding.EncodeToString(p.private[32:])
		fmt.Fprintf(w, `{"keys":[{"kty":"RSA","kid":"other","n":"x"},{"kty":"OKP","crv":"Ed25519","kid":"short","x":"AAAA"},{"kty":"OKP","crv":"Ed25519","kid":%q,"x":%q}]}`, p.kid, x)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) verifier(t *testing.T) *Verifier {
	t.Helper()
	v, err := New(Config{Issuer: issuer, URL: p.URL, Now: func() time.Time { return p.now }})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (p *publisher) token(t *testing.T, change func(header map[string]any, claims jwt.MapClaims)) string {
	t.Helper()
	made := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{})
	claims := jwt.MapClaims{
		"iss": issuer, "aud": []string{"latchkey"}, "sub": "1", "sid": "sid1", "jti": "jti1", "client_id": "latchkey",
		"iat": p.now.Unix(), "exp": p.now.Add(24 * time.Hour).Unix(),
	}
	made.Claims, made.Header["typ"], made.Header["kid"] = claims, "at+jwt", p.kid
	if change != nil {
		change(made.Header, claims)
	}
	raw, err := made.SignedString(p.private)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestVerify(t *testing.T) {
	t.Parallel()
	p := newPublisher(t)
	v := p.verifier(t)
	said, err := v.Verify(t.Context(), p.token(t, nil))
	if err != nil || said.Subject != "1" || said.SessionID != "sid1" || said.ID != "jti1" || !said.ExpiresAt.Equal(p.now.Add(24*time.Hour)) {
		t.Fatalf("says %+v, %v", said, err)
	}
	for name, change := range map[string]func(map[string]any, jwt.MapClaims){
		"another issuer":        func(_ map[string]any, c jwt.MapClaims) { c["iss"] = "https://other.example.com" },
		"another audience":      func(_ map[string]any, c jwt.MapClaims) { c["aud"] = "other" },
		"no audience":           func(_ map[string]any, c jwt.MapClaims) { delete(c, "aud") },
		"over":                  func(_ map[string]any, c jwt.MapClaims) { c["exp"] = p.now.Unix() },
		"no end":                func(_ map[string]any, c jwt.MapClaims) { delete(c, "exp") },
		"no user":               func(_ map[string]any, c jwt.MapClaims) { delete(c, "sub") },
		"no session":            func(_ map[string]any, c jwt.MapClaims) { delete(c, "sid") },
		"no beginning":          func(_ map[string]any, c jwt.MapClaims) { delete(c, "iat") },
		"the type JWT":          func(h map[string]any, _ jwt.MapClaims) { h["typ"] = "JWT" },
		"no type":               func(h map[string]any, _ jwt.MapClaims) { delete(h, "typ") },
		"crit":                  func(h map[string]any, _ jwt.MapClaims) { h["crit"] = []string{"x"} },
		"b64":                   func(h map[string]any, _ jwt.MapClaims) { h["b64"] = true },
		"zip":                   func(h map[string]any, _ jwt.MapClaims) { h["zip"] = "DEF" },
		"the alg none":          func(h map[string]any, _ jwt.MapClaims) { h["alg"] = "none" },
		"the alg HS256":         func(h map[string]any, _ jwt.MapClaims) { h["alg"] = "HS256" },
		"a kid that is a list":  func(h map[string]any, _ jwt.MapClaims) { h["kid"] = []string{"one"} },
		"a key of another type": func(h map[string]any, _ jwt.MapClaims) { h["kid"] = "other" },
		"a key that is short":   func(h map[string]any, _ jwt.MapClaims) { h["kid"] = "short" },
		"too long":              func(_ map[string]any, c jwt.MapClaims) { c["x"] = strings.Repeat("x", maxTokenLength) },
	} {
		if said, err := v.Verify(t.Context(), p.token(t, change)); !errors.Is(err, ErrInvalid) || said != (Claims{}) {
			t.Errorf("%s: %+v, %v", name, said, err)
		}
	}
}

// While a latchkey that does not answer is asked for a key, tokens of a key at hand are
// verified: else whoever makes up a kid keeps everybody waiting.
func TestAGoodTokenDoesNotWaitForAnAnswer(t *testing.T) {
	t.Parallel()
	p := newPublisher(t)
	asked, release := make(chan struct{}), make(chan struct{})
	v, err := New(Config{Issuer: issuer, URL: p.URL, Now: func() time.Time { return p.now }, HTTP: &http.Client{}})
	if err != nil {
		t.Fatal(err)
	}
	good := p.token(t, nil)
	madeUp := p.token(t, func(h map[string]any, _ jwt.MapClaims) { h["kid"] = "made-up" })
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	p.now = p.now.Add(5 * time.Minute) // now the keys are to be fetched anew
	p.silent = func() { close(asked); <-release }
	answered := make(chan error)
	go func() {
		_, err := v.Verify(t.Context(), madeUp)
		answered <- err
	}()
	<-asked
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Error(err)
	}
	close(release)
	if err := <-answered; !errors.Is(err, ErrInvalid) {
		t.Errorf("a kid that is made up: %v", err)
	}
}

func TestHowOftenKeysAreFetched(t *testing.T) {
	t.Parallel()
	p := newPublisher(t)
	v := p.verifier(t)
	good := p.token(t, nil)
	madeUp := p.token(t, func(h map[string]any, _ jwt.MapClaims) { h["kid"] = "made-up" })
	verify := func(raw string, want error, fetched int) {
		t.Helper()
		if _, err := v.Verify(t.Context(), raw); !errors.Is(err, want) {
			t.Errorf("answers %v, want %v", err, want)
		}
		if p.fetched != fetched {
			t.Errorf("fetched %d times, want %d", p.fetched, fetched)
		}
	}
	verify(good, nil, 1)
	verify(good, nil, 1)
	p.now = p.now.Add(time.Second)
	verify(madeUp, ErrInvalid, 2)
	p.now = p.now.Add(fetchEvery - 1)
	verify(madeUp, ErrUnavailable, 2) // whether there is one cannot be told yet
	p.now = p.now.Add(5 * time.Minute)
	verify(good, nil, 3)
	p.broken = true
	p.now = p.now.Add(5 * time.Minute)
	verify(good, nil, 4)
	verify(good, nil, 4)
	p.now = p.now.Add(keepWithout)
	verify(good, ErrUnavailable, 5)
	p.broken = false
	p.now = p.now.Add(fetchEvery)
	verify(good, nil, 6)
}

func TestAnswersOfTheMiddleware(t *testing.T) {
	t.Parallel()
	p := newPublisher(t)
	good := p.token(t, nil)
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said, _ := FromContext(r.Context())
		_, _ = w.Write([]byte(said.Subject))
	})
	require := p.verifier(t).Require(next)
	away := p.verifier(t)
	away.keys.url, away.cfg.URL = "http://127.0.0.1:1/", "http://127.0.0.1:1"
	for name, c := range map[string]struct {
		handler   http.Handler
		headers   []string
		status    int
		challenge string
	}{
		"good":               {require, []string{"Bearer " + good}, 200, ""},
		"in another case":    {require, []string{"bearer " + good}, 200, ""},
		"nothing":            {require, nil, 401, "Bearer"},
		"another scheme":     {require, []string{"Basic x"}, 401, "Bearer"},
		"two":                {require, []string{"Bearer " + good, "Bearer " + good}, 401, "Bearer"},
		"no token":           {require, []string{"Bearer x"}, 401, `Bearer error="invalid_token"`},
		"latchkey is away":   {away.Require(next), []string{"Bearer " + good}, 503, ""},
		"nobody to be asked": {away.RequireActive(next), []string{"Bearer " + good}, 503, ""},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header["Authorization"] = c.headers
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("WWW-Authenticate") != c.challenge || (w.Code == 200) != (w.Body.String() == "1") {
			t.Errorf("%s: answers %d %q %s", name, w.Code, w.Header(), w.Body)
		}
		if (w.Code == 503) != (w.Header().Get("Retry-After") == "1") {
			t.Errorf("%s: Retry-After is %q", name, w.Header().Get("Retry-After"))
		}
	}
}

func TestConfigsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{{}, {Issuer: "example.com"}, {Issuer: "ftp://example.com"}, {Issuer: issuer, URL: "//x"}} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}
