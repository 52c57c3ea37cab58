package web

import (
	"net/http"
	"strings"
)

// The two policies. Both refuse everything first and then allow this server's
// own files; neither allows anything inline. Swagger UI gets scripts, requests
// to this server (Try it out) and the data: images of its stylesheet. React
// sets its style attributes through the CSSOM, which a policy does not govern.
const (
	policyPage = "default-src 'none'; style-src 'self'; img-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	policyDocs = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

const (
	// cacheForever is for paths that hold their content's checksum.
	cacheForever = "public, max-age=31536000, immutable"
	// cacheRevalidate is for paths whose content changes with the version or
	// the configuration: kept, and asked about by ETag each time.
	cacheRevalidate = "no-cache"
	// cacheNever is for failures: tomorrow the path may lead somewhere.
	cacheNever = "no-store"
)

// setSafeHeaders sets what every answer carries. The policy is the stricter
// one; the documentation page replaces it with its own.
func setSafeHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policyPage)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// acceptsGzip reports whether a client asked for gzip. One that says nothing
// gets the plain form: that is what it can surely read.
func acceptsGzip(r *http.Request) bool {
	for _, offer := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, weight, _ := strings.Cut(offer, ";")
		if coding = strings.TrimSpace(coding); strings.EqualFold(coding, "gzip") || coding == "*" {
			return !refuses(weight)
		}
	}
	return false
}

// refuses tells a weight of zero, "q=0" to "q=0.000", from every other one.
func refuses(weight string) bool {
	name, value, _ := strings.Cut(weight, "=")
	value = strings.TrimSpace(value)
	return strings.EqualFold(strings.TrimSpace(name), "q") &&
		strings.HasPrefix(value, "0") && strings.Trim(value, "0.") == ""
}
