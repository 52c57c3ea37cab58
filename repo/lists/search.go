package lists

import (
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// Index finds out how the terms of a search are looked up in an index of parts of texts.
// Each term must be in one of the lookups that it returns. It may ask the database,
// whether the index is there, and is for tables whose ids are numbers.
type Index func(ctx context.Context, pool *bun.DB, terms []string) ([]Lookup, error)

// Lookup is some terms of a search that an index finds together.
type Lookup struct {
	Terms []string
	// IDs selects the ids of the rows that have all the terms, as id. nil if no index
	// has them: then every row is read.
	IDs schema.QueryAppender
	// Probe asks the index whether one row, by its id, has all the terms. nil if the
	// index cannot tell.
	Probe schema.QueryAppender
}

// searched returns what a search asks: that a row has each of its terms.
func (t *table) searched(ctx context.Context, search string) ([]predicate, error) {
	terms := strings.Fields(search)
	if len(terms) == 0 {
		return nil, nil
	}
	slices.Sort(terms)
	lookups := []Lookup{{Terms: slices.Compact(terms)}}
	if t.index != nil {
		var err error
		if lookups, err = t.index(ctx, t.db.pool, lookups[0].Terms); err != nil {
			return nil, err
		}
	}
	all := make([]predicate, 0, len(lookups))
	for _, each := range lookups {
		all = append(all, predicate{row: t.contains(each.Terms), ids: each.IDs, probe: each.Probe, costly: true})
	}
	return all, nil
}

// contains asks a row for terms, as they are, each in any of the texts.
func (t *table) contains(terms []string) schema.QueryAppender {
	var all []schema.QueryAppender
	for _, term := range terms {
		var sql []string
		var args []any
		for _, text := range t.search {
			sql = append(sql, text+" "+t.db.dialect.like()+` ? ESCAPE '\'`)
			args = append(args, PatternOf(term))
		}
		all = append(all, bun.SafeQuery("("+strings.Join(sql, " OR ")+")", args...))
	}
	return allOf(all)
}

// PatternOf returns the pattern with which LIKE … ESCAPE '\' finds a term, as it is,
// in any place.
func PatternOf(term string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(term) + "%"
}
