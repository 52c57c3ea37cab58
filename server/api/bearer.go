package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// maxTokenLength is several times that of any token we issue.
const maxTokenLength = 4096

// bearer returns the token of RFC 6750, section 2.1. Its error tells apart that
// none was sent (another scheme counts as none) and that what was sent cannot be
// one.
func bearer(header http.Header) (string, error) {
	values := header.Values("Authorization")
	if len(values) == 0 {
		return "", auth.AuthenticationRequired()
	}
	if len(values) > 1 {
		return "", auth.InvalidToken(errors.New("several Authorization headers"))
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.Trim(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", auth.AuthenticationRequired()
	}
	if len(token) > maxTokenLength || !isB64Token(token) {
		return "", auth.InvalidToken(errors.New("characters that no token has"))
	}
	return token, nil
}

// isB64Token checks the b64token of RFC 6750, section 2.1.
func isB64Token(token string) bool {
	body := strings.TrimRight(token, "=")
	for i := range len(body) {
		c := body[i]
		isAlphanumeric := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !isAlphanumeric && !strings.ContainsRune("-._~+/", rune(c)) {
			return false
		}
	}
	return body != ""
}
