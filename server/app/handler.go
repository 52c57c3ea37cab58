package app

import (
	"log/slog"
	"net/http"
	"strings"

	"github.com/latchkey-auth/latchkey/server/admin"
	"github.com/latchkey-auth/latchkey/server/config"
	"github.com/latchkey-auth/latchkey/server/web"
)

// apiBase is the contract's server URL; a test compares them.
const apiBase = "/api/v1"

// wellKnownKeys is where other services look for the keys: below no version of the API
// (RFC 8615). The API answers it.
const wellKnownKeys = "/.well-known/jwks.json"

// newHandler says which path goes to whom. It is no http.ServeMux: that would
// redirect //, and answer by itself what is to be a problem document.
func newHandler(cfg *config.Config, l limits, vouched *claims, log *slog.Logger, apiHandler, adminSite http.Handler, site *web.Site) http.Handler {
	refuse := refuseBy(site)
	requests := newRequestsPerClient(l, cfg.TrustedProxies, refuse)
	apiHandler = allowOrigins(bounded(keepPrivate(vouched.believe(requests.bound(apiHandler)))), cfg.CORSOrigins)
	adminSite = requests.bound(bounded(adminSite))
	pages := requests.bound(bounded(site))
	rest := pages
	if cfg.FrontendURL != nil {
		rest = requests.bound(newFrontend(frontendConfig{
			Target: cfg.FrontendURL, Public: cfg.OwnPublicURL(), Scheme: schemeOf(cfg.PublicURL),
			Limits: l, Trusted: cfg.TrustedProxies, Down: site.FrontendDown(), Refuse: refuse, Claims: vouched, Log: log,
		}))
	}
	byPath := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case isAPI(path):
			apiHandler.ServeHTTP(w, r)
		case path == wellKnownKeys:
			apiHandler.ServeHTTP(w, below(apiBase, r))
		case path == "/admin" || strings.HasPrefix(path, admin.Prefix):
			adminSite.ServeHTTP(w, r)
		case site.Owns(path):
			pages.ServeHTTP(w, r)
		default:
			rest.ServeHTTP(w, r)
		}
	})
	return refuseSpare(observe(strictTransport(byPath, cfg), log, cfg.TrustedProxies))
}

func isAPI(path string) bool { return path == apiBase || strings.HasPrefix(path, apiBase+"/") }

func schemeOf(address string) string {
	scheme, _, _ := strings.Cut(address, "://")
	return scheme
}

// below returns the request as one for the same path below a base.
func below(base string, r *http.Request) *http.Request {
	inside := r.Clone(r.Context())
	inside.URL.Path, inside.URL.RawPath = base+r.URL.Path, ""
	return inside
}
