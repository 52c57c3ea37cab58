package tests

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
	"github.com/latchkey-auth/latchkey/server/config"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

func withEdDSA(cfg *config.Config) { cfg.TokenAlg = "EdDSA" }

var operator = auth.CommandLine("ops")

// session asks for the session of a token, and renews it when it is time.
func session(token string) apptest.Request {
	return apptest.Request{Method: "POST", Path: "/users/session/", Token: token}
}

// published reads the keys that an app publishes at the root.
func published(t testing.TB, app *apptest.App) (set gen.KeySet, header http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, app.URL+"/.well-known/jwks.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := app.Transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the keys: %s", answer.Status)
	}
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil {
		t.Fatal(err)
	}
	return set, answer.Header
}

// A token of EdDSA is one after RFC 9068, and the published key verifies it.
// ASVS 9.2.2, 9.2.3, 9.2.4
func TestATokenThatOthersCanVerify(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL, withEdDSA)
		if set, _ := published(t, app); set.Keys == nil || len(set.Keys) != 0 {
			t.Errorf("before the first login these are published: %v", set)
		}
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		token := app.Login(t, alice)
		app.Clock.Advance(time.Second)
		set, header := published(t, app)
		if len(set.Keys) != 1 {
			t.Fatalf("these are published: %v", set)
		}
		if got := header.Get("Cache-Control"); got != "public, max-age=300" {
			t.Errorf("Cache-Control is %q", got)
		}
		x, err := base64.RawURLEncoding.DecodeString(set.Keys[0].X)
		if err != nil {
			t.Fatal(err)
		}
		claims := jwt.MapClaims{}
		parsed, err := jwt.NewParser(jwt.WithTimeFunc(app.Clock.Now)).ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return ed25519.PublicKey(x), nil })
		if err != nil {
			t.Fatal(err)
		}
		if parsed.Header["alg"] != "EdDSA" || parsed.Header["typ"] != "at+jwt" || parsed.Header["kid"] != set.Keys[0].Kid || len(parsed.Header) != 3 {
			t.Errorf("its header is %v", parsed.Header)
		}
		for name, want := range map[string]any{"iss": "http://localhost:8080", "client_id": "latchkey", "sub": "1"} {
			if claims[name] != want {
				t.Errorf("its %s is %v, want %v", name, claims[name], want)
			}
		}
		wantStatus(t, app, session(token), http.StatusOK, "")
		if log := app.Log.String(); strings.Contains(log, token) {
			t.Error("the log has the token")
		}
		noPrivateKeyInTheLog(t, app)
	})
}

func noPrivateKeyInTheLog(t *testing.T, app *apptest.App) {
	t.Helper()
	_, private, err := app.Keys.Signing(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var sealed string
	if err := app.DB(t).QueryRowContext(t.Context(), "SELECT sealed FROM latchkey_signing_key").Scan(&sealed); err != nil {
		t.Fatal(err)
	}
	seed := private.Seed()
	for _, text := range []string{sealed, base64.StdEncoding.EncodeToString(seed), base64.RawURLEncoding.EncodeToString(seed), string(seed)} {
		if strings.Contains(app.Log.String(), text) {
			t.Error("the log has a private key")
		}
	}
	if strings.Contains(sealed, base64.StdEncoding.EncodeToString(seed)[:20]) {
		t.Error("the database has a private key that is not encrypted")
	}
}

func TestTheKeysAreNotSentTwice(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t), withEdDSA)
	get := func(etag string) apptest.Response {
		in := apptest.Request{Method: "GET", Path: "/.well-known/jwks.json", Header: http.Header{}}
		if etag != "" {
			in.Header.Set("If-None-Match", etag)
		}
		return app.Do(t, in)
	}
	etag := get("").Header.Get("ETag")
	for _, same := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
		if got := get(same); got.Status != http.StatusNotModified || got.Body != "" || got.Header.Get("ETag") != etag || got.Header.Get("Cache-Control") == "" {
			t.Errorf("%s: answers %d with %v", same, got.Status, got.Header)
		}
	}
	if _, err := app.Keys.Rotate(t.Context(), operator); err != nil {
		t.Fatal(err)
	}
	app.Clock.Advance(time.Second)
	if got := get(etag); got.Status != http.StatusOK || got.Header.Get("ETag") == etag {
		t.Errorf("with a further key it answers %d, %s", got.Status, got.Header.Get("ETag"))
	}
}

