package lists

import (
	"context"
	"sync"
	"time"

	"github.com/uptrace/bun"
)

// rowCounts is the row count cache. Counting a million rows takes tens of milliseconds,
// so a count is kept for twenty times as long as it took: a small table is counted anew
// for each page, a large one every few seconds, and counting takes no more than a
// twentieth of the time.
type rowCounts struct {
	mu    sync.Mutex
	known map[string]rowCount // by FROM clause
}

type rowCount struct {
	rows int
	took time.Duration
	at   time.Time
}

const countKeptFor = 20

// count returns how many rows a FROM clause has, or had a moment ago.
func (c *rowCounts) count(ctx context.Context, pool *bun.DB, from string) (int, error) {
	began := time.Now()
	c.mu.Lock()
	known, ok := c.known[from]
	c.mu.Unlock()
	if ok && began.Sub(known.at) < countKeptFor*known.took {
		return known.rows, nil
	}
	var rows int
	if err := pool.NewSelect().ColumnExpr("count(*)").TableExpr(from).Scan(ctx, &rows); err != nil {
		return 0, err
	}
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]rowCount{}
	}
	c.known[from] = rowCount{rows: rows, took: now.Sub(began), at: now}
	return rows, nil
}

func (c *rowCounts) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = nil
}
