package signin

import (
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// What tests in signin_test compare with.
const (
	InitialMinTime = initialMinTime
	MaxSlowdown    = maxSlowdown
	MaxLoginTries  = maxLoginTries
	MaxUserAgent   = maxUserAgent
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

// MAC is mac.
func (s *Service) MAC(parts ...string) string { return s.mac(parts...) }

// SetDeviceKeys changes a setting.
func (s *Service) SetDeviceKeys(keys ...string) {
	s.cfg.DeviceKeys = nil
	for _, key := range keys {
		s.cfg.DeviceKeys = append(s.cfg.DeviceKeys, []byte(key))
	}
}

// IsDue is isDue.
func (s *Service) IsDue(by *auth.Principal, now time.Time) bool { return s.isDue(by, now) }

// SetAttemptKey changes a setting.
func (s *Service) SetAttemptKey(key []byte) { s.cfg.AttemptKey = key }

// AssignShares is assignShares.
func (s *Service) AssignShares(samples []HashSample) { s.assignShares(samples) }

// SetLimits changes a setting.
func (s *Service) SetLimits(limits Limits) { s.cfg.Limits = limits }

// NewInFlight is newInFlight.
func NewInFlight() *inFlight { return newInFlight() }

// Begin is begin.
func (f *inFlight) Begin(keys []string) { f.begin(keys) }

// End is end.
func (f *inFlight) End(keys []string) { f.end(keys) }

// Among is among.
func (f *inFlight) Among(keys []string) <-chan struct{} { return f.among(keys) }

// InFlight returns under how many counters attempts are being checked.
func (s *Service) InFlight() int { return len(s.inFlight.keys) }
