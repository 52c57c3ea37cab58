package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// OneTimeToken lets whoever presents it do one thing, once, until it expires. The store
// holds its hash alone.
type OneTimeToken struct {
	Kind      TokenKind
	Hash      string // [HashOneTimeToken]
	UserID    int64  // whom it is for; 0: nobody who has an account
	ExpiresAt time.Time
}

// TokenKind is what a one-time token lets somebody do.
type TokenKind string

// TokenSetup lets somebody create the first superuser.
const TokenSetup TokenKind = "setup"

// HashOneTimeToken returns the hash under which a token of a kind is stored.
func HashOneTimeToken(kind TokenKind, token string) string {
	sum := sha256.Sum256([]byte("latchkey " + string(kind) + " " + token))
	return hex.EncodeToString(sum[:])
}
