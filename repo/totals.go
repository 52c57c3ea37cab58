package repo

import (
	"context"
	"sync"
	"time"

	"github.com/uptrace/bun"
)

// totals remembers how many rows tables have. Counting a million takes tens of
// milliseconds, so it is done anew no sooner than after twenty times as long as it
// took: at once in a small table, after some seconds in a large one.
type totals struct {
	mu    sync.Mutex
	known map[string]total
}

type total struct {
	rows int
	took time.Duration
	at   time.Time
}

const totalKeptFor = 20

func (t *totals) count(ctx context.Context, db *bun.DB, table string) (int, error) {
	began := time.Now()
	t.mu.Lock()
	known, ok := t.known[table]
	t.mu.Unlock()
	if ok && began.Sub(known.at) < totalKeptFor*known.took {
		return known.rows, nil
	}
	var rows int
	if err := db.NewSelect().ColumnExpr("count(*)").TableExpr(table).Scan(ctx, &rows); err != nil {
		return 0, err
	}
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[string]total{}
	}
	t.known[table] = total{rows: rows, took: now.Sub(began), at: now}
	return rows, nil
}

// forget is for what we have changed ourselves: who has added a user sees it counted.
func (t *totals) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known = nil
}
