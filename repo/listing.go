package repo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// listing is a table as a list that people search, filter, sort and page through. R
// is its row, T what the row is to the domain. Nothing in it grows with the table:
//
//   - What matches is counted up to [auth.MaxCounted].
//   - When few match, they are collected and sorted.
//   - When many do, the index of the sort is walked until the page is full: the more
//     that match, the sooner. It is walked for few too, if that reads less.
//   - A page in the second half is reached from the end.
//
// A row takes a database several times as long as an entry of an index. So the ids of
// a page are found first, in indexes alone where that can be, and then its rows are
// read. matching.go has what matches, and how it is found.
type listing[R, T any] struct {
	table   string // with its alias, and what it is joined to: "users_user AS u"
	alias   string
	id      string // in SQL; it tells rows apart that are sorted alike
	columns map[string]column
	// conditions are those that are no comparison with a column.
	conditions map[string]condition
	order      string   // of columns: what a list is sorted by when nothing is asked
	search     []string // in SQL, what words are looked for in
	// byID asks of an id, out of the index of a column, whether x, its row, meets a
	// condition, ?.
	byID string
	// index finds out how words are looked up; nil where there is no index for that.
	index func(ctx context.Context, s *Store, words []string) ([]lookup, error)
	// expand adds to a query what a row has beyond its table's own columns.
	expand  func(q *bun.SelectQuery) *bun.SelectQuery
	convert func(*R) T
}

// column is one that may be sorted or filtered by.
type column struct {
	sql      string
	unique   bool // needs no tie to be broken
	nullable bool
	indexed  bool // an index has it, and the id, so that these are found in that alone
	rare     any  // the value that few rows have, if there is one
}

// condition is one in SQL, about a value, ?.
type condition struct {
	sql string
	// ids selects, as id, those of the rows that meet it, out of an index; sql then asks
	// a row for nothing but its id. "" where there is no such index.
	ids string
}

// errUnknownColumn is a fault of whoever asks: the site offers what there is.
var errUnknownColumn = errors.New("no such column")

// rowCost is how many entries of an index are read in the time that one row takes;
// measured on SQLite, whose rows lie in a tree.
const rowCost = 15

// some returns a part of the list.
func (l listing[R, T]) some(ctx context.Context, s *Store, q auth.ListParams) (auth.Page[T], error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	found, err := l.find(ctx, s, q)
	if err != nil {
		return auth.Page[T]{}, fmt.Errorf("reading a list: %w", translate(ctx, err))
	}
	return found, nil
}

func (l listing[R, T]) find(ctx context.Context, s *Store, q auth.ListParams) (found auth.Page[T], err error) {
	if found.Total, err = s.rowCounts.count(ctx, s.read, l.table); err != nil {
		return found, err
	}
	p, err := l.plan(ctx, s, q)
	if err != nil {
		return found, err
	}
	found.Matches, found.Uncounted = p.matches, p.uncounted
	if len(p.tests) == 0 {
		found.Matches = found.Total
	}
	found.Items, err = l.page(ctx, s, p, q, found)
	return found, err
}

// page reads the rows of a page.
func (l listing[R, T]) page(ctx context.Context, s *Store, p plan, q auth.ListParams, found auth.Page[T]) ([]T, error) {
	offset, size, descending, end := q.Offset, q.Size, q.Descending, found.Matches
	if found.Uncounted {
		end = found.Total
	}
	size = min(size, end-offset)
	if size <= 0 {
		return nil, nil
	}
	fromEnd := !found.Uncounted && offset > end/2
	if fromEnd {
		offset = end - offset - size
		descending = !descending
	}
	by := cmp.Or(q.Sort, l.order)
	order := l.orderBy(by, descending)
	ids, sure := l.walk(s, p, by, order, offset, size, found.Total)
	var rows []R
	var err error
	if ids != nil {
		rows, err = l.read(ctx, s, ids, order)
	}
	if err == nil && len(rows) < size && !sure {
		ids = s.read.NewSelect().TableExpr(l.table).ColumnExpr(l.id + " AS id").OrderExpr(order).Limit(int64(size)).Offset(int64(offset))
		l.collect(s, p, ids)
		rows, err = l.read(ctx, s, ids, order)
	}
	if fromEnd {
		slices.Reverse(rows)
	}
	return l.converted(rows), err
}

// read returns the rows with these ids.
func (l listing[R, T]) read(ctx context.Context, s *Store, ids schema.QueryAppender, order string) ([]R, error) {
	rows := []R{}
	err := l.expand(s.read.NewSelect().Model(&rows)).Where("?", s.isAmong(l.id, ids)).OrderExpr(order).Scan(ctx)
	return rows, err
}

func (l listing[R, T]) converted(rows []R) []T {
	items := make([]T, 0, len(rows))
	for i := range rows {
		items = append(items, l.convert(&rows[i]))
	}
	return items
}

// orderBy sorts by a column. What is not there comes first, in both databases.
func (l listing[R, T]) orderBy(name string, descending bool) string {
	by := l.columns[name]
	direction, nulls := " ASC", " NULLS FIRST"
	if descending {
		direction, nulls = " DESC", " NULLS LAST"
	}
	order := by.sql + direction
	if by.nullable {
		order += nulls
	}
	if !by.unique {
		order += ", " + l.id + direction
	}
	return order
}

// each calls f for every row that matches, in the order of ids, and holds one. It is
// not bounded in time, as how long it takes is up to f.
func (l listing[R, T]) each(ctx context.Context, s *Store, q auth.ListParams, f func(T) error) (err error) {
	p, err := l.plan(ctx, s, q)
	if err != nil {
		return fmt.Errorf("reading a list: %w", translate(ctx, err))
	}
	query := l.expand(s.read.NewSelect().Model((*R)(nil))).OrderExpr(l.id)
	if p.few != nil || len(p.tests) > 0 && p.tests[0].held {
		l.collect(s, p, query)
	} else { // reads all rows anyway
		for _, t := range p.tests {
			query.Where("?", filter(t.row))
		}
	}
	rows, err := query.Rows(ctx)
	if err != nil {
		return fmt.Errorf("reading a list: %w", translate(ctx, err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var row R
		if err := s.read.ScanRow(ctx, rows, &row); err != nil {
			return fmt.Errorf("reading a list: %w", translate(ctx, err))
		}
		if err := f(l.convert(&row)); err != nil {
			return err
		}
	}
	return translate(ctx, rows.Err())
}
