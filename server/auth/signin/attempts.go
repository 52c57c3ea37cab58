package signin

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// attempt is one that was let in: a secret may be checked.
type attempt struct {
	reserved Reserved
	device   device // that its login came with; zero without one
}

// reserveLogin counts a login before its password is checked, or refuses it.
func (s *Service) reserveLogin(ctx context.Context, in Credentials, now time.Time) (attempt, error) {
	if d, isGood := s.openDevice(in.DeviceToken, in.Email, now); isGood {
		reserved, err := s.reserve(ctx, s.deviceCounters(in.Email, d), now)
		return attempt{reserved: reserved, device: d}, err
	}
	reserved, err := s.reserve(ctx, s.loginCounters(in, now), now)
	return attempt{reserved: reserved}, err
}

// asStranger counts a login anew whose device is not that of the user whom its address
// has led to: it is that of a twin, whose address differs in letter case alone, or of
// somebody who had the address before.
func (s *Service) asStranger(ctx context.Context, l *login) error {
	s.release(ctx, l.attempt)
	s.end(l.attempt)
	l.attempt = attempt{}
	reserved, err := s.reserve(ctx, s.loginCounters(l.in, l.began), l.began)
	l.attempt = attempt{reserved: reserved}
	return err
}

// reserve counts an attempt, or refuses it. It does so before the secret is checked: of a
// hundred guesses at the same moment, on any number of instances, no more are checked than
// the limit lets in.
func (s *Service) reserve(ctx context.Context, counters []Counter, now time.Time) (Reserved, error) {
	for again := false; ; again = true {
		ended := s.inFlight.endings()
		reserved, err := s.attempts.ReserveAttempt(ctx, Attempt{At: now, Counters: counters})
		if err != nil {
			return reserved, err
		}
		if len(reserved.Keys) > 0 {
			s.inFlight.begin(reserved.Keys)
			return reserved, nil
		}
		// Those under other counters may go on for ever: an office signs in all day.
		others := s.inFlight.among(reserved.Blocking)
		if others == nil {
			// What blocked the counter may have ended since it was asked.
			if !again && (len(reserved.Blocking) == 0 || s.inFlight.endings() != ended) {
				continue
			}
			return reserved, tooManyAttempts(reserved.BlockedUntil.Sub(now))
		}
		select {
		case <-others:
		case <-ctx.Done():
			return reserved, ctx.Err()
		}
	}
}

// fail does what is left to do after an attempt that err has ended. A refused one stays
// counted. One whose secret was not checked, or was right, is taken back; but not when
// its client has hung up, or that would be a way to guess without being counted.
func (s *Service) fail(ctx context.Context, a attempt, user auth.User, client auth.Client, channel auth.Channel, err error) {
	switch {
	case auth.ErrorCode(err) == auth.CodeInvalidCredentials:
		s.lock(ctx, a, user, client, channel)
	case ctx.Err() == nil:
		s.release(ctx, a)
	}
}

// end notes that an attempt has come to an end, whatever it came to.
func (s *Service) end(a attempt) { s.inFlight.end(a.reserved.Keys) }

// release takes an attempt back. That it cannot is no reason for another answer.
func (s *Service) release(ctx context.Context, a attempt) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeAnyway)
	defer cancel()
	if err := s.attempts.SettleAttempt(ctx, Settlement{At: s.now(), Release: a.reserved.Keys}); err != nil {
		s.log.WarnContext(ctx, "a failed attempt stays counted that was none", "error", err)
	}
}

// lock notes whose account was locked by a failure, for those who can unlock it. For an
// address that nobody has the same is written.
func (s *Service) lock(ctx context.Context, a attempt, user auth.User, client auth.Client, channel auth.Channel) {
	if len(a.reserved.Locked) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeAnyway)
	defer cancel()
	var events []auth.Event
	if user.ID != 0 {
		by := auth.Guesser(client, channel)
		events = append(events, by.Event(s.now(), auth.ActionLocked).OnUser(user))
	}
	if err := s.attempts.LockAccount(ctx, a.reserved.Locked, user.ID, events); err != nil {
		s.log.WarnContext(ctx, "an account was locked, and the admin site does not show it", "error", err)
	}
}

// settlement returns what a success does to the counters: it forgives the failures before
// it, on the way by which it came, but not those of a network over all accounts, which
// would let one account of one's own pay for guessing at others. With twins, addresses
// that differ in letter case alone, it forgives none that they share: whoever owns the
// one could guess at the other without end.
func (s *Service) settlement(ctx context.Context, l *login) (Settlement, error) {
	done := Settlement{At: l.began}
	for _, key := range l.attempt.reserved.Keys {
		if strings.HasSuffix(key, kindNetwork) && len(key) == networkKeyLength {
			done.Release = append(done.Release, key)
		} else {
			done.Forgive = append(done.Forgive, key)
		}
	}
	if network := l.in.Client.Network(); network.IsValid() {
		done.Remember, done.Until = s.knownNetworkKey(l.user.Email, network), l.began.Add(s.cfg.Limits.NetworkLifetime)
	}
	if !l.attempt.reserved.After || l.attempt.device.id != "" || slices.Contains(done.Forgive, done.Remember) {
		return done, nil
	}
	alike, err := s.store.CountAlike(ctx, l.in.Email)
	if alike > 1 {
		done.Release, done.Forgive = append(done.Release, done.Forgive...), nil
	}
	return done, err
}

// networkKeyLength is that of the key of a network's counter: it has no account's.
const networkKeyLength = 16 + 1

// TrimAttempts deletes counters until no more than these are left: those with the fewest
// failures first, and of these the ones that would expire first. Whoever makes up accounts
// by the million loses their own.
func (s *Service) TrimAttempts(ctx context.Context, most int) (int64, error) {
	return s.attempts.TrimAttempts(ctx, most)
}

// neverAgain is a wait that no counter has: the account is locked.
const neverAgain = 100 * 24 * time.Hour

// lockedRetry is what a client is told to wait where only somebody can unlock an account,
// and not time.
const lockedRetry = 24 * time.Hour

// lockedDetail is said for an address that nobody has too.
const lockedDetail = "Too many failed attempts, so signing in from here is locked. Use a device you have signed in on before, or ask an administrator to unlock the account."

func tooManyAttempts(wait time.Duration) *auth.Error {
	refusal := auth.NewError(auth.CodeTooManyAttempts, lockedDetail, nil)
	refusal.RetryAfter = lockedRetry
	if wait < neverAgain {
		refusal.RetryAfter = max(wait, time.Second)
		refusal.Detail = "Too many failed attempts. Try again in " + inWords(refusal.RetryAfter) + "."
	}
	return refusal
}

func inWords(d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute)
	switch {
	case minutes <= 1:
		return "a minute"
	case minutes == 60:
		return "an hour"
	}
	return fmt.Sprintf("%d minutes", minutes)
}
