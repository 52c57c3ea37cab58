package app

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/latchkey-auth/latchkey/server/config"
	"github.com/latchkey-auth/latchkey/server/reqctx"
)

// strictTransport tells browsers that reach us through https to do so from now on (RFC
// 6797), with every answer, the app's too. It says nothing of subdomains: what runs there
// is not ours to know.
func strictTransport(next http.Handler, cfg *config.Config) http.Handler {
	if cfg.HSTSMaxAge == 0 {
		return next
	}
	value := fmt.Sprintf("max-age=%d", int64(cfg.HSTSMaxAge.Seconds()))
	isPublic := strings.HasPrefix(cfg.PublicURL, "https://")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isPublic || cameByHTTPS(r) {
			w = &strictWriter{ResponseWriter: w, value: value}
		}
		next.ServeHTTP(w, r)
	})
}

// cameByHTTPS reports whether a trusted proxy says so of a request, the one next to us:
// browsers ignore what is said on http, but it must not be said there (RFC 6797, section
// 7.2).
func cameByHTTPS(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-Proto"), ","), ",")
	return reqctx.From(r.Context()).ViaProxy && strings.EqualFold(strings.TrimSpace(hops[len(hops)-1]), "https")
}

// strictWriter sets the header at the last moment, in place of one that the app behind us
// may have set: browsers take the first of two.
type strictWriter struct {
	http.ResponseWriter
	value string
}

// Unwrap lets http.ResponseController find what the server's own writer can do.
func (w *strictWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *strictWriter) WriteHeader(status int) {
	w.Header().Set("Strict-Transport-Security", w.value)
	w.ResponseWriter.WriteHeader(status)
}

func (w *strictWriter) Write(p []byte) (int, error) {
	w.Header().Set("Strict-Transport-Security", w.value) // too late, and so without effect, after the first
	return w.ResponseWriter.Write(p)
}
