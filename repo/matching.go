package repo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// test is a condition of a query, in the forms in which it can be asked.
type test struct {
	row    schema.QueryAppender // of a row
	byID   schema.QueryAppender // of a row's id, out of an index; or nil
	ids    schema.QueryAppender // selects those of the rows that meet it, out of an index; or nil
	column string               // that it compares, or ""
	rare   bool                 // few rows are expected to meet it
	slow   bool                 // ids are numbers, and to select them takes longer than to send them
	size   int                  // how many ids that are, no further than one more than are held
	held   bool                 // byID and ids are of ids that are held in memory
}

// maxHeld is how many ids a database holds in memory, to compare others with. Of a
// million rows, one in fifty or more meet a condition that has more ids than that: few
// need be read until a page is full.
const maxHeld = 2 * auth.MaxCounted

// rank is lower for what fewer rows meet, as far as that is known.
func (t test) rank() int {
	switch {
	case t.held:
		return t.size
	case t.ids == nil:
		return maxHeld + 3
	case t.rare:
		return maxHeld + 1
	}
	return maxHeld + 2
}

// short is the form that reads least.
func (t test) short() schema.QueryAppender {
	if t.byID != nil {
		return t.byID
	}
	return t.row
}

// plan is how the rows that match are found.
type plan struct {
	tests     []test // all must be met; what fewest rows meet comes first
	few       *test  // the ids of all that match; nil when too many match
	matches   int
	uncounted bool
}

// plan finds out how the rows that match are found, and how many match.
func (l listing[R, T]) plan(ctx context.Context, s *Store, q auth.ListParams) (p plan, err error) {
	if _, known := l.columns[cmp.Or(q.Sort, l.order)]; !known {
		return p, fmt.Errorf("%w: %q", errUnknownColumn, q.Sort)
	}
	if p.tests, err = l.tests(ctx, s, q); err != nil || len(p.tests) == 0 {
		return p, err
	}
	for i := range p.tests {
		if err := l.hold(ctx, s, &p.tests[i], maxHeld); err != nil {
			return p, err
		}
	}
	slices.SortStableFunc(p.tests, func(a, b test) int { return cmp.Compare(a.rank(), b.rank()) })
	match := p.tests[0]
	if len(p.tests) > 1 && match.size > 0 || match.ids == nil {
		match = test{ids: l.matching(s, p.tests), slow: l.index != nil}
		if err := l.hold(ctx, s, &match, auth.MaxCounted); err != nil {
			return p, err
		}
	}
	if match.size > auth.MaxCounted {
		p.matches, p.uncounted = auth.MaxCounted, true
	} else {
		p.matches, p.few = match.size, &match
	}
	return p, nil
}

// tests returns the conditions of a query.
func (l listing[R, T]) tests(ctx context.Context, s *Store, q auth.ListParams) ([]test, error) {
	var tests []test
	for _, c := range q.Filters {
		by, isColumn := l.columns[c.Column]
		special, isSpecial := l.conditions[c.Column]
		switch {
		case isColumn:
			t := test{row: compare(by.sql, c), column: c.Column, rare: by.rare != nil && c.Value() == by.rare}
			if by.indexed {
				t.ids = l.selectIDs(t.row)
				if c.Operator != auth.OpAtLeast { // whose ids are not side by side in the index
					t.byID = bun.SafeQuery(l.byID, compare("x."+c.Column, c))
				}
			}
			tests = append(tests, t)
		case isSpecial:
			t := test{row: bun.SafeQuery(special.sql, c.Value())}
			if special.ids != "" {
				t.ids, t.byID = bun.SafeQuery(special.ids, c.Value()), t.row
			}
			tests = append(tests, t)
		default:
			return nil, fmt.Errorf("%w: %q", errUnknownColumn, c.Column)
		}
	}
	words := strings.Fields(q.Search)
	if len(words) == 0 {
		return tests, nil
	}
	slices.Sort(words)
	lookups := []lookup{{words: slices.Compact(words)}}
	if l.index != nil {
		var err error
		if lookups, err = l.index(ctx, s, lookups[0].words); err != nil {
			return nil, err
		}
	}
	for _, each := range lookups {
		tests = append(tests, test{row: l.contains(s, each.words), ids: each.ids, byID: each.byID, slow: true})
	}
	return tests, nil
}

func compare(sql string, c auth.Filter) schema.QueryAppender {
	switch c.Operator {
	case auth.OpAtLeast:
		return bun.SafeQuery(sql+" >= ?", c.Value())
	case auth.OpMissing:
		return bun.SafeQuery(sql + " IS NULL")
	default:
		return bun.SafeQuery(sql+" = ?", c.Value())
	}
}

// allOf joins conditions.
func allOf(conditions []schema.QueryAppender) schema.QueryAppender {
	args := make([]any, len(conditions))
	for i, each := range conditions {
		args[i] = each
	}
	return bun.SafeQuery(strings.Join(slices.Repeat([]string{"?"}, len(args)), " AND "), args...)
}

// filter keeps a database from using an index for a condition: it is asked of what
// something else leads to.
func filter(condition schema.QueryAppender) schema.QueryAppender {
	return bun.SafeQuery("CASE WHEN ? THEN true END", condition)
}

