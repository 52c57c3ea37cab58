// Package keys is the life of the keys that sign access tokens with Ed25519, so that
// services which do not know the secret can verify them:
//
//   - key.go: a key, and at what time it is published, signs, verifies
//   - ring.go: the keys as an instance holds them, and when it reads them again
//   - service.go: listing, rotating, revoking; what a job does for them
//   - ports.go: the store and the encryption that keys need
package keys
