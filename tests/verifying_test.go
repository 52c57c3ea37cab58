package tests

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/api/accesstoken"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
	"github.com/latchkey-auth/latchkey/server/config"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// consumer is another service, in Go, with a route of each kind.
func consumer(t *testing.T, app *apptest.App) (*accesstoken.Verifier, http.Handler) {
	t.Helper()
	tokens, err := accesstoken.New(accesstoken.Config{
		Issuer: "http://localhost:8080", URL: app.URL, IntrospectionSecret: apptest.IntrospectionSecret,
		HTTP: &http.Client{Transport: app.Transport}, Now: app.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	whoCalls := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said, _ := accesstoken.FromContext(r.Context())
		_, _ = w.Write([]byte(said.Subject + " " + said.Username))
	})
	mux := http.NewServeMux()
	mux.Handle("/verified", tokens.Require(whoCalls))
	mux.Handle("/active", tokens.RequireActive(whoCalls))
	return tokens, mux
}

func ask(t *testing.T, service http.Handler, path, token string) (status int, body string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	service.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// How late a revocation reaches a service: at once where it asks, with the token's end
// where it does not.
func TestAServiceInGo(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL, withEdDSA, func(c *config.Config) { c.AccessTokenLifetime, c.RenewBefore = 15*time.Minute, 5*time.Minute })
		_, service := consumer(t, app)
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		token := app.Login(t, alice)
		want := func(when, path, token string, wantStatus int) {
			t.Helper()
			if got, body := ask(t, service, path, token); got != wantStatus {
				t.Errorf("%s: %s answers %d, want %d: %s", when, path, got, wantStatus, body)
			}
		}
		if status, body := ask(t, service, "/verified", token); status != 200 || body != "1 " {
			t.Fatalf("it is told %d %q", status, body)
		}
		if status, body := ask(t, service, "/active", token); status != 200 || body != "1 alice@example.com" {
			t.Fatalf("it is told %d %q", status, body)
		}
		want("nothing sent", "/verified", "", 401)
		want("no token", "/verified", "x", 401)
		want("changed", "/verified", token[:len(token)-8]+"AAAAAAAA", 401)

		app.Do(t, apptest.Request{Method: "POST", Path: "/users/logout/", Token: token})
		want("once signed out", "/active", token, 401)
		want("once signed out", "/verified", token, 200)
		app.Clock.Advance(15*time.Minute - 1)
		want("in its last moment", "/verified", token, 200)
		app.Clock.Advance(1)
		want("at its end", "/verified", token, 401)
	})
}

// ASVS 9.1.3
func TestAServiceLearnsOfKeys(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t), withEdDSA)
	tokens, _ := consumer(t, app)
	alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
	verify := func(token string) error {
		_, err := tokens.Verify(t.Context(), token)
		return err
	}
	old := app.Login(t, alice)
	if err := verify(old); err != nil {
		t.Fatal(err)
	}
	// A key that signs at once, because the other was revoked: its first token makes the
	// service fetch, which drops the revoked one too.
	if err := app.Keys.Revoke(t.Context(), operator, kidOf(t, old)); err != nil {
		t.Fatal(err)
	}
	app.Clock.Advance(2 * time.Second)
	fresh := app.Login(t, alice)
	app.Clock.Advance(2 * time.Second)
	if err := verify(fresh); err != nil {
		t.Errorf("a token of the new key: %v", err)
	}
	if err := verify(old); err == nil {
		t.Error("a token of the revoked key is good")
	}
	// Without a token that makes it fetch, the revoked one is trusted as long as the set may be kept.
	if err := app.Keys.Revoke(t.Context(), operator, kidOf(t, fresh)); err != nil {
		t.Fatal(err)
	}
	app.Clock.Advance(keys.PublishedFor + 2*time.Second)
	if err := verify(fresh); !errors.Is(err, accesstoken.ErrInvalid) && !errors.Is(err, accesstoken.ErrUnavailable) {
		t.Errorf("after %s a revoked key is good: %v", keys.PublishedFor, err)
	}
	// latchkey is away: what is known goes on, what is not is not refused for it.
	last := app.Login(t, alice)
	app.Clock.Advance(2 * time.Second)
	if err := verify(last); err != nil {
		t.Fatal(err)
	}
	app.ServedBy.Close()
	app.Clock.Advance(10 * time.Minute)
	if err := verify(last); err != nil {
		t.Errorf("with latchkey away: %v", err)
	}
	if err := verify(fresh); !errors.Is(err, accesstoken.ErrUnavailable) {
		t.Errorf("a kid that may be new: %v", err)
	}
}

// The snippet of docs/verifying.md, as it stands there.
// ASVS 9.2.2, 9.2.3
func TestAServiceInTypeScript(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t), withEdDSA)
	alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
	good, ended, shared := app.Login(t, alice), app.Login(t, alice), newForger(t, apptest.Secret)
	app.Do(t, apptest.Request{Method: "POST", Path: "/users/logout/", Token: ended})
	hs256 := shared.forge(t, 1, sidOf(t, good), app.Clock.Now())
	app.Clock.Advance(time.Second)

	text, err := os.ReadFile("../docs/verifying.md")
	if err != nil {
		t.Fatal(err)
	}
	_, snippet, _ := strings.Cut(string(text), "```ts\n")
	snippet, _, found := strings.Cut(snippet, "```")
	if !found {
		t.Fatal("docs/verifying.md has no snippet")
	}
	compiled := node(t, app, nil, `const ts = (await import('typescript')).default
process.stdout.write(ts.transpileModule(`+toJSON(t, snippet)+`, { compilerOptions: { module: 'ESNext', target: 'ES2022' } }).outputText)`)
	script := string(compiled) + `
const told = {}
for (const [name, token] of Object.entries(JSON.parse(process.env.TOKENS))) {
  told[name] = [(await verify(token).catch(() => null))?.sub ?? '', (await introspect(token))?.username ?? '']
}
process.stdout.write(JSON.stringify(told))`
	tokens := map[string]string{"good": good, "ended": ended, "hs256": hs256, "changed": good[:len(good)-8] + "AAAAAAAA"}
	var told map[string][2]string
	if err := json.Unmarshal(node(t, app, tokens, script), &told); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]string{
		"good": {"1", alice.Email}, "ended": {"1", ""}, "hs256": {"", alice.Email}, "changed": {"", ""},
	} {
		if told[name] != want {
			t.Errorf("of %s it is told %q, want %q", name, told[name], want)
		}
	}
}

// node runs a module where the app's packages are.
func node(t *testing.T, app *apptest.App, tokens map[string]string, script string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", "--input-type=module")
	cmd.Dir, cmd.Stdin = "../frontend-client", strings.NewReader(script)
	cmd.Env = append(os.Environ(), "TOKENS="+toJSON(t, tokens), "LATCHKEY_PUBLIC_URL=http://localhost:8080", "LATCHKEY_URL="+app.URL,
		"LATCHKEY_INTROSPECTION_SECRET="+apptest.IntrospectionSecret)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %.600s", err, stderr.String())
	}
	return out
}
