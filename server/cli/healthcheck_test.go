package cli

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		code   int
	}{
		"a server that is ready":          {http.StatusOK, 0},
		"a server that is not":            {http.StatusServiceUnavailable, exitFailed},
		"a server that is something else": {http.StatusNotFound, exitFailed},
		"a server with a fault":           {http.StatusInternalServerError, exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.URL.Path != "/api/v1/health/ready" {
					t.Errorf("asks %s %s", r.Method, r.URL)
				}
				answer.WriteHeader(test.status)
			}))
			defer server.Close()
			addr := server.Listener.Addr().String()
			_, port, _ := net.SplitHostPort(addr)
			// A server that listens everywhere is asked on this machine.
			for _, addr := range []string{addr, "0.0.0.0:" + port, ":" + port, "[::]:" + port, "localhost:" + port} {
				w := newWorld(t)
				w.vars["LATCHKEY_ADDR"] = addr
				got := w.run(t, "healthcheck")
				if test.code == 0 {
					got.mustSucceed(t, "healthy\n")
				} else {
					got.mustFail(t, test.code, "not healthy: the server answered "+strconv.Itoa(test.status))
				}
			}
			w := newWorld(t)
			if got := w.run(t, "healthcheck", "--addr", addr); got.code != test.code {
				t.Errorf("by its flag exits with %d", got.code)
			}
		})
	}
}

func TestHealthcheckOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(t, "healthcheck", "--addr", closedAddr(t)).mustFail(t, exitFailed, "connection refused")
	w.run(t, "healthcheck", "--addr", "nowhere").mustFail(t, exitUsage, "--addr")
}

// A redirect, or a proxy's page, is no health.
func TestHealthcheckFollowsNobody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			return
		}
		http.Redirect(answer, r, "/", http.StatusFound)
	}))
	defer server.Close()
	w := newWorld(t)
	w.run(t, "healthcheck", "--addr", server.Listener.Addr().String()).mustFail(t, exitFailed, "not healthy")
}

// closedAddr is one on which nobody listens.
func closedAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
