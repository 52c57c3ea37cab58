package authtest

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// AttemptRow is a counter, as a [Store] keeps it.
type AttemptRow struct {
	Failures, Total                      int
	BlockedUntil, ForgottenAt, ExpiresAt time.Time
	UserID                               int64
}

// forever is until when a counter blocks that has reached its stop.
var forever = time.Unix(math.MaxInt32, 0)

// ReserveAttempt implements [signin.AttemptStore].
func (f *Store) ReserveAttempt(ctx context.Context, attempt signin.Attempt) (signin.Reserved, error) {
	f.Asked++
	if f.OnCount != nil {
		if err := f.OnCount(ctx); err != nil {
			return signin.Reserved{}, err
		}
	}
	if err := cmp.Or(f.CountErr, f.Err); err != nil {
		return signin.Reserved{}, err
	}
	chosen := f.chosen(attempt)
	var reserved signin.Reserved
	for _, c := range chosen {
		if row := f.Attempts[c.Key]; row.ExpiresAt.After(attempt.At) && row.BlockedUntil.After(attempt.At) {
			reserved.Blocking = append(reserved.Blocking, c.Key)
			if row.BlockedUntil.After(reserved.BlockedUntil) {
				reserved.BlockedUntil = row.BlockedUntil
			}
		}
	}
	if len(reserved.Blocking) > 0 {
		return reserved, nil
	}
	for _, c := range chosen {
		row := counted(f.Attempts[c.Key], c.Limit, attempt.At)
		f.Attempts[c.Key] = row
		reserved.Keys = append(reserved.Keys, c.Key)
		reserved.After = reserved.After || row.Failures > 1 || row.Total > 1
		if row.BlockedUntil.Equal(forever) {
			reserved.Locked = append(reserved.Locked, c.Key)
		}
	}
	return reserved, nil
}

func (f *Store) chosen(attempt signin.Attempt) []signin.Counter {
	known := slices.ContainsFunc(attempt.Counters, func(c signin.Counter) bool {
		return c.Role == signin.RoleKnown && f.Attempts[c.Key].ExpiresAt.After(attempt.At)
	})
	return slices.DeleteFunc(slices.Clone(attempt.Counters), func(c signin.Counter) bool {
		return c.Role != signin.RoleAny && (c.Role == signin.RoleKnown) != known
	})
}

// counted returns a row with one attempt more.
func counted(row AttemptRow, limit signin.Limit, at time.Time) AttemptRow {
	if !row.ForgottenAt.After(at) {
		row.Failures = 0
	}
	if !row.ExpiresAt.After(at) {
		row.Total = 0
	}
	row.Failures++
	row.Total++
	row.BlockedUntil = time.Time{}
	switch wait := limit.Wait << min(20, max(0, row.Failures-limit.Free)); {
	case limit.Stop > 0 && row.Total >= limit.Stop:
		row.BlockedUntil = forever
	case row.Failures >= limit.Free:
		row.BlockedUntil = at.Add(min(wait, limit.MaxWait))
	}
	row.ForgottenAt = at.Add(limit.Forget)
	if expires := at.Add(limit.Keep); expires.After(row.ExpiresAt) {
		row.ExpiresAt = expires
	}
	return row
}

// SettleAttempt implements [signin.AttemptStore].
func (f *Store) SettleAttempt(_ context.Context, done signin.Settlement) error {
	f.settle(done)
	return f.SettleErr
}

func (f *Store) settle(done signin.Settlement) {
	for _, key := range done.Release {
		row := f.Attempts[key]
		row.Failures, row.Total, row.BlockedUntil = max(row.Failures-1, 0), max(row.Total-1, 0), time.Time{}
		f.Attempts[key] = row
	}
	for _, key := range done.Forgive {
		delete(f.Attempts, key)
	}
	if done.Remember != "" {
		row := f.Attempts[done.Remember]
		row.ExpiresAt = done.Until
		f.Attempts[done.Remember] = row
	}
}

// LockAccount implements [signin.AttemptStore].
func (f *Store) LockAccount(_ context.Context, keys []string, userID int64, events []auth.Event) error {
	for _, key := range keys {
		row := f.Attempts[key]
		row.UserID = userID
		f.Attempts[key] = row
	}
	f.LockedFor = append(f.LockedFor, userID)
	f.Append(events)
	return f.LockErr
}

// Unlock implements [accounts.UserTx].
func (c *changes) Unlock(_ context.Context, userID int64, account string) (unlocked bool, err error) {
	for key, row := range c.Attempts {
		if row.Total > 0 && (row.UserID == userID || strings.HasPrefix(key, account)) {
			c.Attempts[key] = AttemptRow{ExpiresAt: row.ExpiresAt}
			unlocked = true
		}
	}
	return unlocked, nil
}

// TrimAttempts implements [signin.AttemptStore]. What is stored here is never too much.
func (f *Store) TrimAttempts(context.Context, int) (int64, error) { return 0, f.Err }
