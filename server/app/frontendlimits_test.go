package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/web"
)

// soon is a limit that a test waits for.
const soon = 50 * time.Millisecond

// limited serves what stands before an app, within limits; its log is returned.
func limited(t *testing.T, l limits, next http.HandlerFunc, set ...func(*frontendConfig)) (address string, log *bytes.Buffer) {
	t.Helper()
	behind := httptest.NewServer(next)
	t.Cleanup(behind.Close)
	return limitedTo(t, l, behind.URL, set...)
}

func limitedTo(t *testing.T, l limits, target string, set ...func(*frontendConfig)) (address string, text *bytes.Buffer) {
	t.Helper()
	site, err := web.New(web.Config{})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	text = &bytes.Buffer{}
	log := NewLog(text, slog.LevelInfo)
	cfg := frontendConfig{Target: u, Scheme: "http", Limits: l, Down: site.FrontendDown(), Refuse: refuseBy(site), Log: log}
	for _, each := range set {
		each(&cfg)
	}
	server := httptest.NewUnstartedServer(observe(newFrontend(cfg), slog.New(slog.DiscardHandler), nil))
	server.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), text
}

// silentApp accepts connections, and answers nothing.
func silentApp(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, conn); _ = conn.Close() }()
		}
	}()
	return "http://" + listener.Addr().String()
}

// exchange is an answer, and the connection on which it came, which ends with the test.
type exchange struct {
	*http.Response

	reader *bufio.Reader
	conn   net.Conn
}

// raw sends a text and returns the answer, on a connection of its own.
func raw(t *testing.T, address, text string) exchange {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil { // for a failure alone
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	answer, err := http.ReadResponse(reader, nil) //nolint:bodyclose // it ends with its connection
	if err != nil {
		t.Fatal(err)
	}
	return exchange{answer, reader, conn}
}

func readAllOf(t *testing.T, answer *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return string(body)
}

const upgradeRequest = "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// An upgrade that nobody answers ends, and so does a page; neither fills the log.
func TestAnAppThatSaysNothing(t *testing.T) {
	t.Parallel()
	l := testLimits()
	for name, test := range map[string]struct {
		narrow  func(l *limits)
		request string
	}{
		"to an upgrade": {func(l *limits) { l.upgrade = soon }, upgradeRequest},
		"to a page":     {func(l *limits) { l.response = soon }, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
		"to a form":     {func(l *limits) { l.response = soon }, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na=b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := l
			test.narrow(&l)
			address, log := limitedTo(t, l, silentApp(t))
			answer := raw(t, address, test.request)
			if body := readAllOf(t, answer.Response); answer.StatusCode != http.StatusGatewayTimeout || !strings.Contains(body, "took too long") {
				t.Errorf("answers %s %s", answer.Status, body)
			}
			if log.Len() > 0 {
				t.Errorf("logged %s", log)
			}
		})
	}
}

// A body that stops, or comes in drops, is not waited for.
func TestABodyThatDoesNotArrive(t *testing.T) {
	t.Parallel()
	for name, narrow := range map[string]func(l *limits){
		"stops":          func(l *limits) { l.bodyStall = soon },
		"comes in drops": func(l *limits) { l.bodyGrace, l.bodyRate = soon, 1<<20 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := testLimits()
			narrow(&l)
			address, log := limited(t, l, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
			answer := raw(t, address, "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
			if body := readAllOf(t, answer.Response); answer.StatusCode != http.StatusRequestTimeout || !strings.Contains(body, "did not arrive in time") {
				t.Errorf("answers %s %s", answer.Status, body)
			}
			if _, err := answer.reader.ReadByte(); err == nil {
				t.Error("the connection goes on")
			}
			if log.Len() > 0 {
				t.Errorf("logged %s", log)
			}
		})
	}
}

// A slow body that keeps its rate arrives, and the server goes on to watch for a
// hang-up.
func TestABodyInParts(t *testing.T) {
	t.Parallel()
	arrived := make(chan string, 1)
	address, _ := limited(t, testLimits(), func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived <- string(body)
		_, _ = io.WriteString(w, "thanks")
	})
	body, send := io.Pipe()
	go func() {
		for range 3 {
			_, _ = io.WriteString(send, "part;")
		}
		_ = send.Close()
	}()
	answer, err := http.Post("http://"+address+"/", "text/plain", body)
	if err != nil {
		t.Fatal(err)
	}
	if got := readAllOf(t, answer); got != "thanks" || <-arrived != "part;part;part;" {
		t.Errorf("answers %q", got)
	}
}

// A person reads a page, a program a problem document.
func TestABodyThatIsTooLarge(t *testing.T) {
	t.Parallel()
	l := testLimits()
	l.body = 100
	var reached bool
	address, _ := limited(t, l, func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		reached = reached || err == nil && r.ContentLength > l.body
	})
	tooMuch := strings.Repeat("x", 101)
	for _, length := range []int64{101, -1} { // -1: it is not said
		for accept, want := range map[string]string{"text/html,*/*;q=0.8": "<h1", "application/json": `"code":"body_too_large"`, "": `"status":413`} {
			req, err := http.NewRequest(http.MethodPost, "http://"+address+"/upload", strings.NewReader(tooMuch))
			if err != nil {
				t.Fatal(err)
			}
			req.ContentLength = length
			req.Header.Set("Accept", accept)
			answer, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if got := readAllOf(t, answer); answer.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(got, want) || !strings.Contains(got, "too large for this site") {
				t.Errorf("length %d, %q: answers %s %.300s", length, accept, answer.Status, got)
			}
		}
	}
	answer, err := http.Post("http://"+address+"/upload", "text/plain", strings.NewReader(strings.Repeat("x", 100)))
	if err != nil {
		t.Fatal(err)
	}
	if got := readAllOf(t, answer); answer.StatusCode != http.StatusOK || reached {
		t.Errorf("one that is not too large: %s %s; too large ones arrive: %v", answer.Status, got, reached)
	}
}

