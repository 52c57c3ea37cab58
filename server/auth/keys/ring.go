package keys

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

const (
	// signFreshness is how old the keys may be by which a token is signed: a login reads
	// them once a second at most, and no instance goes on signing with a revoked key.
	signFreshness = time.Second
	// unknownEvery bounds how often a kid that is not known makes an instance look. Made-up
	// ones cost ten small queries a second; a token of a key that another instance has
	// just made waits this long at most.
	unknownEvery = 100 * time.Millisecond
)

// ring is the keys as they were read at a time.
type ring struct {
	keys    []Key                // that could be opened, the newest first
	private []ed25519.PrivateKey // theirs
	stale   []bool               // sealed under a fallback
	at      time.Time
	err     error // of the last try to read them; keys are those of the one before
}

func (r *ring) find(id string) int {
	for i, k := range r.keys {
		if k.ID == id {
			return i
		}
	}
	return -1
}

// Signing returns the key that signs now. Where there is none it makes one, which signs
// at once: nobody has published keys yet. Errors have CodeUnavailable or are internal.
func (s *Service) Signing(ctx context.Context) (id string, private ed25519.PrivateKey, err error) {
	r, err := s.atMost(ctx, signFreshness)
	if err != nil {
		return "", nil, err
	}
	i := signing(r.keys, s.now())
	if i < 0 {
		if r, err = s.makeFirst(ctx); err != nil {
			return "", nil, err
		}
		if i = signing(r.keys, s.now()); i < 0 {
			return "", nil, errors.New("there is no key that signs, though one was made")
		}
	}
	return r.keys[i].ID, r.private[i], nil
}

// Verifying returns the public key of tokens that name a key. The error has
// CodeUnavailable when the keys cannot be read; any other says that there is none.
func (s *Service) Verifying(ctx context.Context, id string) (ed25519.PublicKey, error) {
	r, err := s.atMost(ctx, RefreshEvery)
	i := r.find(id)
	if i < 0 && err == nil {
		if r, err = s.later(ctx, r); err == nil {
			i = r.find(id)
		}
	}
	switch {
	case i < 0 && err != nil:
		return nil, err
	case i < 0:
		return nil, errors.New("unknown kid")
	case !r.keys[i].IsGood(s.now()):
		return nil, errors.New("the key was revoked, or its last token is over")
	}
	return r.keys[i].Public, nil
}

// Published returns the keys by which others may verify tokens, the newest first. Without
// the database it returns those that were read last; with none, an error that has
// CodeUnavailable.
func (s *Service) Published(ctx context.Context) ([]Key, error) {
	r, err := s.atMost(ctx, signFreshness)
	var good []Key
	for _, k := range r.keys {
		if k.IsGood(s.now()) {
			good = append(good, k)
		}
	}
	if err != nil && len(good) == 0 {
		return nil, err
	}
	return good, nil
}

// atMost returns the keys as they were read no longer ago than that. With an error it
// returns those of before.
func (s *Service) atMost(ctx context.Context, age time.Duration) (*ring, error) {
	if r := s.held.Load(); r.isFresh(s.now(), age) {
		return r, r.err
	}
	s.reading.Lock()
	defer s.reading.Unlock()
	if r := s.held.Load(); r.isFresh(s.now(), age) { // somebody else read them meanwhile
		return r, r.err
	}
	r := s.read(ctx)
	return r, r.err
}

func (r *ring) isFresh(now time.Time, age time.Duration) bool {
	return r != nil && now.Sub(r.at) < age
}

// later returns keys that were read after those, in the bounds of [unknownEvery].
func (s *Service) later(ctx context.Context, than *ring) (*ring, error) {
	if wait := than.at.Add(unknownEvery).Sub(s.now()); wait > 0 {
		if err := s.clock.Sleep(ctx, wait); err != nil {
			return than, auth.Unavailable(err)
		}
	}
	s.reading.Lock()
	defer s.reading.Unlock()
	if r := s.held.Load(); r != than {
		return r, r.err
	}
	r := s.read(ctx)
	return r, r.err
}

// read reads the keys anew, for everybody who waits: that one client hangs up stops
// nothing. The caller holds s.reading.
func (s *Service) read(ctx context.Context) *ring {
	ctx = context.WithoutCancel(ctx)
	r := &ring{at: s.now()}
	stored, err := s.store.SigningKeys(ctx)
	if err != nil {
		r.err = err
		if before := s.held.Load(); before != nil {
			r.keys, r.private, r.stale = before.keys, before.private, before.stale
		}
		s.held.Store(r)
		return r
	}
	for _, k := range inOrder(stored) {
		seed, stale, err := s.open(k)
		if err != nil {
			s.log.WarnContext(ctx, "a signing key cannot be used", "kid", k.ID, "error", err)
			continue
		}
		r.keys = append(r.keys, k)
		r.private = append(r.private, ed25519.NewKeyFromSeed(seed))
		r.stale = append(r.stale, stale)
	}
	s.held.Store(r)
	return r
}

// open decrypts a key's seed and holds its public key against it: what somebody wrote
// into the database without the secret verifies nothing.
func (s *Service) open(k Key) (seed []byte, stale bool, err error) {
	seed, stale, err = s.sealer.Open(k.ID, k.Sealed)
	if err != nil {
		return nil, false, fmt.Errorf("opening a signing key: %w", err)
	}
	if len(seed) != ed25519.SeedSize || k.ID != idOf(k.Public) || !bytes.Equal(ed25519.NewKeyFromSeed(seed)[ed25519.SeedSize:], k.Public) {
		return nil, false, errors.New("the public key is not the private one's")
	}
	return seed, stale, nil
}
