package web

import (
	"cmp"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
)

// Config is what the pages have to know about the server they are part of.
type Config struct {
	// ContractYAML is served at /openapi.yaml, byte for byte.
	ContractYAML []byte
	// ContractJSON is served at /openapi.json, byte for byte; the documentation
	// is drawn from it.
	ContractJSON []byte
	// Version is shown at the foot of each page; empty shows none.
	Version string
	// PublicURL is where people reach the server, without a path. The example
	// on the landing page calls it. Empty means http://localhost:8080.
	PublicURL string
	// Program is how people call the program on the server's machine; empty means
	// latchkey.
	Program string
	// Admin reports whether the pages link to /admin/.
	Admin bool
	// Static has further files to be served, in a directory static: those of the
	// admin site. [Site.Asset] says where each is found.
	Static fs.FS
}

// Site answers requests for the pages. It never changes after New and is safe
// for concurrent use.
type Site struct {
	routes   map[string]http.Handler
	notFound http.Handler
	refused  http.Handler
	down     http.Handler
	refusals map[int]*failure
	links    map[string]string
}

// New renders the pages and returns the site that serves them. It fails only
// when the files embedded in the binary do not fit together.
func New(cfg Config) (*Site, error) {
	cfg.Program = cmp.Or(cfg.Program, "latchkey")
	routes := make(map[string]http.Handler)
	links := make(map[string]string)
	for _, files := range []fs.FS{staticFiles, cfg.Static} {
		if files == nil {
			continue
		}
		if err := addStatic(routes, links, files); err != nil {
			return nil, fmt.Errorf("web: static files: %w", err)
		}
	}
	if err := addSwaggerUI(routes, links); err != nil {
		return nil, fmt.Errorf("web: Swagger UI: %w", err)
	}
	addContract(routes, cfg)

	pages := renderer{cfg: cfg, links: links}
	routes["/"] = pages.document("home.html", "latchkey: sign-in for a Next.js app", policyPage)
	routes["/docs"] = pages.document("docs.html", "API documentation · latchkey", policyDocs)
	routes["/docs/"] = routes["/docs"]
	site := &Site{
		links:    links,
		routes:   routes,
		notFound: pages.failure(http.StatusNotFound, "Nothing was found at this address."),
		refused:  pages.failure(http.StatusMethodNotAllowed, "This address can only be read."),
		down:     pages.failure(http.StatusBadGateway, "The app does not answer."),
		refusals: map[int]*failure{},
	}
	for status, detail := range refusals {
		site.refusals[status] = pages.failure(status, detail)
	}
	if pages.err != nil {
		return nil, fmt.Errorf("web: pages: %w", pages.err)
	}
	return site, nil
}

// Asset returns the path of a static file, with its content's checksum in it.
func (s *Site) Asset(name string) (string, error) {
	return (&renderer{links: s.links}).asset(name)
}

// ServeHTTP answers one request, whatever its path.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setSafeHeaders(w.Header())
	route, known := s.routes[r.URL.Path]
	switch {
	case !known:
		s.notFound.ServeHTTP(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		s.refused.ServeHTTP(w, r)
	default:
		route.ServeHTTP(w, r)
	}
}

// refreshDown is after how many seconds a browser asks again for a page of an app
// that did not answer: it is starting, more often than not.
const refreshDown = "3"

// FrontendDown answers in place of the app behind this server while that app
// cannot be reached.
func (s *Site) FrontendDown() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setSafeHeaders(w.Header())
		w.Header().Set("Retry-After", refreshDown)
		w.Header().Set("Refresh", refreshDown)
		s.down.ServeHTTP(w, r)
	})
}

// refusals are why a request for the app behind this server goes no further.
var refusals = map[int]string{
	http.StatusMethodNotAllowed:      "This address does not take requests of this kind.",
	http.StatusRequestTimeout:        "The rest of the request did not arrive in time. Send it again.",
	http.StatusRequestEntityTooLarge: "What you sent is too large for this site.",
	http.StatusTooManyRequests:       "Too many requests from your network are under way. Try again in a moment.",
	http.StatusServiceUnavailable:    "The server is busy. Try again in a moment.",
	http.StatusGatewayTimeout:        "The app took too long to answer. Try again in a moment.",
}

// RefusalDetail returns the sentence of a status, or "" when Refusal has no page for it.
func RefusalDetail(status int) string { return refusals[status] }

// Refusal returns what answers a request for the app that is refused with a status.
func (s *Site) Refusal(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setSafeHeaders(w.Header())
		s.refusals[status].ServeHTTP(w, r)
	})
}

// Owns reports whether a path belongs to this site even when another server,
// such as a Next.js app, answers everything else. The landing page and the
// favicon are not among these: an app brings its own.
func (s *Site) Owns(path string) bool {
	switch path {
	case "/docs", "/openapi.json", "/openapi.yaml":
		return true
	}
	return strings.HasPrefix(path, "/docs/") || strings.HasPrefix(path, staticPrefix)
}
