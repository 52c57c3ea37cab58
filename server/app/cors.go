package app

import (
	"net/http"
	"slices"
)

const (
	// corsMethods are all that the contract may have.
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	// corsHeaders are what a page of another origin may send.
	corsHeaders = "Authorization, Content-Type"
	// corsExposed are what its script may read, beside the few that it always may.
	corsExposed = "Retry-After, WWW-Authenticate, X-Request-ID"
	// corsMaxAge is how many seconds a browser may remember a preflight: two hours,
	// the most that Chromium does.
	corsMaxAge = "7200"
)

// allowOrigins lets scripts on pages of these origins call the API (the Fetch standard,
// section 3.3), with a token that they hold: credentials of the browser's, cookies, are
// never allowed. Everybody else is answered as without it, which browsers take for no.
func allowOrigins(next http.Handler, origins []string) http.Handler {
	if len(origins) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Add("Vary", "Origin") // with every answer: what is kept for one origin is not for another
		origin := r.Header.Values("Origin")
		if len(origin) != 1 || !slices.Contains(origins, origin[0]) {
			next.ServeHTTP(w, r)
			return
		}
		header.Set("Access-Control-Allow-Origin", origin[0])
		if method := r.Header.Get("Access-Control-Request-Method"); r.Method == http.MethodOptions && method != "" {
			answerPreflight(header)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		header.Set("Access-Control-Expose-Headers", corsExposed)
		next.ServeHTTP(w, r)
	})
}

// answerPreflight says what may be asked, whatever was meant to be: the browser compares.
func answerPreflight(header http.Header) {
	header.Set("Access-Control-Allow-Methods", corsMethods)
	header.Set("Access-Control-Allow-Headers", corsHeaders)
	header.Set("Access-Control-Max-Age", corsMaxAge)
}
