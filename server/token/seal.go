package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// Sealer implements [keys.Sealer]: AES-256-GCM (NIST SP 800-38D) with a random nonce, by
// a key that is derived from the secret. What it encrypts is bound to the key's id. It
// is safe for concurrent use.
type Sealer struct {
	ciphers []cipher.AEAD // by the secret, then by the fallbacks
}

// NewSealer makes a Sealer that encrypts under secret, and opens what was encrypted
// under it or one of the fallbacks.
func NewSealer(secret []byte, fallbacks [][]byte) (*Sealer, error) {
	s := &Sealer{}
	for _, each := range append([][]byte{secret}, fallbacks...) {
		aead, err := newAEAD(each)
		if err != nil {
			return nil, fmt.Errorf("deriving the key of the signing keys: %w", err)
		}
		s.ciphers = append(s.ciphers, aead)
	}
	return s, nil
}

func newAEAD(secret []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "latchkey signing keys", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Seal implements [keys.Sealer].
func (s *Sealer) Seal(id string, seed []byte) (string, error) {
	return base64.StdEncoding.EncodeToString(s.ciphers[0].Seal(nil, nil, seed, []byte(id))), nil
}

// Open implements [keys.Sealer].
func (s *Sealer) Open(id, sealed string) (seed []byte, stale bool, err error) {
	text, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, false, errors.New("it is not base64")
	}
	for i, aead := range s.ciphers {
		if seed, err := aead.Open(nil, nil, text, []byte(id)); err == nil {
			return seed, i > 0, nil
		}
	}
	return nil, false, errors.New("it was encrypted under another LATCHKEY_SECRET_KEY; name that in LATCHKEY_SECRET_KEY_FALLBACKS")
}
