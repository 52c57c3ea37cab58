package tests

import (
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/config"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

const other = "https://app.example.com"

// send asks with these headers, as no generated client would, and returns the answer.
func send(t *testing.T, app *apptest.App, method, path string, headers map[string]string) head {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, app.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	answer, err := app.Transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	return head{StatusCode: answer.StatusCode, Header: answer.Header, asked: method + " " + path}
}

// head is an answer without its body.
type head struct {
	StatusCode int
	Header     http.Header
	asked      string
}

func preflight(origin string) map[string]string {
	return map[string]string{"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
}

func wantNoCORS(t *testing.T, answer head) {
	t.Helper()
	for name := range answer.Header {
		if len(name) > 15 && name[:15] == "Access-Control-" {
			t.Errorf("%s answers %s: %s", answer.asked, name, answer.Header.Get(name))
		}
	}
}

func TestNoOtherOriginMayCallTheAPI(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	for _, path := range []string{"/api/v1/users/login/", "/api/v1/users/me/", "/admin/login/", "/"} {
		for _, method := range []string{http.MethodOptions, http.MethodGet} {
			answer := send(t, app, method, path, preflight(other))
			wantNoCORS(t, answer)
			if method == http.MethodOptions && answer.StatusCode < 400 {
				t.Errorf("%s: a preflight is answered %d", path, answer.StatusCode)
			}
		}
	}
}

func TestTheOriginsThatAreSetMayCallTheAPI(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t), func(cfg *config.Config) { cfg.CORSOrigins = []string{"https://first.example", other} })

	answer := send(t, app, http.MethodOptions, "/api/v1/users/login/", preflight(other))
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":      other,
		"Access-Control-Allow-Methods":     "GET, HEAD, POST, PUT, PATCH, DELETE",
		"Access-Control-Allow-Headers":     "Authorization, Content-Type",
		"Access-Control-Max-Age":           "7200",
		"Access-Control-Allow-Credentials": "",
		"Vary":                             "Origin",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("the preflight's %s is %q, want %q", name, got, want)
		}
	}
	if answer.StatusCode != http.StatusNoContent {
		t.Errorf("the preflight is answered %d", answer.StatusCode)
	}

	answer = send(t, app, http.MethodGet, "/api/v1/users/me/", map[string]string{"Origin": other})
	if answer.StatusCode != http.StatusUnauthorized || answer.Header.Get("Access-Control-Allow-Origin") != other {
		t.Errorf("a call without a token: %d %v", answer.StatusCode, answer.Header)
	}
	if got := answer.Header.Get("Access-Control-Expose-Headers"); got != "Retry-After, WWW-Authenticate, X-Request-ID" {
		t.Errorf("a script may read %q", got)
	}
	if !slices.Contains(answer.Header.Values("Vary"), "Origin") {
		t.Errorf("Vary is %q", answer.Header.Values("Vary"))
	}

	for _, origin := range []string{"https://evil.example", "null", "https://app.example.com.evil.example", "https://APP.example.com", "http://app.example.com", other + ":8443", other + "/", other + ", " + other, "*", ""} {
		for _, method := range []string{http.MethodOptions, http.MethodGet} {
			answer := send(t, app, method, "/api/v1/users/me/", preflight(origin))
			wantNoCORS(t, answer)
			if !slices.Contains(answer.Header.Values("Vary"), "Origin") {
				t.Errorf("%q: an answer could be kept for an origin that it is not for", origin)
			}
		}
	}
	for _, path := range []string{"/admin/login/", "/admin/users/", "/docs", "/", "/api/v1x/"} {
		wantNoCORS(t, send(t, app, http.MethodOptions, path, preflight(other)))
		wantNoCORS(t, send(t, app, http.MethodGet, path, preflight(other)))
	}
	if answer := send(t, app, http.MethodOptions, "/api/v1/users/login/", map[string]string{"Origin": other}); answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("OPTIONS that is no preflight is answered %d", answer.StatusCode)
	}
}

func trustLoopback(cfg *config.Config) {
	cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

// Every kind of answer says so, and none on http.
func TestHTTPSIsForGood(t *testing.T) {
	t.Parallel()
	byProxy := map[string]string{"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
	for name, test := range map[string]struct {
		set     func(*config.Config)
		headers map[string]string
		want    string
	}{
		"http":                              {func(*config.Config) {}, nil, ""},
		"http, and a client says otherwise": {func(c *config.Config) { c.TrustedProxies = nil }, byProxy, ""},
		"a public address with https":       {func(c *config.Config) { c.PublicURL = "https://example.com" }, nil, "max-age=31536000"},
		"https up to a trusted proxy":       {trustLoopback, byProxy, "max-age=31536000"},
		"http up to a trusted proxy":        {trustLoopback, map[string]string{"X-Forwarded-Proto": "https, http"}, ""},
		"another time":                      {func(c *config.Config) { c.PublicURL, c.HSTSMaxAge = "https://example.com", 5*time.Minute }, nil, "max-age=300"},
		"turned off":                        {func(c *config.Config) { c.PublicURL, c.HSTSMaxAge = "https://example.com", 0 }, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := apptest.Start(t, apptest.SQLite(t), test.set)
			for _, path := range []string{"/", "/docs", "/nothing", "/admin/login/", "/admin/", "/api/v1/users/me/", "/api/v1/nothing", "/api/v1/health/"} {
				if got := send(t, app, http.MethodGet, path, test.headers).Header.Values("Strict-Transport-Security"); len(got) > 1 || (len(got) == 1) != (test.want != "") || len(got) == 1 && got[0] != test.want {
					t.Errorf("%s: %q, want %q", path, got, test.want)
				}
			}
		})
	}
}
