package signin

import (
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// What tests in signin_test compare with.
const (
	MaxAttemptsPerClient = maxAttemptsPerClient
	MaxAttemptsPerUser   = maxAttemptsPerUser
	InitialMinTime       = initialMinTime
	MaxSlowdown          = maxSlowdown
	MaxLoginTries        = maxLoginTries
	MaxUserAgent         = maxUserAgent
)

// Pieces that have a test of their own.
var (
	SessionIDOf  = sessionIDOf
	CutUserAgent = cutUserAgent
	InWords      = inWords
)

// MinTime returns what refusals are held to a multiple of.
func (s *Service) MinTime() time.Duration {
	s.minTime.mu.Lock()
	defer s.minTime.mu.Unlock()
	return s.minTime.step()
}

// DummyHashFor is dummyHashFor.
func (s *Service) DummyHashFor(email string) string { return s.dummyHashFor(email) }

// AttemptKey is attemptKey.
func (s *Service) AttemptKey(parts ...string) string { return s.attemptKey(parts...) }

// IsDue is isDue.
func (s *Service) IsDue(by *auth.Principal, now time.Time) bool { return s.isDue(by, now) }

// SetAttemptKey changes a setting.
func (s *Service) SetAttemptKey(key []byte) { s.cfg.AttemptKey = key }

// AssignShares is assignShares.
func (s *Service) AssignShares(samples []HashSample) { s.assignShares(samples) }
