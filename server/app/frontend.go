package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/reqctx"
)

// frontendConfig configures the way to the Next.js server.
type frontendConfig struct {
	Target *url.URL
	Public *url.URL // where browsers reach the site; nil when nobody said so
	Scheme string   // of the site, where no trusted proxy says it
	Limits limits
	// Trusted are the proxies whose word counts.
	Trusted []netip.Prefix
	Down    http.Handler // answers while the server does not
	Refuse  refuser
	Claims  *claims
	Log     *slog.Logger
}

// frontend hands requests to the Next.js server, WebSockets and streamed answers
// included, within limits.
type frontend struct {
	frontendConfig
	proxy    *httputil.ReverseProxy
	requests *quota // under way
	upgrades *quota // of these
	bodies   *quota // bytes
}

func newFrontend(cfg frontendConfig) *frontend {
	f := &frontend{
		frontendConfig: cfg,
		requests:       newQuota(int64(cfg.Limits.frontend), 0),
		upgrades:       newQuota(int64(cfg.Limits.upgrades), 0),
		bodies:         newQuota(cfg.Limits.bodies, cfg.Limits.clientBodies),
	}
	f.proxy = &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(cfg.Target)
			p.Out.Host = p.In.Host
			f.forward(p)
			f.Claims.sign(p.Out, reqctx.From(p.In.Context()).Client)
			dropInternal(p.Out.Header)
			dropOwnCookies(p.Out)
		},
		ModifyResponse: f.relativeLocation,
		Transport:      toFrontend(),
		FlushInterval:  -1, // a streamed page is passed on as it comes
		ErrorHandler:   f.fail,
		// An upgrade that breaks and a client that hangs up in the middle are no
		// news; the request's line in the log says how it ended.
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	return f
}

// methods are those that a route of Next.js can have. It fails at TRACE with a line in
// its log, and has no use for others.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// ServeHTTP answers one request.
func (f *frontend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case !slices.Contains(methods, r.Method):
		w.Header().Set("Allow", strings.Join(methods, ", "))
		f.Refuse(w, r, http.StatusMethodNotAllowed)
	case r.ContentLength > f.Limits.body:
		f.Refuse(w, r, http.StatusRequestEntityTooLarge)
		drain(http.NewResponseController(w), r.Body)
	case f.requests.take(netip.Prefix{}, 1) != granted:
		f.Refuse(w, r, http.StatusServiceUnavailable)
	default:
		defer f.requests.give(netip.Prefix{}, 1)
		f.serve(w, r)
	}
}

// serve hands on a request that there is room for.
func (f *frontend) serve(w http.ResponseWriter, r *http.Request) {
	within := f.Limits.response
	if isWebSocket(r) {
		if f.upgrades.take(netip.Prefix{}, 1) != granted {
			f.Refuse(w, r, http.StatusServiceUnavailable)
			return
		}
		defer f.upgrades.give(netip.Prefix{}, 1)
		within = f.Limits.upgrade
	} else if r.Header.Get("Upgrade") != "" {
		// Node.js hands over the connection for any upgrade, and Next.js forgets
		// it. A server may ignore what it does not offer (RFC 9110, section 7.8).
		r = r.Clone(r.Context())
		r.Header.Del("Upgrade")
	}
	f.exchange(w, r, within)
}

// exchange hands on a request, and gives it up when nothing comes for too long.
func (f *frontend) exchange(w http.ResponseWriter, r *http.Request, within time.Duration) {
	ctx, giveUp := context.WithCancelCause(r.Context())
	defer giveUp(nil)
	control := http.NewResponseController(w)
	watched := &watchedWriter{ResponseWriter: w, limits: f.Limits, release: func() {
		_ = control.SetWriteDeadline(time.Now().Add(unblockTimeout)) // memory, in tests, has none
	}}
	watched.dog = watch(within, func() {
		giveUp(errSilent)
		watched.expire()
	})
	defer watched.dog.stop()
	_ = control.SetWriteDeadline(time.Time{}) // of an earlier request on the connection
	if r.ContentLength != 0 {
		body := &frontendBody{
			ReadCloser: r.Body, limits: f.Limits, client: networkOf(r, f.Trusted), bodies: f.bodies, control: control,
			began: time.Now(), arrived: func() { watched.dog.reset(f.Limits.response) },
		}
		defer body.finish(w, r)
		ctx = context.WithValue(ctx, bodyKey{}, body)
		r = r.WithContext(ctx)
		r.Body = body
	} else {
		r = r.WithContext(ctx)
	}
	f.proxy.ServeHTTP(watched, r)
}

