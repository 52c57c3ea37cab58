package accesstoken

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// Require lets in requests with a good access token, and puts what it says into their
// context. Others get 401, or 503 while tokens cannot be checked.
func (v *Verifier) Require(next http.Handler) http.Handler { return require(v.Verify, next) }

// RequireActive is Require for what must not be done in a session that was ended a moment
// ago: it asks latchkey for each request.
func (v *Verifier) RequireActive(next http.Handler) http.Handler { return require(v.Introspect, next) }

func require(check func(ctx context.Context, raw string) (Claims, error), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, sent := bearer(r)
		if !sent {
			w.Header().Set("WWW-Authenticate", "Bearer") // RFC 6750, section 3
			http.Error(w, "Sign in to do this.", http.StatusUnauthorized)
			return
		}
		said, err := check(r.Context(), raw)
		switch {
		case errors.Is(err, ErrUnavailable):
			w.Header().Set("Retry-After", "1")
			http.Error(w, "Try again in a moment.", http.StatusServiceUnavailable)
		case err != nil:
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(w, "You are signed out. Sign in again.", http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, said)))
		}
	})
}

// bearer returns the one token of a request (RFC 6750, section 2.1).
func bearer(r *http.Request) (raw string, sent bool) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, raw, _ := strings.Cut(values[0], " ")
	raw = strings.Trim(raw, " ")
	return raw, strings.EqualFold(scheme, "Bearer") && raw != ""
}

type claimsKey struct{}

// FromContext returns what the token of a request says, behind [Verifier.Require] or
// [Verifier.RequireActive].
func FromContext(ctx context.Context) (Claims, bool) {
	said, has := ctx.Value(claimsKey{}).(Claims)
	return said, has
}
