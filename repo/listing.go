package repo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// listing is a table as a list that people search, filter, sort and page through. R
// is its row, T what the row is to the domain. Nothing in it grows with the table:
//
//   - What matches is counted up to [auth.MostCounted] (the probe).
//   - When few match, they are collected and sorted.
//   - When many do, the index of the sort is walked until the page is full: the more
//     that match, the sooner.
//   - A page in the second half is reached from the end.
type listing[R, T any] struct {
	table   string // with its alias, and what it is joined to: "users_user AS u"
	alias   string
	columns map[string]column
	// conditions are those that are no comparison with a column, in SQL with one ?.
	conditions map[string]string
	order      string // of columns: what a list is sorted by when nothing is asked
	tie        string // of SQL: tells rows apart that are sorted alike
	search     []string
	// expand adds to a query what a row has beyond its table's own columns.
	expand  func(q *bun.SelectQuery) *bun.SelectQuery
	convert func(*R) T
}

// column is one that may be sorted or filtered by.
type column struct {
	sql      string
	unique   bool // needs no tie to be broken
	nullable bool
	// flag tells of a yes or no; rare is the answer that few rows have.
	flag, rare bool
}

// errUnknownColumn is a fault of whoever asks: the site offers what there is.
var errUnknownColumn = errors.New("no such column")

// plan is how the rows that match are found.
type plan struct {
	search []string      // words that each row must have, as they are
	ids    *bun.RawQuery // rows that the index for searching has found, or nil
	where  []auth.Condition
	sorted string // the column whose index is to be walked; "" when few match
}

// some gives a part of the list.
func (l listing[R, T]) some(ctx context.Context, s *Store, q auth.Query) (auth.Found[T], error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	found, err := l.find(ctx, s, q)
	if err != nil {
		return auth.Found[T]{}, fmt.Errorf("reading a list: %w", translate(ctx, err))
	}
	return found, nil
}

func (l listing[R, T]) find(ctx context.Context, s *Store, q auth.Query) (found auth.Found[T], err error) {
	if found.Total, err = s.totals.count(ctx, s.read, l.table); err != nil {
		return found, err
	}
	p, err := l.plan(ctx, s, q)
	if err != nil {
		return found, err
	}
	if p.matchesAll() {
		found.Matches, p.sorted = found.Total, cmp.Or(q.Sort, l.order)
	} else {
		if found.Matches, err = l.probe(ctx, s, p); err != nil {
			return found, err
		}
		if found.Matches > auth.MostCounted {
			found.Matches, found.Uncounted = auth.MostCounted, true
			p.sorted = cmp.Or(q.Sort, l.order)
		}
	}
	found.Items, err = l.page(ctx, s, p, q, found.Matches, found.Uncounted)
	return found, err
}

func (p plan) matchesAll() bool { return len(p.search) == 0 && p.ids == nil && len(p.where) == 0 }

// plan looks how a search can be answered.
func (l listing[R, T]) plan(ctx context.Context, s *Store, q auth.Query) (plan, error) {
	p := plan{where: q.Where, search: strings.Fields(q.Search)}
	for _, c := range q.Where {
		if _, known := l.columns[c.Column]; !known && l.conditions[c.Column] == "" {
			return p, fmt.Errorf("%w: %q", errUnknownColumn, c.Column)
		}
	}
	if _, known := l.columns[cmp.Or(q.Sort, l.order)]; !known {
		return p, fmt.Errorf("%w: %q", errUnknownColumn, q.Sort)
	}
	if l.table != users.table || s.isPostgres() {
		return p, nil
	}
	return p, p.useTrigrams(ctx, s)
}

// useTrigrams looks the words up in SQLite's index for searching, if few rows have
// them: else the walk finds a page sooner. The index holds groups of three letters.
func (p *plan) useTrigrams(ctx context.Context, s *Store) error {
	var long []string
	for _, word := range p.search {
		if len([]rune(word)) >= 3 {
			long = append(long, `"`+strings.ReplaceAll(word, `"`, `""`)+`"`)
		}
	}
	if len(long) == 0 {
		return nil
	}
	// Whoever makes the table anew, as Django's migrations do on SQLite, takes the
	// triggers away that keep the index up to date.
	var triggers int
	err := s.read.NewRaw(`SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'users_user' AND name LIKE 'latchkey_user_search_%'`).Scan(ctx, &triggers)
	if err != nil || triggers < 3 {
		return err
	}
	match := strings.Join(long, " AND ")
	var count int
	err = s.read.NewRaw(`SELECT count(*) FROM (SELECT 1 FROM latchkey_user_search WHERE latchkey_user_search MATCH ? LIMIT ?)`, match, auth.MostCounted+1).Scan(ctx, &count)
	if err != nil || count > auth.MostCounted {
		return err
	}
	p.ids = s.read.NewRaw(`SELECT rowid FROM latchkey_user_search WHERE latchkey_user_search MATCH ?`, match)
	p.search = slices.DeleteFunc(slices.Clone(p.search), func(word string) bool { return len([]rune(word)) >= 3 })
	return nil
}

