package app

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/web"
)

// frontendProxy serves what stands before an app that answers by next.
func frontendProxy(t *testing.T, next http.HandlerFunc, proxies ...netip.Prefix) *httptest.Server {
	t.Helper()
	behind := httptest.NewServer(next)
	t.Cleanup(behind.Close)
	return proxyTo(t, behind.URL, proxies...)
}

func proxyTo(t *testing.T, target string, proxies ...netip.Prefix) *httptest.Server {
	t.Helper()
	site, err := web.New(web.Config{})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	proxy := httptest.NewServer(observe(newFrontend(frontendConfig{
		Target: u, Scheme: "https", Limits: testLimits(), Trusted: proxies, Down: site.FrontendDown(), Refuse: refuseBy(site), Log: log,
	}), log, proxies))
	t.Cleanup(proxy.Close)
	return proxy
}

// What the app learns of client and site is what we know, whatever was sent.
func TestTheAppBehindLearnsNothingForged(t *testing.T) {
	t.Parallel()
	var got http.Header
	var host string
	proxy := frontendProxy(t, func(_ http.ResponseWriter, r *http.Request) { got, host = r.Header.Clone(), r.Host })
	req, err := http.NewRequest(http.MethodGet, proxy.URL+"/page?a=1&a=2;b", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "app.example.com"
	for name, value := range map[string]string{
		"X-Forwarded-For":             "203.0.113.9",
		"X-Forwarded-Host":            "evil.example",
		"X-Forwarded-Proto":           "ftp",
		"Forwarded":                   "for=203.0.113.9",
		"X-Middleware-Subrequest":     "middleware:middleware:middleware:middleware:middleware",
		"X-Middleware-Subrequest-Id":  "1",
		"x-middleware-rewrite":        "http://evil.example/",
		"x-invoke-path":               "/account",
		"X-Real-IP":                   "203.0.113.9",
		"X-Original-URL":              "/account",
		"Connection":                  "close, X-Hop",
		"X-Hop":                       "1",
		"Proxy-Authorization":         "Basic x",
		"X-Something-That-Is-Nothing": "kept",
	} {
		req.Header.Set(name, value)
	}
	answer, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if host != "app.example.com" {
		t.Errorf("the host is %s", host)
	}
	for name, want := range map[string]string{
		"X-Forwarded-For":             "127.0.0.1",
		"X-Forwarded-Host":            "app.example.com",
		"X-Forwarded-Proto":           "https",
		"Forwarded":                   "",
		"X-Middleware-Subrequest":     "",
		"X-Middleware-Subrequest-Id":  "",
		"X-Middleware-Rewrite":        "",
		"X-Invoke-Path":               "",
		"X-Real-Ip":                   "",
		"X-Original-Url":              "",
		"X-Hop":                       "",
		"Proxy-Authorization":         "",
		"X-Something-That-Is-Nothing": "kept",
	} {
		if value := strings.Join(got.Values(name), ", "); value != want {
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
}

// A load balancer that ends TLS knows better how the client reached the site.
func TestTheAppBehindLearnsWhatATrustedProxySays(t *testing.T) {
	t.Parallel()
	var got http.Header
	proxy := frontendProxy(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Clone() }, netip.MustParsePrefix("127.0.0.1/32"))
	req, err := http.NewRequest(http.MethodGet, proxy.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "app.example.com", "X-Forwarded-Proto": "http"}
	for name, value := range said {
		req.Header.Set(name, value)
	}
	answer, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	for name, want := range said {
		if value := got.Get(name); value != want {
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
}

// What the browser does not ask for compressed, Next.js is not asked to compress.
func TestCompressionIsLeftToBrowserAndApp(t *testing.T) {
	t.Parallel()
	var asked []string
	proxy := frontendProxy(t, func(_ http.ResponseWriter, r *http.Request) { asked = r.Header.Values("Accept-Encoding") })
	for _, want := range []string{"", "br"} {
		req, err := http.NewRequest(http.MethodGet, proxy.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want != "" {
			req.Header.Set("Accept-Encoding", want)
		}
		answer, err := (&http.Transport{DisableCompression: true}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if got := strings.Join(asked, ", "); got != want {
			t.Errorf("the app is asked for %q, and the browser asked for %q", got, want)
		}
	}
}

// Each part of a page arrives before the next is written.
func TestAStreamedPageIsPassedOnAsItComes(t *testing.T) {
	t.Parallel()
	more := make(chan struct{})
	proxy := frontendProxy(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		_ = http.NewResponseController(w).Flush()
		<-more
		_, _ = io.WriteString(w, "second\n")
	})
	answer, err := http.Get(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body := bufio.NewReader(answer.Body)
	for _, want := range []string{"first\n", "second\n"} {
		line, err := body.ReadString('\n')
		if line != want || err != nil {
			t.Fatalf("reads %q, %v", line, err)
		}
		if want == "first\n" {
			close(more)
		}
	}
}

// What follows an upgrade goes both ways, as the app's WebSockets need it.
func TestAnUpgradeIsPassedOn(t *testing.T) {
	t.Parallel()
	proxy := frontendProxy(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" {
			http.Error(w, "no upgrade", http.StatusBadRequest)
			return
		}
		conn, both, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = both.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_ = both.Flush()
		line, _ := both.ReadString('\n')
		_, _ = both.WriteString("you said " + line)
		_ = both.Flush()
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(proxy.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "GET /_next/webpack-hmr HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	reader := bufio.NewReader(conn)
	answer, err := http.ReadResponse(reader, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("answers %v, %v", answer, err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.WriteString(conn, "hello\n")
	if line, err := reader.ReadString('\n'); line != "you said hello\n" {
		t.Errorf("reads %q, %v", line, err)
	}
}

func TestAnAppThatIsDown(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	answer, err := http.Get(proxyTo(t, gone.URL).URL + "/page")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusBadGateway || answer.Header.Get("Retry-After") == "" || answer.Header.Get("Content-Security-Policy") == "" {
		t.Errorf("answers %s %v", answer.Status, answer.Header)
	}
	if page := string(body); !strings.Contains(page, "The app does not answer.") || strings.Contains(page, "connection refused") || strings.Contains(page, gone.URL) {
		t.Errorf("shows %s", page)
	}
}
