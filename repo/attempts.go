package repo

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// FailedAttempts implements [signin.AttemptStore].
func (s *Store) FailedAttempts(ctx context.Context, keys []string, since time.Time) ([]signin.FailedAttempts, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	var rows []attemptRow
	err := s.read.NewSelect().Model(&rows).
		Where("key IN (?)", bun.List(keys)).Where("since > ?", since).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading failed attempts: %w", translate(ctx, err))
	}
	found := make([]signin.FailedAttempts, 0, len(rows))
	for _, row := range rows {
		found = append(found, row.attempts())
	}
	return found, nil
}

// CountFailedAttempt implements [signin.AttemptStore]. The database counts, not we:
// attempts that fail at the same time each count.
func (s *Store) CountFailedAttempt(ctx context.Context, keys []string, at, since time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	rows := make([]attemptRow, 0, len(keys))
	for _, key := range keys {
		rows = append(rows, attemptRow{Key: key, Failures: 1, Since: at})
	}
	_, err := s.write.NewInsert().Model(&rows).
		On("CONFLICT (key) DO UPDATE").
		Set("failures = CASE WHEN a.since > ? THEN a.failures + 1 ELSE 1 END", since).
		Set("since = CASE WHEN a.since > ? THEN a.since ELSE EXCLUDED.since END", since).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("counting a failed attempt: %w", translate(ctx, err))
	}
	return nil
}
