package cli

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// output keeps what is printed, and tells when more is.
type output struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// serving is a server that runs until it is told to end.
type serving struct {
	stdout, stderr *output
	url            string
	end            context.CancelFunc
	ended          chan int
}

var listens = regexp.MustCompile(`listens on (127\.0\.0\.1:\d+)\n`)

func (w *world) serve(t *testing.T, args ...string) *serving {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	s := &serving{stdout: newOutput(), stderr: newOutput(), end: end, ended: make(chan int, 1)}
	go func() {
		s.ended <- Run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...), Env{
			Stdin: strings.NewReader(""), Stdout: s.stdout, Stderr: s.stderr, LookupEnv: w.lookUp,
		})
	}()
	t.Cleanup(func() { end() })
	for {
		if found := listens.FindStringSubmatch(s.stdout.String()); found != nil && strings.HasSuffix(s.stdout.String(), "\n\n") {
			s.url = "http://" + found[1]
			return s
		}
		select {
		case <-s.stdout.more:
		case code := <-s.ended:
			t.Fatalf("ended with %d before it listened\n%s%s", code, s.stdout, s.stderr)
		}
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestServe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.unasked("admin@example.com", goodPassword)
	s := w.serve(t)
	for _, want := range []string{"latchkey " + Version() + " listens on ", s.url + "/\n", s.url + "/docs\n", "\n  Admin site    " + s.url + "/admin/\n", s.url + "/admin/setup/?token=", " latchkey createsuperuser)", "SQLite, " + filepath.Join(w.dir, "latchkey.db")} {
		if !strings.Contains(s.stdout.String(), want) {
			t.Errorf("does not say %q:\n%s", want, s.stdout)
		}
	}
	for path, want := range map[string]int{
		"/": http.StatusOK, "/docs": http.StatusOK, "/openapi.json": http.StatusOK, "/openapi.yaml": http.StatusOK,
		"/api/v1/health": http.StatusOK, "/api/v1/health/ready": http.StatusOK, "/api/v1/users/me/": http.StatusUnauthorized, "/api/v1/nothing": http.StatusNotFound,
	} {
		if status, body := get(t, s.url+path); status != want {
			t.Errorf("%s answers %d, want %d: %.200s", path, status, want, body)
		}
	}
	w.run(t, "createsuperuser", "--noinput").mustSucceed(t, "created") // beside it, as the greeting says
	w.run(t, "healthcheck", "--addr", strings.TrimPrefix(s.url, "http://")).mustSucceed(t, "healthy\n")
	body := `{"username": "admin@example.com", "password": "` + goodPassword + `"}`
	answer, err := http.Post(s.url+"/api/v1/users/login/?secret="+goodPassword[:7], "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	token, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("the first admin's login answers %d %s", answer.StatusCode, token)
	}

	s.end()
	if code := <-s.ended; code != 0 {
		t.Errorf("exits with %d\n%s", code, s.stderr)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://")); err == nil {
		t.Error("it still listens")
	}
	secret, err := os.ReadFile(filepath.Join(w.dir, "secret_key"))
	if err != nil {
		t.Fatal(err)
	}
	mustTellNothing(t, s.stdout.String()+s.stderr.String(), goodPassword, goodPassword[:7], string(secret), "access_token", "eyJ")
	for line := range strings.Lines(s.stderr.String()) {
		if !strings.HasPrefix(line, "{") {
			t.Errorf("where there is no terminal, the log is JSON: %s", line)
		}
	}
}

func TestServeFinishesWhatItHasBegun(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	slow := newSlowFrontend(t, arrived, release)
	w := newWorld(t)
	s := w.serve(t, "--frontend-url", slow)
	answered := make(chan string, 1)
	go func() {
		answer, err := http.Get(s.url + "/page")
		if err != nil {
			answered <- err.Error()
			return
		}
		defer func() { _ = answer.Body.Close() }()
		body, _ := io.ReadAll(answer.Body) // what is missing is seen
		answered <- string(body)
	}()
	<-arrived
	s.end()
	for !strings.Contains(s.stderr.String(), "finishing open requests") {
		<-s.stderr.more
	}
	close(release)
	if body := <-answered; body != "the page" {
		t.Errorf("answers %q", body)
	}
	if code := <-s.ended; code != 0 {
		t.Errorf("exits with %d", code)
	}
}

// Browsers open connections in advance, and the server's own way to end would wait
// five seconds for what may be asked on them.
func TestServeEndsAtOnceThoughNothingWasAskedOnAConnection(t *testing.T) {
	t.Parallel()
	var took time.Duration
	for range 3 { // the server's own way always waits; a slow machine does not always stand still
		if took = endWithAnUnusedConnection(t); took < 4*time.Second {
			return
		}
	}
	t.Errorf("took %s", took)
}

// endWithAnUnusedConnection returns how long a server took to end.
func endWithAnUnusedConnection(t *testing.T) time.Duration {
	t.Helper()
	s := newWorld(t).serve(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	// The server accepts in order: once this is answered, it knows of the other.
	if status, _ := get(t, s.url+"/api/v1/health"); status != http.StatusOK {
		t.Fatalf("answers %d", status)
	}
	http.DefaultClient.CloseIdleConnections()
	began := time.Now()
	s.end()
	if code := <-s.ended; code != 0 {
		t.Errorf("exits with %d", code)
	}
	return time.Since(began)
}

func newSlowFrontend(t *testing.T, arrived, release chan struct{}) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) { //nolint:gosec // of a test
		close(arrived)
		<-release
		_, _ = io.WriteString(answer, "the page")
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

func TestServeOnAnAddressThatIsTaken(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	got := newWorld(t).run(t, "serve", "--addr", listener.Addr().String())
	if got.code != exitFailed || !strings.Contains(got.stderr, "latchkey: listening: ") || !strings.Contains(got.stderr, "address already in use") || got.stdout != "" {
		t.Errorf("exits with %d: %s%s", got.code, got.stdout, got.stderr)
	}
}

func TestServeWithASecretMakesNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars["LATCHKEY_DATABASE_URL"] = "sqlite://" + filepath.Join(w.dir, "other.db")
	w.vars["LATCHKEY_SECRET_KEY"] = secretKey
	s := w.serve(t)
	mustTellNothing(t, s.stdout.String()+s.stderr.String(), secretKey)
	if _, err := os.Stat(filepath.Join(w.dir, "secret_key")); err == nil {
		t.Error("a secret was made, although there is one")
	}
	s.end()
	<-s.ended
}
