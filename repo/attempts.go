package repo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

type attemptRow struct {
	bun.BaseModel `bun:"table:latchkey_attempt,alias:a"`

	Key          string `bun:"key,pk"`
	Failures     int    `bun:"failures"`
	Total        int    `bun:"total"`
	BlockedUntil int64  `bun:"blocked_until"`
	ForgottenAt  int64  `bun:"forgotten_at"`
	ExpiresAt    int64  `bun:"expires_at"`
	UserID       *int64 `bun:"user_id"`
}

var _ = declare(table{
	name: "latchkey_attempt", key: "key", user: "user_id", called: "locks", expires: "expires_at", unixMillis: true,
})

// lockedUntil is when a counter that has reached its stop lets the next attempt in: never,
// in Unix milliseconds (the year 9999).
const lockedUntil = 253_402_300_799_000

// reservation counts an attempt under its counters, or under none when one of them is
// blocked. It is one statement, so that it costs a login one round trip and is atomic on
// both databases: what counts is what a row says at the moment it is written, and not
// what it said when the statement began.
//
// "wanted" are the counters that the domain names; "chosen" are those that count, which
// depends on whether the network is known. A row's limits cannot be said in "excluded",
// which has the table's columns alone: they are looked up by the row's key.
const reservation = `
WITH wanted (key, role, free, wait, max_wait, forget, stop, keep) AS (VALUES ?1),
known AS (SELECT 1 FROM latchkey_attempt AS k JOIN wanted AS w ON w.key = k.key WHERE w.role = 'known' AND k.expires_at > ?0),
chosen AS (SELECT * FROM wanted WHERE role = 'any' OR (role = 'known') = EXISTS (SELECT 1 FROM known))
INSERT INTO latchkey_attempt AS a (key, failures, total, blocked_until, forgotten_at, expires_at)
SELECT c.key, 1, 1, CASE WHEN c.stop = 1 THEN ?2 WHEN c.free = 1 THEN ?0 + c.wait ELSE 0 END, ?0 + c.forget, ?0 + c.keep
FROM chosen AS c
WHERE NOT EXISTS (SELECT 1 FROM latchkey_attempt AS b JOIN chosen AS d ON d.key = b.key WHERE b.blocked_until > ?0 AND b.expires_at > ?0)
ORDER BY c.key
ON CONFLICT (key) DO UPDATE SET
	failures = CASE WHEN a.forgotten_at <= ?0 THEN 1 ELSE a.failures + 1 END,
	total = CASE WHEN a.expires_at <= ?0 THEN 1 ELSE a.total + 1 END,
	blocked_until = (
		SELECT CASE
			WHEN n.stop > 0 AND n.total >= n.stop THEN ?2
			WHEN n.failures < n.free THEN 0
			WHEN n.failures - n.free >= 20 OR n.wait << (n.failures - n.free) > n.max_wait THEN ?0 + n.max_wait
			ELSE ?0 + (n.wait << (n.failures - n.free))
		END
		FROM (
			SELECT w.*, CASE WHEN a.forgotten_at <= ?0 THEN 1 ELSE a.failures + 1 END AS failures,
				CASE WHEN a.expires_at <= ?0 THEN 1 ELSE a.total + 1 END AS total
			FROM wanted AS w WHERE w.key = a.key
		) AS n
	),
	forgotten_at = excluded.forgotten_at,
	expires_at = CASE WHEN a.expires_at > excluded.expires_at THEN a.expires_at ELSE excluded.expires_at END
WHERE a.blocked_until <= ?0 OR a.expires_at <= ?0
RETURNING key, failures, total, blocked_until`

// ReserveAttempt implements [signin.AttemptStore].
func (s *Store) ReserveAttempt(ctx context.Context, attempt signin.Attempt) (signin.Reserved, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	var rows []attemptRow
	err := s.write.NewRaw(reservation, attempt.At.UnixMilli(), wanted(attempt), int64(lockedUntil)).Scan(ctx, &rows)
	if err != nil {
		return signin.Reserved{}, fmt.Errorf("counting an attempt: %w", translate(ctx, err))
	}
	reserved := signin.Reserved{}
	for _, row := range rows {
		reserved.Keys = append(reserved.Keys, row.Key)
		reserved.After = reserved.After || row.Failures > 1 || row.Total > 1
		if row.BlockedUntil == lockedUntil {
			reserved.Locked = append(reserved.Locked, row.Key)
		}
	}
	if isWhole(attempt, reserved.Keys) {
		return reserved, nil
	}
	// Others were faster, on PostgreSQL: they have blocked one counter after the statement
	// began and before it came to its row. The others must not count an attempt that is
	// not made.
	if err := s.SettleAttempt(ctx, signin.Settlement{At: attempt.At, Release: reserved.Keys}); err != nil {
		return signin.Reserved{}, err
	}
	return s.refused(ctx, attempt)
}