// Whoever sends far too much reads the answer all the same, and not that the connection
// was reset.
func TestWhoSendsFarTooMuchReadsTheAnswer(t *testing.T) {
	t.Parallel()
	l := testLimits()
	l.body = 100
	address, _ := limited(t, l, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	for _, length := range []int64{8 << 20, -1} {
		req, err := http.NewRequest(http.MethodPost, "http://"+address+"/upload", io.LimitReader(zeros{}, 8<<20))
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = length
		answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		if err != nil {
			t.Fatalf("length %d: %v", length, err)
		}
		if readAllOf(t, answer); answer.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("length %d: answers %s", length, answer.Status)
		}
	}
}

// zeros is as long as one likes.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// However many bodies come, the app has so many bytes at once; forms find their way.
func TestBodiesUnderWay(t *testing.T) {
	t.Parallel()
	l := testLimits()
	l.bodies, l.clientBodies = 100<<10, 60<<10
	arrived, release := make(chan struct{}), make(chan struct{})
	address, _ := limited(t, l, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/hold" {
			arrived <- struct{}{}
			<-release
		}
	})
	post := func(from, path string, size int) int {
		transport := &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext, DisableKeepAlives: true}
		req, err := http.NewRequest(http.MethodPost, "http://"+address+path, strings.NewReader(strings.Repeat("x", size)))
		if err != nil {
			t.Error(err)
			return 0
		}
		answer, err := transport.RoundTrip(req)
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	held := make(chan int)
	for _, from := range []string{"127.0.0.1", "127.0.0.2"} {
		go func() { held <- post(from, "/hold", freeBody+45<<10) }()
		<-arrived
	}
	for _, test := range []struct {
		from       string
		size, want int
	}{
		{"127.0.0.1", freeBody + 20<<10, http.StatusTooManyRequests},
		{"127.0.0.3", freeBody + 20<<10, http.StatusServiceUnavailable},
		{"127.0.0.1", freeBody, http.StatusOK},
		{"127.0.0.3", freeBody, http.StatusOK},
	} {
		if got := post(test.from, "/", test.size); got != test.want {
			t.Errorf("%d bytes from %s: %d, want %d", test.size, test.from, got, test.want)
		}
	}
	close(release)
	for range 2 {
		if got := <-held; got != http.StatusOK {
			t.Errorf("one that was under way: %d", got)
		}
	}
	if got := post("127.0.0.1", "/", freeBody+50<<10); got != http.StatusOK {
		t.Errorf("afterwards %d", got)
	}
}