// Switching signs nobody out, there and back, and neither does another public URL.
// ASVS 9.1.2
func TestSwitchingTheAlgorithmSignsNobodyOut(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		before := apptest.Start(t, databaseURL)
		during := apptest.Start(t, databaseURL, withEdDSA)
		moved := apptest.Start(t, databaseURL, withEdDSA, func(c *config.Config) { c.PublicURL = "https://other.example.com" })
		alice := before.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		for _, app := range []*apptest.App{before, during, moved} {
			token := app.Login(t, alice)
			for _, other := range []*apptest.App{before, during, moved} {
				wantStatus(t, other, session(token), http.StatusOK, "")
			}
		}
	})
}

// A token of EdDSA that holds in every respect but one.
// ASVS 9.1.1, 9.1.2
func TestAForgedTokenOfEdDSA(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t), withEdDSA)
	alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
	sid := sidOf(t, app.Login(t, alice))
	kid, private, err := app.Keys.Signing(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	public, _ := private.Public().(ed25519.PublicKey)
	_, foreign, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	shared := newForger(t, apptest.Secret)
	type making struct {
		method jwt.SigningMethod
		key    any
		header map[string]any
		claims jwt.MapClaims
	}
	for name, change := range map[string]func(m *making){
		"":                                   func(*making) {},
		"another key":                        func(m *making) { m.key = foreign },
		"HS256 by the public key":            func(m *making) { m.method, m.key = jwt.SigningMethodHS256, []byte(public) },
		"HS256 by the secret, under its kid": func(m *making) { m.method, m.key = jwt.SigningMethodHS256, shared.key },
		"unsigned":                           func(m *making) { m.method, m.key = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType },
		"the kid of the secret":              func(m *making) { m.header["kid"] = shared.kid },
		"an unknown kid":                     func(m *making) { m.header["kid"] = strings.Repeat("0", 32) },
		"a kid that is SQL":                  func(m *making) { m.header["kid"] = "' OR '1'='1" },
		"no kid":                             func(m *making) { delete(m.header, "kid") },
		"the typ of before":                  func(m *making) { m.header["typ"] = "JWT" },
		"no typ":                             func(m *making) { delete(m.header, "typ") },
		"crit":                               func(m *making) { m.header["crit"] = []string{"x"} },
		"a key that the header brings along": func(m *making) { m.header["jwk"] = map[string]string{"kty": "OKP"}; m.key = foreign },
		"another audience":                   func(m *making) { m.claims["aud"] = "other" },
		"expired":                            func(m *making) { m.claims["exp"] = app.Clock.Now().Unix() },
		"a sid in another case":              func(m *making) { m.claims["SID"] = sid },
	} {
		now := app.Clock.Now()
		m := &making{method: jwt.SigningMethodEdDSA, key: private, header: map[string]any{"typ": "at+jwt", "kid": kid}, claims: jwt.MapClaims{
			"iss": "http://localhost:8080", "aud": "latchkey", "sub": "1", "sid": sid, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "jti": "forged",
		}}
		change(m)
		m.header["alg"] = m.method.Alg()
		forged := &jwt.Token{Method: m.method, Header: m.header, Claims: m.claims}
		raw, err := forged.SignedString(m.key)
		if err != nil {
			t.Fatal(err)
		}
		got := app.Do(t, session(raw))
		if name == "" {
			wantLetIn(t, got)
		} else if got.Status != http.StatusUnauthorized {
			t.Errorf("%s: answers %d", name, got.Status)
		}
	}
}

func introspect(token string) apptest.Request {
	return apptest.Request{
		Method: "POST", Path: "/users/introspect/", Token: apptest.IntrospectionSecret, Body: url.Values{"token": {token}}.Encode(),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	}
}

