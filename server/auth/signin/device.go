package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// device is where a user has signed in before. Its token is OWASP's device cookie ("Slow
// Down Online Guessing Attacks with Device Cookies"): guesses with it have a counter of
// their own, and strangers' guesses do not count against it. It lets nobody in, and it
// holds nothing of a person: it is encrypted, for one address and one account.
type device struct {
	id     string // by chance, in hex
	userID int64
}

// deviceIDBytes is the length of a device's id.
const deviceIDBytes = 16

// deviceHeader is what stands before the id in what is sealed, in bytes: the user's id, and
// when the device was last signed in on, in Unix seconds.
const deviceHeader = 8 + 8

// newDevice returns a device that nobody has signed in on.
func (s *Service) newDevice() string {
	sum := sha256.Sum256([]byte(s.newID()))
	return hex.EncodeToString(sum[:deviceIDBytes])
}

// sealDevice returns the token of a device on which a user has just signed in.
func (s *Service) sealDevice(d device, email string, now time.Time) (string, error) {
	id, err := hex.DecodeString(d.id)
	if err != nil {
		return "", fmt.Errorf("a device's id: %w", err)
	}
	plain := binary.BigEndian.AppendUint64(nil, uint64(d.userID))    //nolint:gosec // read back the same way
	plain = binary.BigEndian.AppendUint64(plain, uint64(now.Unix())) //nolint:gosec // after 1970
	plain = append(plain, id...)
	key := s.cfg.DeviceKeys[0]
	aead, err := deviceCipher(key)
	if err != nil {
		return "", err
	}
	// A MAC of what is sealed is a nonce that no other text has under this key.
	mac := hmac.New(sha256.New, key)
	mac.Write(plain)
	nonce := mac.Sum(nil)[:aead.NonceSize()]
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, plain, []byte(auth.EmailKey(email)))), nil
}

// maxDeviceToken is more than a token has, in characters.
const maxDeviceToken = 256

// openDevice returns the device that a token names, if it is one of ours for this address
// and its time is not over. Any other token is as good as none.
func (s *Service) openDevice(token, email string, now time.Time) (device, bool) {
	if token == "" || len(token) > maxDeviceToken {
		return device{}, false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return device{}, false
	}
	for _, key := range s.cfg.DeviceKeys {
		aead, err := deviceCipher(key)
		if err != nil || len(sealed) <= aead.NonceSize() {
			return device{}, false
		}
		nonce, text := sealed[:aead.NonceSize()], sealed[aead.NonceSize():]
		plain, err := aead.Open(nil, nonce, text, []byte(auth.EmailKey(email)))
		if err != nil || len(plain) != deviceHeader+deviceIDBytes {
			continue
		}
		at := time.Unix(int64(binary.BigEndian.Uint64(plain[8:])), 0) //nolint:gosec // we have sealed it
		if !now.Before(at.Add(s.cfg.Limits.DeviceLifetime)) {
			return device{}, false
		}
		userID := int64(binary.BigEndian.Uint64(plain)) //nolint:gosec // we have sealed it
		return device{id: hex.EncodeToString(plain[deviceHeader:]), userID: userID}, true
	}
	return device{}, false
}

func deviceCipher(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("the key of device tokens: %w", err)
	}
	return cipher.NewGCM(block)
}