// wanted returns the counters of an attempt as rows of VALUES. Times are cast, so that a
// wait that is doubled does not overflow PostgreSQL's integer.
func wanted(attempt signin.Attempt) schema.QueryAppender {
	rows, args := make([]string, 0, len(attempt.Counters)), []any{}
	for _, c := range attempt.Counters {
		rows = append(rows, "(?, ?, ?, CAST(? AS bigint), CAST(? AS bigint), CAST(? AS bigint), ?, CAST(? AS bigint))")
		args = append(args, c.Key, string(c.Role), c.Limit.Free, c.Limit.Wait.Milliseconds(), c.Limit.MaxWait.Milliseconds(),
			c.Limit.Forget.Milliseconds(), c.Limit.Stop, c.Limit.Keep.Milliseconds())
	}
	return bun.SafeQuery(strings.Join(rows, ", "), args...)
}

// isWhole reports whether an attempt was counted under all counters that were chosen.
func isWhole(attempt signin.Attempt, keys []string) bool {
	known := slices.ContainsFunc(attempt.Counters, func(c signin.Counter) bool {
		return c.Role == signin.RoleKnown && slices.Contains(keys, c.Key)
	})
	for _, c := range attempt.Counters {
		chosen := c.Role == signin.RoleAny || (c.Role == signin.RoleKnown) == known
		if chosen && !slices.Contains(keys, c.Key) {
			return false
		}
	}
	return true
}

// refused reads what blocks an attempt, and until when: the zero time when nothing does any
// more.
func (s *Store) refused(ctx context.Context, attempt signin.Attempt) (signin.Reserved, error) {
	keys, roles := make([]string, 0, len(attempt.Counters)), map[string]signin.Role{}
	for _, c := range attempt.Counters {
		keys, roles[c.Key] = append(keys, c.Key), c.Role
	}
	var rows []attemptRow
	if err := s.read.NewSelect().Model(&rows).Where("key IN (?)", bun.List(keys)).Where("expires_at > ?", attempt.At.UnixMilli()).Scan(ctx); err != nil {
		return signin.Reserved{}, fmt.Errorf("reading attempts: %w", translate(ctx, err))
	}
	known := slices.ContainsFunc(rows, func(r attemptRow) bool { return roles[r.Key] == signin.RoleKnown })
	var refused signin.Reserved
	for _, row := range rows {
		role, until := roles[row.Key], time.UnixMilli(row.BlockedUntil).UTC()
		if counts := role == signin.RoleAny || (role == signin.RoleKnown) == known; !counts || !until.After(attempt.At) {
			continue
		}
		refused.Blocking = append(refused.Blocking, row.Key)
		if until.After(refused.BlockedUntil) {
			refused.BlockedUntil = until
		}
	}
	return refused, nil
}

// SettleAttempt implements [signin.AttemptStore].
func (s *Store) SettleAttempt(ctx context.Context, done signin.Settlement) error {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	if err := settle(ctx, s.write, done); err != nil {
		return fmt.Errorf("settling an attempt: %w", translate(ctx, err))
	}
	return nil
}

// What a settlement does with a row, in the column forgotten_at of the row that is
// inserted: as a time it is long past, so that a row that is new counts nothing.
const (
	forgive = iota
	release
	remember
)

// settle does to counters what an attempt came to, in one statement: a successful login
// does it in its own transaction. What has blocked a counter that is released was the
// attempt that is taken back, or that would not have been let in.
func settle(ctx context.Context, db bun.IDB, done signin.Settlement) error {
	rows := settled(done)
	if len(rows) == 0 {
		return nil
	}
	_, err := db.NewInsert().Model(&rows).
		On("CONFLICT (key) DO UPDATE").
		Set("failures = CASE excluded.forgotten_at WHEN ? THEN 0 WHEN ? THEN a.failures - CASE WHEN a.failures > 0 THEN 1 ELSE 0 END ELSE a.failures END", forgive, release).
		Set("total = CASE excluded.forgotten_at WHEN ? THEN 0 WHEN ? THEN a.total - CASE WHEN a.total > 0 THEN 1 ELSE 0 END ELSE a.total END", forgive, release).
		Set("blocked_until = CASE WHEN excluded.forgotten_at = ? THEN a.blocked_until ELSE 0 END", remember).
		Set("expires_at = CASE WHEN excluded.forgotten_at = ? THEN a.expires_at ELSE excluded.expires_at END", release).
		Set("user_id = CASE WHEN excluded.forgotten_at = ? THEN NULL ELSE a.user_id END", forgive).
		Exec(ctx)
	return err
}