// ASVS 7.2.1
func TestIntrospection(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		for name, alg := range map[string]func(*config.Config){"HS256": func(*config.Config) {}, "EdDSA": withEdDSA} {
			app := apptest.Start(t, databaseURL, alg)
			alice := app.AddUser(t, apptest.User{Email: name + "@example.com", Password: "wonderland-42"})
			token := app.Login(t, alice)
			var said gen.Introspection
			got := wantStatus(t, app, introspect(token), http.StatusOK, "")
			if err := json.Unmarshal([]byte(got.Body), &said); err != nil {
				t.Fatal(err)
			}
			claims := claimsOf(t, token)
			if !said.Active || *said.Username != alice.Email || *said.Sub != claims["sub"] || *said.Sid != claims["sid"] || float64(*said.Exp) != claims["exp"] || got.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("of a good token it says %s", got.Body)
			}
			app.Do(t, apptest.Request{Method: "POST", Path: "/users/logout/", Token: token})
			for what, raw := range map[string]string{"a token whose session was ended": token, "no token": "x", "nothing": "", "a NUL": "\x00", "the secret": apptest.IntrospectionSecret} {
				if got := wantStatus(t, app, introspect(raw), http.StatusOK, ""); strings.TrimSpace(got.Body) != `{"active":false}` {
					t.Errorf("of %s it says %s", what, got.Body)
				}
			}
		}
	})
}

// ASVS 7.2.1
func TestBadIntrospection(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	for name, c := range map[string]struct {
		body, contentType string
		status            int
	}{
		"JSON":             {`{"token":"x"}`, "application/json", 415},
		"no type":          {"token=x", "", 415},
		"no token":         {"token_type_hint=access_token", formType, 422},
		"empty":            {"", formType, 422},
		"the token twice":  {"token=x&token=y", formType, 422},
		"no UTF-8":         {"token=%ff", formType, 422},
		"half an escape":   {"token=%f", formType, 422},
		"semicolons":       {"token=x;y=z", formType, 422},
		"too large":        {"token=" + strings.Repeat("x", 64<<10), formType, 413},
		"with a hint":      {"token=x&token_type_hint=access_token", formType, 200},
		"with a parameter": {"token=x", formType + "; charset=utf-8", 200},
	} {
		in := introspect("")
		in.Body, in.Header = c.body, http.Header{"Content-Type": {c.contentType}}
		if got := app.Do(t, in); got.Status != c.status {
			t.Errorf("%s: answers %d, want %d: %s", name, got.Status, c.status, got.Body)
		}
	}
}

const formType = "application/x-www-form-urlencoded"

func TestTheIntrospectionSecretIsReplaced(t *testing.T) {
	t.Parallel()
	const next = "Qb7+mX2sVd9/Lr4kTz6wHy1Nc8Gf5Jp3"
	for name, c := range map[string]struct {
		secrets []string
		want    map[string]int
	}{
		"two":  {[]string{apptest.IntrospectionSecret, next}, map[string]int{apptest.IntrospectionSecret: 200, next: 200, next + "x": 401, apptest.Secret: 401}},
		"one":  {[]string{next}, map[string]int{apptest.IntrospectionSecret: 401, next: 200}},
		"none": {nil, map[string]int{apptest.IntrospectionSecret: 401, next: 401, "": 401}},
	} {
		app := apptest.Start(t, apptest.SQLite(t), func(cfg *config.Config) {
			cfg.IntrospectionSecrets = nil
			for _, each := range c.secrets {
				cfg.IntrospectionSecrets = append(cfg.IntrospectionSecrets, []byte(each))
			}
		})
		for secret, want := range c.want {
			in := introspect("x")
			in.Token = secret
			if got := app.Do(t, in); got.Status != want {
				t.Errorf("%s: answers %d to %.4s…, want %d", name, got.Status, secret, want)
			}
		}
	}
}

// What breaks inside is a fault of ours, for services too.
func TestAFaultOfOursIsNoRefusalOfAToken(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t), withEdDSA)
	alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
	token := app.Login(t, alice)
	app.Exec(t, "ALTER TABLE latchkey_session RENAME TO gone1")
	wantStatus(t, app, introspect(token), http.StatusInternalServerError, "internal")
	fresh := apptest.Start(t, apptest.SQLite(t), withEdDSA)
	fresh.Exec(t, "ALTER TABLE latchkey_signing_key RENAME TO gone2")
	wantStatus(t, fresh, apptest.Request{Method: "GET", Path: "/.well-known/jwks.json"}, http.StatusInternalServerError, "internal")
}