// probe counts what matches, and one more than is ever counted when it is more.
func (l listing[R, T]) probe(ctx context.Context, s *Store, p plan) (int, error) {
	some := l.matching(s, p, s.read.NewSelect().TableExpr(l.table)).ColumnExpr("1").Limit(auth.MostCounted + 1)
	var count int
	err := s.read.NewSelect().ColumnExpr("count(*)").TableExpr("(?) AS m", some).Scan(ctx, &count)
	return count, err
}

// page reads the rows of a page.
func (l listing[R, T]) page(ctx context.Context, s *Store, p plan, q auth.Query, matches int, uncounted bool) ([]T, error) {
	offset, size, descending := q.Offset, q.Size, q.Descending
	fromEnd := !uncounted && offset > matches/2
	if fromEnd {
		size = min(size, matches-offset)
		offset = matches - offset - size
		descending = !descending
	}
	if size <= 0 {
		return nil, nil
	}
	rows := []R{}
	query := s.read.NewSelect().Model(&rows)
	if p.sorted == "" {
		// A limit inside keeps both databases from walking the index of the sort in
		// search of the few.
		few := l.matching(s, p, s.read.NewSelect().TableExpr(l.table)).ColumnExpr(l.alias + ".*").Limit(auth.MostCounted)
		query.ModelTableExpr("(?) AS "+l.alias, few)
	} else {
		query = l.matching(s, p, query)
	}
	query = l.expand(query).OrderExpr(l.orderBy(cmp.Or(q.Sort, l.order), descending)).Limit(int64(size)).Offset(int64(offset))
	if err := query.Scan(ctx); err != nil {
		return nil, err
	}
	if fromEnd {
		slices.Reverse(rows)
	}
	return l.converted(rows), nil
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
		order += ", " + l.tie + direction
	}
	return order
}

// matching adds the conditions.
func (l listing[R, T]) matching(s *Store, p plan, query *bun.SelectQuery) *bun.SelectQuery {
	if p.ids != nil {
		query.Where("u.id IN (?)", p.ids)
	}
	for _, word := range p.search {
		l.like(s, query, word)
	}
	drives := l.driving(p)
	for i, c := range p.where {
		if sql := l.conditions[c.Column]; sql != "" {
			query.Where(sql, c.Value)
			continue
		}
		by := l.columns[c.Column]
		sql := by.sql
		if i != drives && !s.isPostgres() {
			sql = "+" + sql // SQLite has no idea which of two indexes is the better one
		}
		switch c.Is {
		case auth.Equal:
			query.Where(sql+" = ?", c.Value)
		case auth.AtLeast:
			query.Where(sql+" >= ?", c.Value)
		case auth.Empty:
			query.Where(sql + " IS NULL")
		}
	}
	return query
}

// driving gives the condition whose index SQLite is to use, or -1 for none: the one
// that leaves fewest rows; but when the index of the sort is walked, that one alone.
func (l listing[R, T]) driving(p plan) int {
	best, strongest := -1, 0
	for i, c := range p.where {
		by := l.columns[c.Column]
		strength := 3
		switch {
		case by.flag && c.Value == by.rare:
			strength = 2
		case by.flag:
			strength = 1
		}
		if p.sorted != "" && p.sorted != c.Column {
			continue
		}
		if strength > strongest {
			best, strongest = i, strength
		}
	}
	if p.ids != nil {
		return -1
	}
	return best
}

// like asks for a word, as it is, in any of the columns that are searched.
func (l listing[R, T]) like(s *Store, query *bun.SelectQuery, word string) {
	operator := "LIKE"
	if s.isPostgres() {
		operator = "ILIKE"
	}
	pattern := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(word) + "%"
	query.WhereGroup(" AND ", func(group *bun.SelectQuery) *bun.SelectQuery {
		for _, sql := range l.search {
			group.WhereOr(sql+" "+operator+` ? ESCAPE '\'`, pattern)
		}
		return group
	})
}

// each calls f for every row that matches, in the order of the tie, and holds one.
// It is not bounded in time, as how long it takes is up to f.
func (l listing[R, T]) each(ctx context.Context, s *Store, q auth.Query, f func(T) error) (err error) {
	p, err := l.plan(ctx, s, q)
	if err != nil {
		return fmt.Errorf("reading a list: %w", translate(ctx, err))
	}
	p.sorted = l.tie
	query := l.matching(s, p, l.expand(s.read.NewSelect().Model((*R)(nil)))).OrderExpr(l.tie)
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
