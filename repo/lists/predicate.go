package lists

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// predicate is a condition that rows must meet, in the forms in which it can be asked.
type predicate struct {
	// row asks it of a row.
	row schema.QueryAppender
	// probe asks it of a row's id in an index, without reading the row; or nil.
	probe schema.QueryAppender
	// ids selects the ids of all rows that meet it, out of an index; or nil.
	ids schema.QueryAppender

	column string // that it compares, or ""
	rare   bool   // few rows are expected to meet it
	costly bool   // selecting ids takes longer than sending as many to the database

	// size is how many ids there are, or one more than were counted.
	size int
	// materialised reports that ids are few enough to be held in the database's memory
	// while a query runs, and that probe is a look into that memory.
	materialised bool
}

// cheapest returns the form that reads least.
func (p *predicate) cheapest() schema.QueryAppender {
	if p.probe != nil {
		return p.probe
	}
	return p.row
}

// predicates returns what filters and search terms ask.
func (t *table) predicates(ctx context.Context, params auth.ListParams) ([]predicate, error) {
	var all []predicate
	for _, f := range params.Filters {
		p, err := t.filtered(f)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	searched, err := t.searched(ctx, params.Search)
	return append(all, searched...), err
}

// filtered returns what a filter asks.
func (t *table) filtered(f auth.Filter) (predicate, error) {
	if column, known := t.columns[f.Column]; known {
		if f.Operator != auth.OpMissing && !column.Type.has(f.Value()) {
			return predicate{}, fmt.Errorf("%w: %q compared with a %T", ErrFilter, f.Column, f.Value())
		}
		p := predicate{row: compare(t.sqlOf(f.Column), f), column: f.Column, rare: column.Rare != nil && f.Value() == column.Rare}
		if column.Indexed {
			p.ids = bun.SafeQuery("SELECT "+t.id+" AS id FROM "+t.from+" WHERE ?", p.row)
			if f.Operator != auth.OpAtLeast { // a range has its ids in no order
				p.probe = t.probe(f)
			}
		}
		return p, nil
	}
	condition, known := t.conditions[f.Column]
	if !known {
		return predicate{}, fmt.Errorf("%w: %q", ErrUnknownColumn, f.Column)
	}
	if f.Operator != auth.OpEqual || !condition.Type.has(f.Value()) {
		return predicate{}, fmt.Errorf("%w: %q %s a %T", ErrFilter, f.Column, f.Operator, f.Value())
	}
	p := predicate{row: bun.SafeQuery(condition.SQL, f.Value())}
	if condition.IDs != "" {
		p.ids, p.probe = bun.SafeQuery(condition.IDs, f.Value()), p.row
	}
	return p, nil
}

// has reports whether a filter's value is of the type.
func (t Type) has(value any) bool {
	switch value.(type) {
	case bool:
		return t == Bool
	case int64:
		return t == Int
	case string:
		return t == Text
	case time.Time:
		return t == Time
	}
	return false
}

func compare(sql string, f auth.Filter) schema.QueryAppender {
	switch f.Operator {
	case auth.OpAtLeast:
		return bun.SafeQuery(sql+" >= ?", f.Value())
	case auth.OpMissing:
		return bun.SafeQuery(sql + " IS NULL")
	default:
		return bun.SafeQuery(sql+" = ?", f.Value())
	}
}

// probe looks a row's id up among those that the index (column, id) has under a value.
// Asked for the id itself, SQLite would look for the row; asked for a range, it takes
// the index.
func (t *table) probe(f auth.Filter) schema.QueryAppender {
	return bun.SafeQuery("EXISTS (SELECT 1 FROM "+t.name+" AS x WHERE ? AND x.id BETWEEN "+t.id+" AND "+t.id+")", compare("x."+f.Column, f))
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
