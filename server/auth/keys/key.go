package keys

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"
)

// The times in which a new key reaches everybody before it signs: services keep the
// published set for [PublishedFor], instances of latchkey for [RefreshEvery]; what is
// left of [PublishAhead] is for clocks that differ and fetches that are tried again.
const (
	// PublishedFor is how long others may keep the published keys: the max-age of the set.
	PublishedFor = 5 * time.Minute
	// RefreshEvery is how long an instance verifies by the keys that it has read. A key
	// that is revoked is refused everywhere after that.
	RefreshEvery = 10 * time.Second
	// PublishAhead is how long a key is published before it signs.
	PublishAhead = 10 * time.Minute
)

// expiryMargin is for an instance that learned late that it signs with a newer key.
const expiryMargin = time.Hour

// Key is one, as it is stored.
type Key struct {
	ID        string // the kid of its tokens; tells nothing secret
	Public    ed25519.PublicKey
	Sealed    string // the private key, encrypted under the secret
	CreatedAt time.Time
	SignsFrom time.Time
	ExpiresAt *time.Time // the end of its last token; nil while it may still sign
	RevokedAt *time.Time
}

// State is what a key is there for at a time.
type State string

// The states.
const (
	StateWaiting State = "published, not signing yet"
	StateSigning State = "signing"
	StateOld     State = "verifying old tokens"
	StateExpired State = "expired"
	StateRevoked State = "revoked"
)

// IsGood reports whether tokens of the key are: from when it is made until its last
// token is over, unless it is revoked.
func (k Key) IsGood(now time.Time) bool {
	return k.RevokedAt == nil && (k.ExpiresAt == nil || now.Before(*k.ExpiresAt))
}

// maySign reports whether the key could be the one that signs.
func (k Key) maySign(now time.Time) bool {
	return k.RevokedAt == nil && k.ExpiresAt == nil && !now.Before(k.SignsFrom)
}

// signing returns the index of the key that signs at a time, the newest that may; -1
// without one.
func signing(keys []Key, now time.Time) int {
	found := -1
	for i, k := range keys {
		if k.maySign(now) && (found < 0 || isNewer(k, keys[found])) {
			found = i
		}
	}
	return found
}

func isNewer(k, other Key) bool {
	if k.SignsFrom.Equal(other.SignsFrom) {
		return k.ID > other.ID // any order that all instances share
	}
	return k.SignsFrom.After(other.SignsFrom)
}

// StateOf returns the state of keys[i] among the keys.
func StateOf(keys []Key, i int, now time.Time) State {
	switch k := keys[i]; {
	case k.RevokedAt != nil:
		return StateRevoked
	case !k.IsGood(now):
		return StateExpired
	case now.Before(k.SignsFrom):
		return StateWaiting
	case signing(keys, now) == i:
		return StateSigning
	}
	return StateOld
}

// newKey makes a key and returns its seed too, which is the private key (RFC 8032,
// section 5.1.5).
func newKey(random io.Reader, now, signsFrom time.Time) (key Key, seed []byte, err error) {
	seed = make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return Key{}, nil, fmt.Errorf("making a signing key: %w", err)
	}
	public, _ := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	return Key{ID: idOf(public), Public: public, CreatedAt: now, SignsFrom: signsFrom}, seed, nil
}

// idOf is the first half of the key's thumbprint (RFC 7638; RFC 8037, appendix A.3), in
// hexadecimal: on a command line it never looks like a flag.
func idOf(public ed25519.PublicKey) string {
	jwk := `{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}`
	sum := sha256.Sum256([]byte(jwk))
	return hex.EncodeToString(sum[:sha256.Size/2])
}

func inOrder(keys []Key) []Key {
	return slices.SortedFunc(slices.Values(keys), func(a, b Key) int {
		if isNewer(a, b) {
			return -1
		}
		return 1
	})
}
