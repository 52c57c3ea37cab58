package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/web"
)

var (
	contractYAML = []byte("openapi: 3.0.3\n")
	contractJSON = []byte(`{"openapi":"3.0.3"}`)
)

// newSite is a site with all its links.
func newSite(t testing.TB) *web.Site {
	t.Helper()
	return newSiteWith(t, web.Config{Version: "9.8.7", PublicURL: "https://id.example/", Admin: true})
}

func newSiteWith(t testing.TB, cfg web.Config) *web.Site {
	t.Helper()
	cfg.ContractYAML, cfg.ContractJSON = contractYAML, contractJSON
	site, err := web.New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return site
}

// ask sends one request; headers are name, value, name, value.
func ask(h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAnswers(t *testing.T) {
	site := newSite(t)
	tests := []struct {
		name, method, path string
		status             int
		contentType        string
		has, hasNot        string
	}{
		{"the landing page", "GET", "/", 200, "text/html; charset=utf-8", `href="/docs"`, "<script"},
		{"the landing page calls the public address", "GET", "/", 200, "text/html; charset=utf-8", "https://id.example/api/v1/users/login/", "localhost"},
		{"the landing page says how to begin", "GET", "/", 200, "text/html; charset=utf-8", "latchkey createsuperuser", ""},
		{"the documentation", "GET", "/docs", 200, "text/html; charset=utf-8", `data-contract="/openapi.yaml"`, "http:"},
		{"the documentation with a slash", "GET", "/docs/", 200, "text/html; charset=utf-8", `data-contract="/openapi.yaml"`, ""},
		{"the contract as YAML", "GET", "/openapi.yaml", 200, "application/yaml", string(contractYAML), ""},
		{"the contract as JSON", "GET", "/openapi.json", 200, "application/json", string(contractJSON), ""},
		{"the icon", "GET", "/favicon.svg", 200, "image/svg+xml", "<svg", "<style"},
		{"the icon of old", "GET", "/favicon.ico", 200, "image/x-icon", "\x89PNG", ""},
		{"an unknown path", "GET", "/nope", 404, "text/html; charset=utf-8", "Nothing was found at this address", "nope"},
		{"an unknown path, whatever the method", "POST", "/nope", 404, "text/html; charset=utf-8", "", ""},
		{"markup in a path", "GET", "/%3Cscript%3Ealert(1)%3C/script%3E", 404, "text/html; charset=utf-8", "", "alert"},
		{"a climb out of our files", "GET", "/assets/latchkey/../../doc.go", 404, "text/html; charset=utf-8", "", "package"},
		{"a listing of our files", "GET", "/assets/latchkey/", 404, "text/html; charset=utf-8", "", "docs.js"},
		{"an old release's file", "GET", "/docs/swagger-ui/00000000/swagger-ui.css", 404, "text/html; charset=utf-8", "", ""},
		{"a write to a page", "POST", "/", 405, "text/html; charset=utf-8", "can only be read", ""},
		{"a write to the contract", "PUT", "/openapi.yaml", 405, "text/html; charset=utf-8", "", "3.0.3"},
		{"a question for options", "OPTIONS", "/docs", 405, "text/html; charset=utf-8", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := ask(site, test.method, test.path)
			if w.Code != test.status {
				t.Errorf("status %d, want %d", w.Code, test.status)
			}
			if got := w.Header().Get("Content-Type"); got != test.contentType {
				t.Errorf("Content-Type %q, want %q", got, test.contentType)
			}
			if !strings.Contains(w.Body.String(), test.has) {
				t.Errorf("lacks %q:\n%s", test.has, w.Body)
			}
			if test.hasNot != "" && strings.Contains(w.Body.String(), test.hasNot) {
				t.Errorf("has %q:\n%s", test.hasNot, w.Body)
			}
			if got, want := w.Header().Get("Allow"), "GET, HEAD"; (test.status == 405) != (got == want) {
				t.Errorf("status %d with Allow %q", w.Code, got)
			}
		})
	}
}

func TestHeadAnswersHeadersOnly(t *testing.T) {
	server := httptest.NewServer(newSite(t))
	defer server.Close()
	for _, path := range []string{"/", "/docs", "/openapi.json", "/nope"} {
		get, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		get.Body.Close()
		head, err := http.Head(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		head.Body.Close()
		if head.StatusCode != get.StatusCode || head.ContentLength != get.ContentLength || head.ContentLength < 1 {
			t.Errorf("HEAD %s: status %d, length %d; GET: %d, %d",
				path, head.StatusCode, head.ContentLength, get.StatusCode, get.ContentLength)
		}
	}
}

func TestOwnsWhatAnAppBehindMustNotAnswer(t *testing.T) {
	site := newSite(t)
	tests := map[string]bool{
		"/docs": true, "/docs/": true, "/docs/nope": true,
		"/openapi.json": true, "/openapi.yaml": true, "/assets/latchkey/style.css": true,
		"/": false, "/favicon.svg": false, "/favicon.ico": false, "/documents": false,
		"/assets/app.js": false, "/api/v1/health": false, "/openapi": false, "": false,
	}
	for path, want := range tests {
		if got := site.Owns(path); got != want {
			t.Errorf("Owns(%q) = %v, want %v", path, got, want)
		}
	}
}

func TestAdminIsLinkedOnlyWhenThereIsOne(t *testing.T) {
	for _, admin := range []bool{false, true} {
		site := newSiteWith(t, web.Config{Admin: admin})
		for _, path := range []string{"/", "/docs", "/nope"} {
			body := ask(site, "GET", path).Body.String()
			if got := strings.Contains(body, `href="/admin/"`); got != admin {
				t.Errorf("Admin %v: %s links to it: %v", admin, path, got)
			}
		}
	}
}

func TestConfigurationIsEscaped(t *testing.T) {
	site := newSiteWith(t, web.Config{Version: "<b>1</b>", PublicURL: `https://x/"><script>`})
	if body := ask(site, "GET", "/").Body.String(); strings.Contains(body, "<b>") || strings.Contains(body, "<script>") {
		t.Errorf("markup from the configuration reaches the page:\n%s", body)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		newSite(b)
	}
}
