package repo

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth/accounts"
)

// table is what the store does with the rows of a table beside what is asked of it:
// whose they are, and when nothing needs them any more. It is declared beside the rows.
type table struct {
	name string
	key  string // the column that tells rows apart; of a table whose rows expire

	// user is the column that says whose a row is: it is deleted with them, and counted
	// before that. "" where rows are nobody's.
	user   string
	called string // what people call these rows: "sessions"

	// expires is the column with the time from which on a row is of no use. "" where rows stay.
	expires    string
	unixMillis bool // that column holds Unix milliseconds
}

// timeIn returns a time as the column that expires holds it.
func (t table) timeIn(at time.Time) any {
	if t.unixMillis {
		return at.UnixMilli()
	}
	return at
}

// tables are all that were declared.
var tables []table

// declare takes a table in, while the package is initialised.
func declare(t table) table { //nolint:unparam // a result lets it stand in a var declaration beside the rows
	tables = append(tables, t)
	return t
}

// RelatedRows implements [accounts.UserStore].
func (s *Store) RelatedRows(ctx context.Context, userIDs []int64) ([]accounts.RelatedRows, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	var found []accounts.RelatedRows
	err := eachOfUsers(ctx, s.read, func(t table) error {
		count, err := s.read.NewSelect().Table(t.name).Where("? IN (?)", bun.Ident(t.user), bun.List(userIDs)).Count(ctx)
		found = append(found, accounts.RelatedRows{Name: t.called, Count: int(count)})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("counting what belongs to users: %w", translate(ctx, err))
	}
	return found, nil
}

// eachOfUsers calls f for every table that there is whose rows are users'.
func eachOfUsers(ctx context.Context, db bun.IDB, f func(t table) error) error {
	for _, t := range tables {
		if t.user == "" {
			continue
		}
		exists, err := hasTable(ctx, db, t.name)
		if err == nil && exists {
			err = f(t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// deleteBatch keeps each transaction short: SQLite's only writer waits for it.
const deleteBatch = 1000

// DeleteExpired deletes the rows of sessions, attempts, one-time tokens and the
// like that have expired by now; it returns how many.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time) (total int64, err error) {
	for _, t := range tables {
		if t.expires == "" {
			continue
		}
		deleted, err := s.deleteInBatches(ctx, t, t.timeIn(now))
		total += deleted
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func (s *Store) deleteInBatches(ctx context.Context, t table, before any) (total int64, err error) {
	for {
		deleted, err := affected(s.write.NewRaw("DELETE FROM ?0 WHERE ?1 IN (SELECT ?1 FROM ?0 WHERE ?2 < ?3 LIMIT ?4)",
			bun.Ident(t.name), bun.Ident(t.key), bun.Ident(t.expires), before, deleteBatch).Exec(ctx))
		total += deleted
		if err != nil {
			return total, fmt.Errorf("deleting from %s: %w", t.name, translate(ctx, err))
		}
		if deleted < deleteBatch {
			return total, nil
		}
	}
}
