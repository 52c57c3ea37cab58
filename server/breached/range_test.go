package breached_test

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // what the service knows passwords by
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/breached"
)

// serve starts a range service, and returns who asks it and what is logged.
func serve(t *testing.T, handler http.HandlerFunc) (*breached.Range, *bytes.Buffer) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return ask(t, server.URL+"/range")
}

func ask(t *testing.T, address string) (*breached.Range, *bytes.Buffer) {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	return breached.New(base, slog.New(slog.NewTextHandler(&log, nil))), &log
}

func digestOf(password string) string {
	sum := sha1.Sum([]byte(password)) //nolint:gosec // see above
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// ASVS 6.2.12
func TestAPasswordOfABreachIsFound(t *testing.T) {
	t.Parallel()
	known, padded := digestOf("wonderland-42"), digestOf("looking-glass-43")
	asked := make(chan *http.Request, 3)
	service, log := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		fmt.Fprintf(w, "%s:7\r\n%s:0\r\n%s:12", strings.Repeat("0", 35), padded[5:], known[5:])
	})
	for password, want := range map[string]bool{
		"wonderland-42":    true,
		"looking-glass-43": false, // padding: it has a count of 0
		"drink-me-44":      false,
	} {
		if got := service.IsBreached(t.Context(), password); got != want {
			t.Errorf("%s: %v, want %v", password, got, want)
		}
		request := <-asked
		// Five digits, and nothing else of the password.
		if request.URL.RequestURI() != "/range/"+digestOf(password)[:5] || request.Header.Get("Add-Padding") != "true" || request.Method != http.MethodGet {
			t.Errorf("asks %s %s %v", request.Method, request.URL, request.Header)
		}
	}
	if log.Len() > 0 {
		t.Errorf("logs %s", log)
	}
}

func TestAServiceThatDoesNotAnswerKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	found := func(w http.ResponseWriter) { fmt.Fprintf(w, "%s:12\r\n", digestOf("wonderland-42")[5:]) }
	for name, handler := range map[string]http.HandlerFunc{
		"an error": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			found(w)
		},
		"too many requests": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"a redirect":        func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"a line without end": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, strings.Repeat("A", 2<<20))
		},
		"half an answer": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n")
		},
		"no answer": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service, log := serve(t, handler)
			if service.IsBreached(t.Context(), "wonderland-42") {
				t.Error("it is said to be known")
			}
			checkWarning(t, log.String())
		})
	}
	t.Run("no service", func(t *testing.T) {
		t.Parallel()
		service, log := ask(t, "http://127.0.0.1:1/range/") // tcpmux, which nobody has
		if service.IsBreached(t.Context(), "wonderland-42") {
			t.Error("it is said to be known")
		}
		checkWarning(t, log.String())
	})
}

// checkWarning fails unless the log has one line, and no part of the password's digest.
func checkWarning(t *testing.T, log string) {
	t.Helper()
	if strings.Count(log, "\n") != 1 || !strings.Contains(log, "level=WARN") || !strings.Contains(log, "not checked for breaches") {
		t.Errorf("logs %q", log)
	}
	if strings.Contains(log, digestOf("wonderland-42")[:5]) {
		t.Errorf("the log tells of the password: %s", log)
	}
}
