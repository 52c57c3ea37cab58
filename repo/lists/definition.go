package lists

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Definition describes a table as a list that people search, filter, sort and page
// through. R is its row, a bun model whose primary key is the column id; T is what a
// row is to the domain. A definition is safe for concurrent use.
type Definition[R, T any] struct {
	// Columns are those that the list may be sorted and filtered by, by name.
	Columns map[string]Column
	// Conditions are the filters that compare no single column with their value.
	Conditions map[string]Condition
	// Order is the name of the column that the list is sorted by unless asked otherwise.
	Order string
	// Search are the texts that search terms are looked for in, in SQL.
	Search []string
	// Index finds search terms faster than by reading every row. nil if nothing does.
	Index Index
	// Join is a JOIN clause that adds exactly one row to each of the table's.
	Join string
	// Select is what R has beyond the table's own columns, in SQL.
	Select []string
	// Convert returns what a row is to the domain.
	Convert func(*R) T
}

// Column is one that a list may be sorted and filtered by.
type Column struct {
	// Type is what a filter's value must be.
	Type Type
	// SQL is the column where it is another than the table's own of that name: one of
	// the table that is joined, or an expression.
	SQL string
	// Unique columns need no id to break ties when sorted by.
	Unique bool
	// Nullable columns may have no value. Rows without one come first.
	Nullable bool
	// Indexed columns have an index (column, id), in which ids are found and sorted
	// without reading rows; on PostgreSQL a nullable one with NULLS FIRST. They have no
	// SQL of their own.
	Indexed bool
	// Rare is the value that few rows have, if it is known beforehand: true for "is a
	// member of staff".
	Rare any
}

// Condition is a filter that is written in SQL. It takes an [auth.Equal].
type Condition struct {
	// Type is what the filter's value must be.
	Type Type
	// SQL is what a row must meet; ? is the value.
	SQL string
	// IDs, if not empty, selects the ids of those rows, as id, in an index; ? is the
	// value. SQL then must ask a row for nothing but its id.
	IDs string
}

// Type is what a column's values are in Go.
type Type int

// The types, as in [auth.FilterValue]. A column without one cannot be compared.
const (
	Bool Type = iota + 1
	Int
	Text
	Time
)

// Errors of whoever asks. The admin site offers nothing that leads to one.
var (
	// ErrUnknownColumn: neither a column nor a condition has the name.
	ErrUnknownColumn = errors.New("no such column")
	// ErrFilter: a value of another type than the column's, or an operator that the
	// condition does not take.
	ErrFilter = errors.New("the filter does not fit its column")
)

// DB is a database whose lists are read. It holds the row count cache of its tables.
type DB struct {
	pool    *bun.DB
	dialect Dialect
	counts  rowCounts
}

// NewDB returns a DB that reads from a pool.
func NewDB(pool *bun.DB, dialect Dialect) *DB { return &DB{pool: pool, dialect: dialect} }

// ForgetRowCounts makes the next list of each table count its rows anew. Call it after
// every change, so that who adds a row sees it counted.
func (db *DB) ForgetRowCounts() { db.counts.forget() }

// Page returns the part of the list that params ask for.
func (d *Definition[R, T]) Page(ctx context.Context, db *DB, params auth.ListParams) (page auth.Page[T], err error) {
	t, err := d.on(db)
	if err != nil {
		return page, err
	}
	p, err := t.plan(ctx, params)
	if err != nil {
		return page, err
	}
	page.Total, page.Matches, page.Uncounted = p.total, p.matches, p.uncounted
	w := t.window(params, p)
	if w.size <= 0 {
		return page, nil
	}
	rows, err := d.rows(ctx, t, p, w)
	if err != nil {
		return page, err
	}
	if w.reversed {
		slices.Reverse(rows)
	}
	page.Items = make([]T, 0, len(rows))
	for i := range rows {
		page.Items = append(page.Items, d.Convert(&rows[i]))
	}
	return page, nil
}

// rows reads the rows of a window.
func (d *Definition[R, T]) rows(ctx context.Context, t *table, p *plan, w window) ([]R, error) {
	a := t.access(p, w)
	if a.scan {
		rows, err := d.fetch(ctx, t, t.scanned(p, w, a), w.order)
		if err != nil || len(rows) == w.size || a.entries == 0 {
			return rows, err
		}
	}
	return d.fetch(ctx, t, t.sorted(p, w), w.order)
}

// fetch reads the rows with these ids.
func (d *Definition[R, T]) fetch(ctx context.Context, t *table, ids schema.QueryAppender, order string) ([]R, error) {
	rows := []R{}
	err := d.query(t, &rows).Where("?", t.db.dialect.isAmong(t.id, ids)).OrderExpr(order).Scan(ctx)
	return rows, err
}

// query selects all that a row has.
func (d *Definition[R, T]) query(t *table, model any) *bun.SelectQuery {
	query := t.db.pool.NewSelect().Model(model)
	if len(d.Select) > 0 {
		query.ColumnExpr(t.alias + ".*")
	}
	for _, expression := range d.Select {
		query.ColumnExpr(expression)
	}
	if d.Join != "" {
		query.Join(d.Join)
	}
	return query
}

// Each calls f for every row that matches params, in the order of ids, and returns f's
// first error. It holds one row at a time, however many there are. Offset and Size are
// not looked at.
func (d *Definition[R, T]) Each(ctx context.Context, db *DB, params auth.ListParams, f func(T) error) (err error) {
	t, err := d.on(db)
	if err != nil {
		return err
	}
	p, err := t.plan(ctx, params)
	if err != nil {
		return err
	}
	query := d.query(t, (*R)(nil)).OrderExpr(t.id)
	t.whereEach(query, p.predicates)
	rows, err := query.Rows(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var row R
		if err := db.pool.ScanRow(ctx, rows, &row); err != nil {
			return err
		}
		if err := f(d.Convert(&row)); err != nil {
			return err
		}
	}
	return rows.Err()
}

// on returns the list's table on a database.
func (d *Definition[R, T]) on(db *DB) (*table, error) {
	model := db.pool.Table(reflect.TypeFor[R]())
	if len(model.PKs) != 1 || model.PKs[0].Name != "id" {
		return nil, fmt.Errorf("the primary key of %s is not the column id", model.Name)
	}
	t := &table{
		db: db, name: string(model.SQLName), alias: string(model.SQLAlias), id: string(model.SQLAlias) + ".id", joined: d.Join != "",
		columns: d.Columns, conditions: d.Conditions, order: d.Order, search: d.Search, index: d.Index,
	}
	t.from = t.name + " AS " + t.alias
	if t.joined {
		t.from += " " + d.Join
	}
	return t, nil
}
