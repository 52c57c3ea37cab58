package accesstoken

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// defaultMaxAge is for a set of keys that does not say how long it may be kept.
	defaultMaxAge = 5 * time.Minute
	// keepWithout is how long keys are used while newer ones cannot be fetched.
	keepWithout = time.Hour
	// fetchEvery bounds how often a kid that is not known makes us fetch.
	fetchEvery = time.Second
	// maxAnswer is far more than the keys of any server.
	maxAnswer = 64 << 10
)

// keySet is the published keys. It is safe for concurrent use.
type keySet struct {
	url  string
	http *http.Client
	now  func() time.Time

	fetching sync.Mutex // held while fetching: whoever needs what comes waits for it
	tried    time.Time  // the last time

	mu      sync.Mutex // guards these, which are written by who holds fetching too
	keys    map[string]ed25519.PublicKey
	fetched time.Time // the last time that it went well
	maxAge  time.Duration
}

// key returns the key of a kid. [ErrUnavailable] says that it cannot be told now whether
// there is one.
//
// A key that is at hand is answered at once while it is fresh, and while somebody else
// fetches: tokens with a kid that somebody has made up, and a latchkey that does not
// answer, keep nobody waiting who has a good token.
func (s *keySet) key(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	key, isFresh := s.held(kid)
	if isFresh {
		return key, nil
	}
	if !s.fetching.TryLock() {
		if key != nil {
			return key, nil
		}
		s.fetching.Lock()
	}
	defer s.fetching.Unlock()
	return s.keyNow(ctx, kid)
}

// held returns the key of a kid, if it is known and may still be used.
func (s *keySet) held(kid string) (key ed25519.PublicKey, isFresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	age := s.now().Sub(s.fetched)
	if age >= s.maxAge+keepWithout {
		return nil, false
	}
	key = s.keys[kid]
	return key, key != nil && age < s.maxAge
}

// keyNow returns the key of a kid after fetching what is due. The caller holds s.fetching.
func (s *keySet) keyNow(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	now := s.now()
	var fault error
	if now.Sub(s.fetched) >= s.maxAge && now.Sub(s.tried) >= fetchEvery {
		fault = s.fetch(ctx, now)
	}
	if now.Sub(s.fetched) >= s.maxAge+keepWithout {
		return nil, errors.Join(ErrUnavailable, fault)
	}
	if key, known := s.keys[kid]; known {
		return key, nil
	}
	if s.fetched.Equal(now) { // just now
		return nil, fmt.Errorf("%w: unknown kid", ErrInvalid)
	}
	if now.Sub(s.tried) < fetchEvery {
		return nil, errors.Join(ErrUnavailable, fault)
	}
	if err := s.fetch(ctx, now); err != nil {
		return nil, errors.Join(ErrUnavailable, err)
	}
	if key, known := s.keys[kid]; known {
		return key, nil
	}
	return nil, fmt.Errorf("%w: unknown kid", ErrInvalid)
}

// fetch fetches the set, for everybody who waits: that one client hangs up stops nothing.
// The caller holds s.fetching.
func (s *keySet) fetch(ctx context.Context, now time.Time) error {
	s.tried = now
	request, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, s.url, nil)
	if err != nil {
		return err
	}
	answer, err := s.http.Do(request)
	if err != nil {
		return fmt.Errorf("fetching the keys: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("fetching the keys: %s", answer.Status)
	}
	found, err := readKeys(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("reading the keys: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.fetched, s.maxAge = found, now, maxAge(answer.Header.Get("Cache-Control"))
	return nil
}

// readKeys reads the Ed25519 keys of a JWK Set (RFC 7517, RFC 8037).
func readKeys(from io.Reader) (map[string]ed25519.PublicKey, error) {
	var set struct {
		Keys []struct{ Kty, Crv, X, Kid string } `json:"keys"`
	}
	if err := json.NewDecoder(from).Decode(&set); err != nil {
		return nil, err
	}
	found := map[string]ed25519.PublicKey{}
	for _, k := range set.Keys {
		x, err := base64.RawURLEncoding.DecodeString(k.X)
		if k.Kty == "OKP" && k.Crv == "Ed25519" && err == nil && len(x) == ed25519.PublicKeySize {
			found[k.Kid] = x
		}
	}
	return found, nil
}

func maxAge(cacheControl string) time.Duration {
	for directive := range strings.SplitSeq(cacheControl, ",") {
		text, found := strings.CutPrefix(strings.TrimSpace(directive), "max-age=")
		if seconds, err := strconv.Atoi(text); found && err == nil && seconds >= 0 {
			return time.Duration(seconds) * time.Second
		}
	}
	return defaultMaxAge
}
