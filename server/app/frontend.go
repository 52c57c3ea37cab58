package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/reqctx"
)

// newFrontend hands requests to the Next.js server at target, WebSocket upgrades
// and streamed answers included; down answers while that server does not. scheme
// is that of the public URL.
func newFrontend(target *url.URL, scheme string, down http.Handler, log *slog.Logger) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host
			forward(p, scheme)
			dropInternal(p.Out.Header)
			dropOwnCookies(p.Out)
		},
		Transport:     toFrontend(),
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

// frontendConns is how many connections to the app are kept, in reserve: it is on
// the same machine, or near.
const frontendConns = 256

// toFrontend keeps connections, where Go's default keeps two, and leaves
// compression to browser and app: else Next.js would compress for us, and we would
// undo it.
func toFrontend() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: frontendTimeout, KeepAlive: frontendTimeout}).DialContext,
		MaxIdleConns:        frontendConns,
		MaxIdleConnsPerHost: frontendConns,
		IdleConnTimeout:     idleFrontendConn,
		DisableCompression:  true,
	}
}

const (
	frontendTimeout = 5 * time.Second
	// idleFrontendConn is less than the five seconds after which Node.js closes a
	// connection that nobody uses: a request sent just then would be lost.
	idleFrontendConn = 4 * time.Second
)

// forward tells the app who the client is and how it reached the site: what a
// trusted proxy before us says, else what we know.
func forward(p *httputil.ProxyRequest, scheme string) {
	info := reqctx.From(p.In.Context())
	p.SetXForwarded()
	p.Out.Header.Set("X-Forwarded-For", info.Client.Address)
	p.Out.Header.Set("X-Forwarded-Proto", scheme)
	if !info.ViaProxy {
		return
	}
	for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto"} {
		if value := p.In.Header.Get(name); value != "" {
			p.Out.Header.Set(name, value)
		}
	}
}

// internal are the headers by which Next.js speaks with itself, and by which other
// proxies than us say who the client is or what it wants. For a request with
// X-Middleware-Subrequest Next.js skipped its middleware (CVE-2025-29927); nobody
// outside has a reason to send any of them.
var internal = []string{
	"X-Middleware-", "X-Invoke-", "X-Matched-Path", "X-Original-Url", "X-Rewrite-Url",
	"X-Real-Ip", "True-Client-Ip", "X-Client-Ip", "X-Forwarded-Port", "X-Forwarded-Server",
}

// ownCookies are those of the admin site, which are none of the app's business. On
// https their path is /, so that the browser sends them here too.
const ownCookies = "latchkey_admin"

func dropOwnCookies(out *http.Request) {
	cookies := out.Cookies()
	if !slices.ContainsFunc(cookies, isOwn) {
		return // as the browser has written them
	}
	out.Header.Del("Cookie")
	for _, cookie := range cookies {
		if !isOwn(cookie) {
			out.AddCookie(cookie)
		}
	}
}

func isOwn(cookie *http.Cookie) bool { return strings.Contains(cookie.Name, ownCookies) }

func dropInternal(header http.Header) {
	for name := range header {
		if slices.ContainsFunc(internal, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			delete(header, name)
		}
	}
}