// selectIDs returns those of the rows that meet a condition.
func (l listing[R, T]) selectIDs(where schema.QueryAppender) schema.QueryAppender {
	return bun.SafeQuery("SELECT "+l.id+" AS id FROM "+l.table+" WHERE ?", where)
}

// isAmong asks whether an id is among those that a query selects. It makes a database
// look each of them up.
func (s *Store) isAmong(id string, ids schema.QueryAppender) schema.QueryAppender {
	if s.isPostgres() { // which would rather read the whole table for more than a few
		return bun.SafeQuery(id+" = ANY (ARRAY(?))", ids)
	}
	return bun.SafeQuery(id+" IN (?)", ids)
}

// matching selects the ids of what meets all tests.
func (l listing[R, T]) matching(s *Store, tests []test) schema.QueryAppender {
	first, others := tests[0], []schema.QueryAppender{}
	if first.ids == nil { // then no test has any, and the database knows best
		for _, t := range tests {
			others = append(others, t.row)
		}
		return l.selectIDs(allOf(others))
	}
	if !slices.ContainsFunc(tests[1:], func(t test) bool { return t.byID == nil }) { // in indexes alone
		for _, t := range tests[1:] {
			others = append(others, filter(t.byID))
		}
		return bun.SafeQuery("SELECT id FROM (?) AS "+l.alias+" WHERE ?", first.ids, allOf(others))
	}
	for _, t := range tests[1:] {
		if t.held {
			others = append(others, filter(t.byID))
		} else {
			others = append(others, filter(t.row))
		}
	}
	if first.held {
		return l.selectIDs(allOf(append(others, s.isAmong(l.id, first.ids))))
	}
	return l.selectIDs(allOf(append(others, first.row)))
}

// hold counts the ids of a test, if an index has them. When they are no more than most,
// they are held in memory from here on, and not selected again where that is slow.
func (l listing[R, T]) hold(ctx context.Context, s *Store, t *test, most int) error {
	if t.size = most + 1; t.ids == nil {
		return nil
	}
	ids := bun.SafeQuery("? LIMIT ?", t.ids, most+1) // tells PostgreSQL that they fit in memory
	list, listed := "''", ""
	if t.slow && s.isPostgres() {
		list = "coalesce(string_agg(CAST(id AS text), ','), '')"
	} else if t.slow {
		list = "coalesce(group_concat(id), '')"
	}
	if err := s.read.NewRaw("SELECT count(*), "+list+" FROM (?) AS m", ids).Scan(ctx, &t.size, &listed); err != nil {
		return err
	}
	if t.size > most {
		return nil
	}
	t.ids = ids
	if t.slow && s.isPostgres() {
		t.ids = bun.SafeQuery("SELECT unnest(CAST(? AS bigint[])) AS id", "{"+listed+"}")
	} else if t.slow {
		t.ids = bun.SafeQuery("SELECT value AS id FROM json_each(?)", "["+listed+"]")
	}
	t.byID, t.held = bun.SafeQuery(l.id+" IN (?)", t.ids), true
	return nil
}

// walk selects ids of what matches out of the index of a column, by, in its order. It
// returns nil when collect reads less. All that match may lie at the other end of the
// index, as where a list sorted by address is searched for how one begins. So, unless
// sure, it looks no further than to where there should be twice as many as are wanted.
func (l listing[R, T]) walk(s *Store, p plan, by, order string, offset, size, total int) (ids *bun.SelectQuery, sure bool) {
	index := s.read.NewSelect().TableExpr(l.table).OrderExpr(order)
	var filters []schema.QueryAppender
	if p.few != nil {
		filters = append(filters, filter(p.few.byID))
	}
	for _, t := range p.tests {
		switch {
		case t.column == by: // the index has them side by side
			index.Where("?", t.row)
			if t.held {
				total = t.size
			}
		case p.few == nil:
			filters = append(filters, filter(t.short()))
		}
	}
	entries := 2*(offset+size)*total/p.atLeast() + size
	if p.few != nil && entries > rowCost*p.matches {
		return nil, false
	}
	if len(filters) == 0 {
		return index.ColumnExpr(l.id + " AS id").Limit(int64(size)).Offset(int64(offset)), true
	}
	if sure = entries >= total || p.tests[0].ids == nil; sure {
		ids = index
	} else {
		// Neither database changes the order of what a query like this one reads.
		index.ColumnExpr(l.alias + ".*").Limit(int64(entries))
		ids = s.read.NewSelect().TableExpr("(?) AS "+l.alias, index)
	}
	return ids.ColumnExpr(l.id+" AS id").Where("?", allOf(filters)).Limit(int64(size)).Offset(int64(offset)), sure
}

// atLeast is how many rows are known to match.
func (p plan) atLeast() int {
	if p.few == nil && len(p.tests) == 1 {
		return p.tests[0].size
	}
	return max(1, p.matches)
}

// collect asks a query for what matches: for few ids, or else for those that fewest
// rows are led to by.
func (l listing[R, T]) collect(s *Store, p plan, query *bun.SelectQuery) {
	if p.few != nil {
		query.Where("?", s.isAmong(l.id, p.few.ids))
		return
	}
	for i, t := range p.tests {
		switch {
		case i > 0 || t.ids == nil:
			query.Where("?", filter(t.row))
		case t.held || t.slow:
			query.Where("?", s.isAmong(l.id, t.ids))
		default:
			query.Where("?", t.row)
		}
	}
}
