package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
)

// keysCacheControl lets everybody keep the set of keys, for [keys.PublishedFor].
var keysCacheControl = fmt.Sprintf("public, max-age=%d", int(keys.PublishedFor.Seconds()))

// toKeySet returns the keys as a JWK Set, and its entity tag.
func toKeySet(published []keys.Key) (set gen.KeySet, etag string) {
	set.Keys = make([]gen.Key, 0, len(published))
	digest := sha256.New()
	for _, k := range published {
		set.Keys = append(set.Keys, gen.Key{
			Kty: gen.OKP, Crv: gen.Ed25519, X: base64.RawURLEncoding.EncodeToString(k.Public), Kid: k.ID, Use: gen.Sig, Alg: gen.EdDSA,
		})
		digest.Write(k.Public)
	}
	return set, `"` + hex.EncodeToString(digest.Sum(nil)[:8]) + `"`
}

// matches reports whether an If-None-Match names an entity tag (RFC 9110, section 13.1.2).
// A weak one is as good there.
func matches(header, etag string) bool {
	for each := range strings.SplitSeq(header, ",") {
		each = strings.TrimSpace(each)
		if each == "*" || strings.TrimPrefix(each, "W/") == etag {
			return true
		}
	}
	return false
}

// toIntrospection says what is known of the token of a principal; nothing where there is
// none.
func toIntrospection(by *auth.Principal) gen.Introspection {
	if by == nil {
		return gen.Introspection{Active: false}
	}
	subject := fmt.Sprint(by.User.ID)
	issued, expires := by.Token.IssuedAt.Unix(), by.Token.ExpiresAt.Unix()
	client, kind := "latchkey", "Bearer"
	return gen.Introspection{
		Active: true, Sub: &subject, Username: &by.User.Email, ClientID: &client, TokenType: &kind,
		Sid: &by.Session.ID, Jti: &by.Token.ID, Iat: &issued, Exp: &expires,
	}
}