// Keys are rotated and revoked while people are signed in, renew and sign in, at two
// instances: no request fails.
// ASVS 9.1.3
func TestKeysAreRotatedAndRevokedUnderLoad(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		one, two := apptest.Start(t, databaseURL, withEdDSA), apptest.Start(t, databaseURL, withEdDSA)
		pair := []*apptest.App{one, two}
		load := newLoad(t, pair)
		first := load.kid(t)

		load.run(t, func() { mustRotate(t, one) })
		load.advance(keys.PublishAhead)
		load.run(t, func() {})
		load.advance(13 * time.Hour) // all tokens are due
		load.run(t, func() { mustMaintain(t, pair) })
		second := load.kid(t)
		if second == first {
			t.Fatal("the new key does not sign")
		}
		// Nobody has a token of the first any more.
		load.run(t, func() { mustRevoke(t, two, first) })
		load.advance(keys.RefreshEvery)
		load.run(t, func() {})
		if load.sent.Load() < 100 {
			t.Errorf("the load was %d requests", load.sent.Load())
		}

		// The key that signs is revoked: its tokens are refused, and whoever signs in again is
		// let in everywhere.
		mustRevoke(t, one, second)
		load.advance(keys.RefreshEvery)
		for i, app := range pair {
			wantStatus(t, app, session(load.tokens[0]), http.StatusUnauthorized, "invalid_token")
			again := app.Login(t, load.people[0])
			wantStatus(t, pair[1-i], session(again), http.StatusOK, "")
		}
	})
}

// load is people who use two instances at once.
type load struct {
	apps   []*apptest.App
	people []apptest.User
	tokens []string
	sent   atomic.Int64
}

func newLoad(t *testing.T, apps []*apptest.App) *load {
	t.Helper()
	l := &load{apps: apps}
	for _, name := range []string{"a", "b", "c", "d"} {
		user := apps[0].AddUser(t, apptest.User{Email: name + "@example.com", Password: "wonderland-42"})
		l.people = append(l.people, user)
		l.tokens = append(l.tokens, apps[0].Login(t, user))
	}
	return l
}

// run has everybody renew at both instances in turn, and one sign in at each, while
// something is done; every answer must be good.
func (l *load) run(t *testing.T, do func()) {
	t.Helper()
	const rounds = 8
	var all sync.WaitGroup
	for i := range l.tokens {
		all.Go(func() {
			for round := range rounds {
				got, err := l.apps[(i+round)%2].Try(t, session(l.tokens[i]))
				l.sent.Add(1)
				if err != nil || got.Status != http.StatusOK {
					t.Errorf("renewing: %d %.200s, %v", got.Status, got.Body, err)
					return
				}
				l.tokens[i] = got.Token(t).AccessToken
			}
		})
	}
	for i, app := range l.apps {
		all.Go(func() {
			got, err := app.Try(t, apptest.LoginRequest(l.people[i].Email, l.people[i].Password))
			l.sent.Add(1)
			if err != nil || got.Status != http.StatusOK {
				t.Errorf("signing in: %d %.200s, %v", got.Status, got.Body, err)
				return
			}
			other, err := l.apps[1-i].Try(t, session(got.Token(t).AccessToken))
			if err != nil || other.Status != http.StatusOK {
				t.Errorf("at the other instance: %d %.200s, %v", other.Status, other.Body, err)
			}
		})
	}
	all.Go(do)
	all.Wait()
}

func (l *load) advance(d time.Duration) {
	for _, app := range l.apps {
		app.Clock.Advance(d)
	}
}

func (l *load) kid(t *testing.T) string {
	t.Helper()
	kid := kidOf(t, l.tokens[0])
	for _, token := range l.tokens[1:] {
		if kidOf(t, token) != kid {
			t.Fatal("two keys sign at one time")
		}
	}
	return kid
}

func mustRotate(t *testing.T, app *apptest.App) {
	if _, err := app.Keys.Rotate(context.WithoutCancel(t.Context()), operator); err != nil {
		t.Error(err)
	}
}

func mustRevoke(t *testing.T, app *apptest.App, kid string) {
	if err := app.Keys.Revoke(context.WithoutCancel(t.Context()), operator, kid); err != nil {
		t.Error(err)
	}
}

func mustMaintain(t *testing.T, apps []*apptest.App) {
	for _, app := range apps {
		if err := app.Keys.Maintain(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
}
