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

// newHandler says which path goes to whom. It is no http.ServeMux: that would
// redirect //, and answer by itself what is to be a problem document.
func newHandler(cfg *config.Config, log *slog.Logger, apiHandler, adminSite http.Handler, site *web.Site) http.Handler {
	apiHandler = allowOrigins(bounded(keepPrivate(apiHandler)), cfg.CORSOrigins)
	adminSite = bounded(adminSite)
	pages := bounded(site)
	rest := pages
	if cfg.FrontendURL != nil {
		scheme, _, _ := strings.Cut(cfg.PublicURL, "://")
		rest = unbounded(newFrontend(cfg.FrontendURL, scheme, site.FrontendDown(), log))
	}
	byPath := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case path == apiBase || strings.HasPrefix(path, apiBase+"/"):
			apiHandler.ServeHTTP(w, r)
		case path == "/admin" || strings.HasPrefix(path, admin.Prefix):
			adminSite.ServeHTTP(w, r)
		case site.Owns(path):
			pages.ServeHTTP(w, r)
		default:
			rest.ServeHTTP(w, r)
		}
	})
	return observe(strictTransport(byPath, cfg), log, cfg.TrustedProxies)
}