// settled returns the rows of a settlement, in the order in which everybody locks them.
func settled(done signin.Settlement) []attemptRow {
	rows := []attemptRow{}
	add := func(mark int64, expires time.Time, key string) {
		rows = append(rows, attemptRow{Key: key, ForgottenAt: mark, ExpiresAt: expires.UnixMilli()})
	}
	for _, key := range done.Forgive {
		if key == done.Remember {
			add(forgive, done.Until, key)
		} else {
			add(forgive, done.At, key)
		}
	}
	for _, key := range done.Release {
		add(release, done.At, key)
	}
	if done.Remember != "" && !slices.Contains(done.Forgive, done.Remember) {
		add(remember, done.Until, done.Remember)
	}
	slices.SortFunc(rows, func(a, b attemptRow) int { return cmp.Compare(a.Key, b.Key) })
	return rows
}

// LockAccount implements [signin.AttemptStore].
func (s *Store) LockAccount(ctx context.Context, keys []string, userID int64, events []auth.Event) error {
	err := s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		var user *int64
		if userID != 0 {
			user = &userID
		}
		// A login or an administrator may have unlocked it meanwhile.
		changed, err := affected(tx.NewUpdate().Model((*attemptRow)(nil)).Set("user_id = ?", user).
			Where("key IN (?)", bun.List(keys)).Where("blocked_until = ?", lockedUntil).Exec(ctx))
		if err != nil || changed == 0 {
			return err
		}
		return record(ctx, tx, events)
	})
	if err != nil {
		return fmt.Errorf("locking an account: %w", err)
	}
	return nil
}

// TrimAttempts implements [signin.AttemptStore]. A row without failures is a network that
// somebody signed in from: it is no guesser's, and stays.
func (s *Store) TrimAttempts(ctx context.Context, most int) (total int64, err error) {
	for {
		deleted, err := s.trimOnce(ctx, most)
		total += deleted
		if err != nil || deleted == 0 {
			return total, err
		}
	}
}

// trimOnce deletes a batch of the surplus, in a transaction that is short: SQLite's only
// writer waits for it.
func (s *Store) trimOnce(ctx context.Context, most int) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, trimTimeout)
	defer cancel()
	count, err := s.read.NewSelect().Model((*attemptRow)(nil)).Where("total > 0").Count(ctx)
	if err == nil && int(count) > most {
		var deleted int64
		deleted, err = affected(s.write.NewRaw(`DELETE FROM latchkey_attempt WHERE key IN (
			SELECT key FROM latchkey_attempt WHERE total > 0 ORDER BY total, expires_at LIMIT ?)`, min(int(count)-most, trimBatch)).Exec(ctx))
		if err == nil {
			return deleted, nil
		}
	}
	if err != nil {
		return 0, fmt.Errorf("trimming attempts: %w", translate(ctx, err))
	}
	return 0, nil
}

const (
	// trimBatch is as many rows as are sorted once for, and written in a fifth of a second.
	trimBatch = 20_000
	// trimTimeout bounds one batch: sorting a million rows takes a second and more.
	trimTimeout = 30 * time.Second
)

// Unlock implements [accounts.UserTx]. The counters of an account stand between its key
// and what comes after it. Where the account's key is another by now, because the secret
// has changed or the command line has none, a lock's own key begins with the one it was.
// The account's networks and devices are still known afterwards.
func (c *changes) Unlock(ctx context.Context, userID int64, account string) (bool, error) {
	var locks []string
	if err := c.db.NewSelect().Model((*attemptRow)(nil)).Column("key").Where("user_id = ?", userID).Scan(ctx, &locks); err != nil {
		return false, err
	}
	update := c.db.NewUpdate().Model((*attemptRow)(nil)).
		Set("failures = 0").Set("total = 0").Set("blocked_until = 0").Set("user_id = NULL").
		Where("total > 0")
	update.WhereGroup(" AND ", func(q *bun.UpdateQuery) *bun.UpdateQuery {
		for _, lock := range append(locks, account) {
			begins := lock[:min(len(lock), len(account))]
			q.WhereOr("(key > ? AND key < ?)", begins, begins+"~")
		}
		return q
	})
	changed, err := affected(update.Exec(ctx))
	return changed > 0, err
}
