package admin

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// checkOrigin returns an error unless the request comes from a page of ours. Browsers
// say so in Sec-Fetch-Site, and where they send none, as on http, in Origin. A request
// that has neither is not from a browser. The error's cause, for the log, says which
// header was wrong and what was wanted.
//
// It is the standard library's http.CrossOriginProtection with two differences: where
// the public URL is set, the Host header has no say, since a proxy before us may send
// its own; and what has neither header is refused.
func (req *request) checkOrigin() error {
	site, origin := req.Header.Get("Sec-Fetch-Site"), req.Header.Get("Origin")
	switch {
	case site == "same-origin" || site == "none": // none: the person, not a page
		return nil
	case origin == "" && site == "":
		return foreign("neither Origin nor Sec-Fetch-Site was sent, and a browser sends one")
	case origin == "":
		return foreign("Sec-Fetch-Site is %.40q, want same-origin", site)
	case strings.EqualFold(origin, req.site.origin):
		return nil
	case req.site.onlyPublic:
		return foreign("Origin is %.80q, want %q, which is LATCHKEY_PUBLIC_URL", origin, req.site.origin)
	}
	// A page of http on the same host passes, as in the standard library: behind a proxy
	// that ends TLS nobody knows which it was, and HSTS is what prevents it.
	if from, err := url.Parse(origin); site == "" && err == nil && from.Host != "" && strings.EqualFold(from.Host, req.Host) {
		return nil
	}
	return foreign("Origin is %.80q, Sec-Fetch-Site %.40q, want %q or the Host %.80q; LATCHKEY_PUBLIC_URL is not set", origin, site, req.site.origin, req.Host)
}

// foreign is the refusal of a form that did not come from this site, with the reason for
// the log.
func foreign(reason string, args ...any) error {
	return auth.NewError(auth.CodeForbidden, "This form did not come from this site. Nothing was saved.", fmt.Errorf(reason, args...))
}
