package repo

import (
	"context"
	"sync"
	"time"

	"github.com/uptrace/bun"
)

// rowCounts remembers how many rows tables have. Counting a million takes tens of
// milliseconds, so it is done anew no sooner than after twenty times as long as it
// took: at once in a small table, after some seconds in a large one.
type rowCounts struct {
	mu    sync.Mutex
	known map[string]rowCount
}

type rowCount struct {
	rows int
	took time.Duration
	at   time.Time
}

const countKeptFor = 20

func (t *rowCounts) count(ctx context.Context, db *bun.DB, table string) (int, error) {
	began := time.Now()
	t.mu.Lock()
	known, ok := t.known[table]
	t.mu.Unlock()
	if ok && began.Sub(known.at) < countKeptFor*known.took {
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
		t.known = map[string]rowCount{}
	}
	t.known[table] = rowCount{rows: rows, took: now.Sub(began), at: now}
	return rows, nil
}

// forget is for what we have changed ourselves: who has added a user sees it counted.
func (t *rowCounts) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known = nil
}
