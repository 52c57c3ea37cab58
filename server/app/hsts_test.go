package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/config"
)

// Browsers take the first of two: the app's own must not stand beside ours.
func TestTheAppsOwnStrictTransportIsReplaced(t *testing.T) {
	t.Parallel()
	cfg := &config.Config{PublicURL: "https://example.com", HSTSMaxAge: time.Hour}
	for name, next := range map[string]http.HandlerFunc{
		"with a status":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) },
		"without a status": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") },
	} {
		answer := httptest.NewRecorder()
		strictTransport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Strict-Transport-Security", "max-age=1")
			next(w, r)
		}), cfg).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
		if got := answer.Result().Header.Values("Strict-Transport-Security"); !slices.Equal(got, []string{"max-age=3600"}) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
