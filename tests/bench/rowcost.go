package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

const (
	costEntries = 200_000 // of an index that are read
	costRows    = 10_000  // that are read: what a list counts up to
)

// costQueries are what a list asks a database, in its words, as repo/lists writes them:
// to read an index and look each entry's id up among ids in memory, as where it is read
// until a page is full; and to find the rows with these ids and sort them.
var costQueries = map[string]struct{ scan, sort string }{
	"SQLite": {
		`SELECT count(*) FROM (SELECT u.id FROM (SELECT u.* FROM users_user AS u ORDER BY u.last_name, u.id LIMIT $2) AS u
			WHERE CASE WHEN u.id IN (SELECT value FROM json_each('[' || $1 || ']')) THEN true END) AS m`,
		`SELECT count(*) FROM (SELECT u.id FROM users_user AS u WHERE u.id IN (SELECT value FROM json_each('[' || $1 || ']'))
			ORDER BY u.last_login, u.id LIMIT $2) AS m`,
	},
	"PostgreSQL": {
		`SELECT count(*) FROM (SELECT u.id FROM (SELECT u.* FROM users_user AS u ORDER BY u.last_name, u.id LIMIT $2) AS u
			WHERE CASE WHEN u.id IN (SELECT unnest(CAST('{' || $1 || '}' AS bigint[]))) THEN true END) AS m`,
		`SELECT count(*) FROM (SELECT u.id FROM users_user AS u WHERE u.id = ANY (ARRAY(SELECT unnest(CAST('{' || $1 || '}' AS bigint[]))))
			ORDER BY u.last_login, u.id LIMIT $2) AS m`,
	},
}

// measureRowCost finds what repo/lists calls RowCost: how many entries of an index a
// database reads in the time that it takes to find a row by its id and read it.
func measureRowCost(ctx context.Context, b *bench) error {
	p := b.report.part("What a row of %d users costs, in entries of an index", b.users)
	p.note("%d rows less a tenth of them, drawn anew each time, and %d entries less a tenth; the settings are the product's; medians of %d",
		costRows, costEntries, costRounds(b))
	for _, kind := range kinds {
		database, err := b.database(ctx, kind, b.users)
		if err != nil {
			return err
		}
		row, entry, err := b.rowCost(ctx, kind, database)
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		p.row(fmt.Sprintf("  %s: a row, an entry", kind), fmt.Sprintf("%.2f µs", row/1000), fmt.Sprintf("%.2f µs", entry/1000), fmt.Sprintf("%.1f", row/entry))
	}
	return nil
}

func costRounds(b *bench) int { return 5 * b.rounds }

// rowCost returns how long a row and an entry take, in nanoseconds. What a query takes
// beside is in its tenth as well, and falls out of the difference.
func (b *bench) rowCost(ctx context.Context, kind, database string) (row, entry float64, err error) {
	driver, source := "pgx", database
	if path, ok := strings.CutPrefix(database, "sqlite://"); ok {
		driver, source = "sqlite", "file:"+path
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	var rows, entries []float64
	for range costRounds(b) {
		all, tenth := randomIDs(costRows, b.users), randomIDs(costRows/10, b.users)
		var took [4]time.Duration
		for i, each := range []struct {
			query, ids string
			limit      int
		}{
			{costQueries[kind].sort, all, 50},
			{costQueries[kind].sort, tenth, 50},
			{costQueries[kind].scan, tenth, costEntries},
			{costQueries[kind].scan, tenth, costEntries / 10},
		} {
			var count int
			began := time.Now()
			if err := db.QueryRowContext(ctx, each.query, each.ids, each.limit).Scan(&count); err != nil {
				return 0, 0, err
			}
			took[i] = time.Since(began)
		}
		rows = append(rows, float64(took[0]-took[1])/(costRows*0.9))
		entries = append(entries, float64(took[2]-took[3])/(costEntries*0.9))
	}
	return median(rows), median(entries), nil
}

func randomIDs(count, users int) string {
	ids := make([]string, count)
	for i := range ids {
		ids[i] = fmt.Sprint(1 + rand.IntN(users))
	}
	return strings.Join(ids, ",")
}