// The app has so many requests at once, and of these so many WebSockets.
func TestRequestsUnderWay(t *testing.T) {
	t.Parallel()
	l := testLimits()
	l.frontend, l.upgrades = 2, 1
	arrived := make(chan struct{})
	address, _ := limited(t, l, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	hold := func(request string) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, _ = io.WriteString(conn, request)
		<-arrived
	}
	hold(upgradeRequest)
	answer := raw(t, address, upgradeRequest)
	if answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one WebSocket more: %s", answer.Status)
	}
	hold("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	answer = raw(t, address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("one page more: %s", answer.Status)
	}
}

// echoes agrees to an upgrade, and sends back what it reads.
func echoes(w http.ResponseWriter, _ *http.Request) {
	conn, both, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = both.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	_ = both.Flush()
	_, _ = io.Copy(conn, both)
}

// A WebSocket ends when it is silent for too long, and not while something is sent.
func TestASilentWebSocketEnds(t *testing.T) {
	t.Parallel()
	l := testLimits()
	l.idle = 4 * soon
	address, log := limited(t, l, echoes)
	socket := raw(t, address, upgradeRequest)
	began := time.Now()
	for time.Since(began) < 3*l.idle { // longer than it may be silent
		_, _ = io.WriteString(socket.conn, "hello\n")
		if line, err := socket.reader.ReadString('\n'); line != "hello\n" {
			t.Fatalf("reads %q, %v after %s", line, err, time.Since(began))
		}
	}
	if _, err := socket.reader.ReadByte(); err == nil {
		t.Error("says something")
	}
	// Also when one side has said that it is done, and the other says nothing.
	socket = raw(t, address, upgradeRequest)
	_ = socket.conn.(*net.TCPConn).CloseWrite()
	if _, err := socket.reader.ReadByte(); err == nil {
		t.Error("says something")
	}
	if log.Len() > 0 {
		t.Errorf("logged %s", log)
	}
}

// An answer may take whatever time it likes, as long as something comes.
func TestASilentStreamEnds(t *testing.T) {
	t.Parallel()
	l := testLimits()
	l.response, l.idle = 4*soon, 4*soon
	gone := make(chan struct{})
	address, _ := limited(t, l, func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		for began := time.Now(); time.Since(began) < 3*l.idle; {
			_, _ = io.WriteString(w, "data: x\n\n")
			_ = control.Flush()
		}
		<-r.Context().Done()
		close(gone)
	})
	began := time.Now()
	answer, err := http.Get("http://" + address + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if n, err := io.Copy(io.Discard, answer.Body); err == nil || n == 0 || time.Since(began) < 3*l.idle {
		t.Errorf("%d bytes, %v, after %s", n, err, time.Since(began))
	}
	<-gone
}

// Only a WebSocket is passed on as an upgrade: the app forgets the connection of others.
func TestOtherUpgradesAreNone(t *testing.T) {
	t.Parallel()
	got := make(chan http.Header, 1)
	address, _ := limited(t, testLimits(), func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Clone() })
	for _, line := range []string{"GET / HTTP/1.1\r\nUpgrade: h2c", "GET / HTTP/1.1\r\nUpgrade: anything", "POST / HTTP/1.1\r\nUpgrade: websocket\r\nContent-Length: 0"} {
		answer := raw(t, address, line+"\r\nHost: x\r\nConnection: Upgrade\r\n\r\n")
		if header := <-got; answer.StatusCode != http.StatusOK || header.Get("Upgrade") != "" || header.Get("Connection") != "" {
			t.Errorf("%s: answers %s, passed on with %v", line, answer.Status, header)
		}
	}
}