// unblockTimeout is how long the answer may take that says that nothing came.
const unblockTimeout = 5 * time.Second

type bodyKey struct{}

// isWebSocket reports whether a request asks for a WebSocket (RFC 6455, section 4.1).
func isWebSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// fail answers in place of the Next.js server.
func (f *frontend) fail(w http.ResponseWriter, r *http.Request, err error) {
	if watched, ok := w.(*watchedWriter); ok && watched.isHijacked() {
		return // the client hung up while the protocol was switched
	}
	body, _ := r.Context().Value(bodyKey{}).(*frontendBody)
	if body != nil && body.failure() != nil {
		f.Refuse(w, r, statusOfBody[body.failure()])
		return
	}
	switch cause := context.Cause(r.Context()); {
	case errors.Is(cause, errSilent):
		f.Refuse(w, r, http.StatusGatewayTimeout)
		return
	case cause == nil: // else the client hung up
		f.Log.WarnContext(r.Context(), "the Next.js server does not answer", "error", err)
	}
	f.Down.ServeHTTP(w, r)
}

var statusOfBody = map[error]int{
	errBodyTooLarge: http.StatusRequestEntityTooLarge,
	errBodyStalled:  http.StatusRequestTimeout,
	errClientBodies: http.StatusTooManyRequests,
	errAllBodies:    http.StatusServiceUnavailable,
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

// forward tells the app who the client is and how it reached the site: the public URL
// where one was set, else what a trusted proxy before us says, else what we know. The
// app judges by it whether a form is its own, and a proxy before us may pass on nothing
// of the kind.
func (f *frontend) forward(p *httputil.ProxyRequest) {
	info := reqctx.From(p.In.Context())
	p.SetXForwarded()
	p.Out.Header.Set("X-Forwarded-For", info.Client.Address)
	p.Out.Header.Set("X-Forwarded-Proto", f.Scheme)
	switch {
	case f.Public != nil:
		p.Out.Header.Set("X-Forwarded-Host", f.Public.Host)
	case info.ViaProxy:
		for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto"} {
			if value := p.In.Header.Get(name); value != "" {
				p.Out.Header.Set(name, value)
			}
		}
	}
}

// relativeLocation makes a redirect within the site relative: the app may know the site
// by another name than the browser does, and its own inner address is nobody's business.
func (f *frontend) relativeLocation(answer *http.Response) error {
	location, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || location.Host == "" || location.User != nil {
		return nil //nolint:nilerr // as the app has written it
	}
	if !slices.Contains(f.origins(answer.Request), location.Scheme+"://"+location.Host) {
		return nil
	}
	location.Scheme, location.Host = "", ""
	if location.Path == "" {
		location.Path = "/"
	}
	// "//host" and "/\host" would be another site's.
	if relative := location.String(); !strings.HasPrefix(relative, "//") && !strings.HasPrefix(relative, `/\`) && relative[0] == '/' {
		answer.Header.Set("Location", relative)
	}
	return nil
}

// origins are the names by which the app may know the site.
func (f *frontend) origins(asked *http.Request) []string {
	scheme, _, _ := strings.Cut(asked.Header.Get("X-Forwarded-Proto"), ",")
	return []string{
		scheme + "://" + asked.Header.Get("X-Forwarded-Host"),
		scheme + "://" + asked.Host,
		f.Target.Scheme + "://" + f.Target.Host,
		f.Target.Scheme + "://localhost:" + f.Target.Port(), // what Next.js calls 127.0.0.1
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
