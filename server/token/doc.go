// Package token makes and reads access tokens: JWTs (RFC 7519, RFC 9068) signed with
// HMAC-SHA-256 or Ed25519. With api/accesstoken, for other services, it is the only
// place that knows the JWT library.
//
//   - token.go: issuing, and reading what was issued
//   - strict.go: what is refused for its form
//   - seal.go: encrypting private keys under the secret
package token
