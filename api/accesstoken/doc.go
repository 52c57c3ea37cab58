// Package accesstoken lets another service, in Go, know who calls it: it verifies
// latchkey's access tokens by the keys that latchkey publishes. latchkey signs them so
// with LATCHKEY_TOKEN_ALG=EdDSA. The package needs the standard library and golang-jwt.
//
//	tokens, err := accesstoken.New(accesstoken.Config{Issuer: "https://example.com"})
//	…
//	mux.Handle("GET /orders", tokens.Require(orders))
//	mux.Handle("DELETE /orders/{id}", tokens.RequireActive(deletion))
//	…
//	claims, _ := accesstoken.FromContext(r.Context())
//
// [Verifier.Require] asks nobody: a session that was ended is noticed when its token
// ends, after LATCHKEY_ACCESS_TOKEN_LIFETIME at most. [Verifier.RequireActive] asks
// latchkey for each request, and notices at once. docs/verifying.md has both in TypeScript.
//
//   - verifier.go: verifying a token, and asking about one
//   - keyset.go: the published keys, and when they are fetched
//   - middleware.go: the same before an http.Handler
package accesstoken
