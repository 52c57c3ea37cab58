package keys

import (
	"context"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Store keeps the keys. Its methods are safe for concurrent use, and each is one
// transaction. What they answer when something fails stands in auth/errors.go.
type Store interface {
	auth.PermissionReader

	// SigningKeys reads all keys.
	SigningKeys(ctx context.Context) ([]Key, error)
	// AddSigningKey stores a new key and the event.
	AddSigningKey(ctx context.Context, key Key, event auth.Event) error
	// RevokeSigningKey ends a key and stores the event; [auth.ErrNoRow] when there is
	// none that is not revoked yet.
	RevokeSigningKey(ctx context.Context, id string, at time.Time, event auth.Event) error
	// ExpireSigningKey notes the end of a key that signs no more, unless it has one.
	ExpireSigningKey(ctx context.Context, id string, expiresAt time.Time) error
	// ResealSigningKey replaces the encrypted private key, if it still is as it was.
	ResealSigningKey(ctx context.Context, id, was, sealed string) error
}

// Sealer encrypts private keys under the secret.
type Sealer interface {
	// Seal encrypts the seed of the key with an id.
	Seal(id string, seed []byte) (string, error)
	// Open decrypts what Seal made; stale reports that it was under a fallback. It fails
	// when no secret at hand made it, or it was made for another id.
	Open(id, sealed string) (seed []byte, stale bool, err error)
}
