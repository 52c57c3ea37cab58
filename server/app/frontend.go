package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"

	"github.com/latchkey-auth/latchkey/server/request"
)

// newFrontend hands requests to the Next.js server, WebSocket upgrades and
// streamed answers included.
func newFrontend(target *url.URL, log *slog.Logger) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host
			p.SetXForwarded()
			// The client as we know it, not as it calls itself.
			p.Out.Header.Set("X-Forwarded-For", request.From(p.In.Context()).Client.Address)
			// Next.js skips its middleware for requests that carry this
			// (CVE-2025-29927); nobody outside has a reason to send it.
			p.Out.Header.Del("X-Middleware-Subrequest")
		},
		FlushInterval: -1, // a streamed page is passed on as it comes
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if !errors.Is(r.Context().Err(), context.Canceled) {
				log.WarnContext(r.Context(), "the Next.js server does not answer", "error", err)
			}
			http.Error(w, "The Next.js server does not answer.", http.StatusBadGateway)
		},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