// What Next.js cannot do it is not asked to.
func TestMethodsThatTheAppCannotHave(t *testing.T) {
	t.Parallel()
	address, log := limited(t, testLimits(), func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Method", r.Method) })
	for _, method := range []string{"TRACE", "TRACK", "PROPFIND", "get", "BREW"} {
		answer := raw(t, address, method+" / HTTP/1.1\r\nHost: x\r\n\r\n")
		if answer.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(answer.Header.Get("Allow"), "GET, HEAD, POST") || answer.Header.Get("X-Method") != "" {
			t.Errorf("%s: answers %s %v", method, answer.Status, answer.Header)
		}
	}
	for _, method := range methods {
		if answer := raw(t, address, method+" / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"); answer.StatusCode != http.StatusOK || answer.Header.Get("X-Method") != method {
			t.Errorf("%s: answers %s", method, answer.Status)
		}
	}
	if log.Len() > 0 {
		t.Errorf("logged %s", log)
	}
}

// A redirect within the site names no host, whatever the app takes the site's for.
func TestRedirectsWithinTheSiteAreRelative(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ location, want string }{
		{"https://app.example.com/login?a=b#c", "/login?a=b#c"},
		{"https://app.example.com", "/"},
		{"https://app.example.com?a", "/?a"},
		{"TARGET/login", "/login"},
		{"LOCALHOST/login", "/login"},
		{"https://inner.example/login", "/login"},
		{"/login", "/login"},
		{"login", "login"},
		{"http://app.example.com/login", "http://app.example.com/login"},
		{"https://other.example/login", "https://other.example/login"},
		{"https://app.example.com:8443/login", "https://app.example.com:8443/login"},
		{"https://app.example.com//evil.example", "https://app.example.com//evil.example"},
		{"https://user@app.example.com/login", "https://user@app.example.com/login"},
		{"//app.example.com/login", "//app.example.com/login"},
	} {
		var own string
		behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			location := strings.NewReplacer("TARGET", own, "LOCALHOST", strings.Replace(own, "127.0.0.1", "localhost", 1)).Replace(test.location)
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusSeeOther)
		}))
		own = behind.URL
		public, err := url.Parse("https://app.example.com")
		if err != nil {
			t.Fatal(err)
		}
		address, _ := limitedTo(t, testLimits(), behind.URL, func(cfg *frontendConfig) { cfg.Public, cfg.Scheme = public, "https" })
		answer := raw(t, address, "GET / HTTP/1.1\r\nHost: inner.example\r\n\r\n")
		if got := answer.Header.Get("Location"); got != test.want {
			t.Errorf("%s becomes %s, want %s", test.location, got, test.want)
		}
		behind.Close()
	}
}

// Where the public URL is set, the app learns that name, whatever a proxy before us
// passes on or does not.
func TestTheAppLearnsThePublicName(t *testing.T) {
	t.Parallel()
	public, err := url.Parse("https://app.example.com")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan http.Header, 1)
	address, _ := limited(t, testLimits(), func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Clone() },
		func(cfg *frontendConfig) { cfg.Public, cfg.Scheme = public, "https" })
	for _, header := range []string{"", "X-Forwarded-Host: other.example\r\nX-Forwarded-Proto: http\r\n"} {
		raw(t, address, "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"+header+"\r\n")
		if seen := <-got; seen.Get("X-Forwarded-Host") != "app.example.com" || seen.Get("X-Forwarded-Proto") != "https" {
			t.Errorf("%q: %v", header, seen)
		}
	}
}

// A client that hangs up is no news.
func TestAClientThatHangsUpIsNotLogged(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	ctx, hangUp := context.WithCancel(t.Context())
	address, log := limited(t, testLimits(), func(_ http.ResponseWriter, r *http.Request) {
		hangUp()
		<-r.Context().Done()
		close(gone)
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/", address), nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := http.DefaultTransport.RoundTrip(req); err == nil {
		t.Errorf("answers %s %s", answer.Status, readAllOf(t, answer))
	}
	<-gone
	if log.Len() > 0 {
		t.Errorf("logged %s", log)
	}
}

// Problem documents of refusals have what the contract's have.
func TestARefusalIsAProblemDocument(t *testing.T) {
	t.Parallel()
	for status, code := range refusalCodes {
		answer := httptest.NewRecorder()
		writeProblem(answer, httptest.NewRequest(http.MethodGet, "/", nil), status)
		var body struct {
			Type, Title, Detail, Code string
			Status                    int
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if answer.Code != status || body.Status != status || body.Code != string(code) || body.Detail == "" || body.Title == "" || body.Type != "about:blank" {
			t.Errorf("%d: %s", status, answer.Body)
		}
	}
}
