package signin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// dummies are what a login checks when nobody has its address, or no password of
// theirs can match: then too it must take the work that it would take for a user.
// Not only its own answer would tell otherwise, but how long it keeps others out
// of the pool.
//
// Which kind an address costs depends on the address alone, and as many addresses
// cost each kind as users have it. What is outdated comes first: as users sign in
// and their passwords are upgraded, addresses that nobody has follow.
type dummies struct {
	mu     sync.Mutex
	shares []hashShare // in order of upTo
}

type hashShare struct {
	upTo    float64 // of all addresses, between 0 and 1
	encoded string
}

// dummyHashFor returns the encoded password that an address costs which nobody has.
func (s *Service) dummyHashFor(email string) string {
	mac := hmac.New(sha256.New, s.cfg.AttemptKey)
	mac.Write([]byte("dummy hash " + auth.EmailKey(email)))
	const bits = 53 // of a float64's precision
	at := float64(binary.BigEndian.Uint64(mac.Sum(nil))>>(64-bits)) / (1 << bits)

	s.dummies.mu.Lock()
	defer s.dummies.mu.Unlock()
	for _, share := range s.dummies.shares {
		if at < share.upTo {
			return share.encoded
		}
	}
	return s.current // nobody has a password yet, or they have not been counted
}

// assignShares gives each kind of password its share of the addresses.
func (s *Service) assignShares(samples []HashSample) {
	var total, assigned int64
	var outdated, others []HashSample
	for _, sample := range samples {
		switch {
		case s.passwords.Kind(sample.Encoded) == "":
			continue
		case s.passwords.Outdated(sample.Encoded):
			outdated = append(outdated, sample)
		default:
			others = append(others, sample)
		}
		total += sample.Users
	}
	shares := make([]hashShare, 0, len(samples))
	for _, sample := range append(outdated, others...) {
		assigned += sample.Users
		shares = append(shares, hashShare{upTo: float64(assigned) / float64(total), encoded: s.passwords.DummyHash(sample.Encoded)})
	}
	s.dummies.mu.Lock()
	defer s.dummies.mu.Unlock()
	s.dummies.shares = shares
}
