package signin

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// The limits on guessing. Failed logins are counted for each address that is
// typed in, whether or not somebody has it: per client, so that a stranger who
// guesses cannot lock the owner out, and over all clients, with the bound of
// NIST SP 800-63B-4, section 3.2.2 (no more than 100 consecutive failures). The
// threshold per client and the observation window are those of the OWASP
// Authentication Cheat Sheet's "Account Lockout".
const (
	maxAttemptsPerClient = 10
	maxAttemptsPerUser   = 100
	AttemptWindow        = 15 * time.Minute
)

// attempts is what is counted against one login.
type attempts struct {
	keys    []string // to count a failure under
	counted []string // with failures, to be forgotten by a success
}

// limitAttempts refuses a login that has had too many failed ones before it.
func (s *Service) limitAttempts(ctx context.Context, in Credentials, now time.Time) (attempts, error) {
	email := auth.EmailKey(in.Email)
	perUser := s.attemptKey("user", email)
	perClient := s.attemptKey("client", email, in.Client.Network().String())
	limits := map[string]int{perUser: maxAttemptsPerUser, perClient: maxAttemptsPerClient}

	// The order of the keys is the order in which rows are locked.
	found := attempts{keys: []string{perUser, perClient}}
	failed, err := s.attempts.FailedAttempts(ctx, found.keys, now.Add(-AttemptWindow))
	if err != nil {
		return found, err
	}
	for _, f := range failed {
		if f.Count >= limits[f.Key] {
			return found, tooManyAttempts(f.Since.Add(AttemptWindow).Sub(now))
		}
		found.counted = append(found.counted, f.Key)
	}
	return found, nil
}

// forgivable returns the counts that a success forgets. With twins, addresses that
// differ in letter case alone, it is none: whoever owns the one could guess at the
// other without end.
func (s *Service) forgivable(ctx context.Context, email string, found attempts) ([]string, error) {
	if len(found.counted) == 0 {
		return nil, nil
	}
	alike, err := s.store.CountAlike(ctx, email)
	if err != nil || alike > 1 {
		return nil, err
	}
	return found.counted, nil
}

// countFailure counts although the answer is an error, and although the client
// may have hung up: it must not escape the count by doing so.
func (s *Service) countFailure(ctx context.Context, keys []string, now time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeAnyway)
	defer cancel()
	return s.attempts.CountFailedAttempt(ctx, keys, now, now.Add(-AttemptWindow))
}

func (s *Service) attemptKey(parts ...string) string {
	mac := hmac.New(sha256.New, s.cfg.AttemptKey)
	for _, part := range parts {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

func tooManyAttempts(wait time.Duration) *auth.Error {
	wait = max(wait, time.Second)
	return &auth.Error{
		Code:       auth.CodeTooManyAttempts,
		Detail:     "Too many failed attempts. Try again in " + inWords(wait) + ".",
		RetryAfter: wait,
	}
}

func inWords(d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute)
	if minutes <= 1 {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", minutes)
}
