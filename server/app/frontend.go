package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/latchkey-auth/latchkey/server/request"
)

// newFrontend hands requests to the Next.js server at target, WebSocket upgrades
// and streamed answers included; down answers while that server does not. What
// the app is told about the client and the site is what we know, and not what
// the client says: scheme is that of the public URL.
func newFrontend(target *url.URL, scheme string, down http.Handler, log *slog.Logger) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host
			p.SetXForwarded()
			p.Out.Header.Set("X-Forwarded-For", request.From(p.In.Context()).Client.Address)
			p.Out.Header.Set("X-Forwarded-Proto", scheme)
			dropInternal(p.Out.Header)
		},
		FlushInterval: -1, // a streamed page is passed on as it comes
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if !errors.Is(r.Context().Err(), context.Canceled) {
				log.WarnContext(r.Context(), "the Next.js server does not answer", "error", err)
			}
			down.ServeHTTP(w, r)
		},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// dropInternal drops the headers by which Next.js speaks with itself: for a
// request with X-Middleware-Subrequest it skipped its middleware
// (CVE-2025-29927), and nobody outside has a reason to send any of them.
func dropInternal(header http.Header) {
	for name := range header {
		if strings.HasPrefix(name, "X-Middleware-") {
			delete(header, name)
		}
	}
}
