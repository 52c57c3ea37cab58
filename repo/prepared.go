package repo

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"
)

// prepared is a query that the databases parse and plan once per connection and
// not for every request. bun writes arguments into the text, so that it cannot
// do this by itself.
type prepared struct {
	db   *bun.DB
	text string

	mu   sync.Mutex
	stmt *sql.Stmt // nil until it is first used: the tables may not be there yet
}

// scan runs the query for one row. sql.ErrNoRows when there is none.
func (p *prepared) scan(ctx context.Context, args, targets []any) error {
	stmt, err := p.get(ctx)
	if err != nil {
		return err
	}
	err = stmt.QueryRowContext(ctx, args...).Scan(targets...)
	if isStalePlan(err) {
		// Django has altered a column meanwhile. Whoever comes next prepares it
		// anew, and so do we, once.
		p.drop(stmt)
		if stmt, err = p.get(ctx); err == nil {
			err = stmt.QueryRowContext(ctx, args...).Scan(targets...)
		}
	}
	return err
}

// get does not hold the lock while it asks the database, which may be gone: the
// others would wait for it longer than they may.
func (p *prepared) get(ctx context.Context) (*sql.Stmt, error) {
	if stmt := p.current(); stmt != nil {
		return stmt, nil
	}
	stmt, err := p.db.DB.PrepareContext(ctx, p.text)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stmt != nil { // somebody was faster
		_ = stmt.Close() // nobody has used it
		return p.stmt, nil
	}
	p.stmt = stmt
	return stmt, nil
}

func (p *prepared) current() *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stmt
}

func (p *prepared) drop(stale *sql.Stmt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stmt == stale {
		p.stmt = nil
		_ = stale.Close() // it is of no use any more, whatever the server says to this
	}
}

// isStalePlan reports whether err is PostgreSQL's "cached plan must not change result type".
func isStalePlan(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "0A000"
}
