package lists

import (
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// table is that of a list, on a database, without the types of its rows.
type table struct {
	db     *DB
	name   string
	alias  string
	id     string // alias.id
	from   string // name AS alias, and what it is joined to
	joined bool

	columns    map[string]Column
	conditions map[string]Condition
	order      string
	search     []string
	index      Index
}

// sqlOf returns a column in SQL.
func (t *table) sqlOf(name string) string {
	if sql := t.columns[name].SQL; sql != "" {
		return sql
	}
	return t.alias + "." + name
}

// isIndexed reports whether an index has the rows in the order of a column.
func (t *table) isIndexed(name string) bool { return name == "id" || t.columns[name].Indexed }

func (t *table) selectFrom() *bun.SelectQuery { return t.db.pool.NewSelect().TableExpr(t.from) }

// window is the part that a page shows of the rows that match, in the order in which
// they are read.
type window struct {
	order        string
	offset, size int
	reversed     bool // read from the end, which is nearer
}

// window returns that of a page. Its size is not above 0 when the page has no rows.
func (t *table) window(params auth.ListParams, p *plan) window {
	end := p.matches
	if p.uncounted {
		end = p.total
	}
	w := window{offset: params.Offset, size: min(params.Size, end-params.Offset)}
	descending := params.Descending
	if !p.uncounted && w.offset > end/2 {
		w.reversed, w.offset, descending = true, end-w.offset-w.size, !descending
	}
	w.order = t.orderBy(p.by, descending)
	return w
}

// orderBy sorts by a column. What is not there comes first, in both databases.
func (t *table) orderBy(name string, descending bool) string {
	column := t.columns[name]
	direction, nulls := " ASC", " NULLS FIRST"
	if descending {
		direction, nulls = " DESC", " NULLS LAST"
	}
	order := t.sqlOf(name) + direction
	if column.Nullable {
		order += nulls
	}
	if !column.Unique {
		order += ", " + t.id + direction
	}
	return order
}

// scanned selects the ids of a window by reading the index of the sort.
func (t *table) scanned(p *plan, w window, a access) schema.QueryAppender {
	index := t.selectFrom().OrderExpr(w.order)
	var residual []schema.QueryAppender
	for _, each := range p.predicates {
		if each.column == p.by {
			index.Where("?", each.row)
		} else {
			residual = append(residual, filter(each.cheapest()))
		}
	}
	query := index
	if a.entries > 0 {
		// Neither database changes the order of what a query like this one reads.
		index.ColumnExpr(t.alias + ".*").Limit(int64(a.entries))
		query = t.db.pool.NewSelect().TableExpr("(?) AS "+t.alias, index)
	}
	if len(residual) > 0 {
		query.Where("?", allOf(residual))
	}
	return query.ColumnExpr(t.id + " AS id").Limit(int64(w.size)).Offset(int64(w.offset))
}

// sorted selects the ids of a window by sorting all that match.
func (t *table) sorted(p *plan, w window) schema.QueryAppender {
	query := t.selectFrom().ColumnExpr(t.id + " AS id").OrderExpr(w.order).Limit(int64(w.size)).Offset(int64(w.offset))
	t.where(query, p.predicates)
	return query
}

// where asks a query for the rows that meet all predicates. The first leads to them, and
// the others are asked of these; where no index is known, the database chooses.
func (t *table) where(query *bun.SelectQuery, predicates []predicate) {
	for i, each := range predicates {
		switch {
		case predicates[0].ids == nil:
			query.Where("?", each.row)
		case i == 0 && (each.materialised || each.costly):
			query.Where("?", t.db.dialect.isAmong(t.id, each.ids))
		case i == 0:
			query.Where("?", each.row)
		case each.materialised:
			query.Where("?", filter(each.probe))
		default:
			query.Where("?", filter(each.row))
		}
	}
}

// whereEach asks the same of a query that reads rows in the order of their ids.
func (t *table) whereEach(query *bun.SelectQuery, predicates []predicate) {
	if len(predicates) > 0 && predicates[0].materialised {
		t.where(query, predicates)
		return
	}
	for _, each := range predicates { // too many match to be sorted: every row is read
		query.Where("?", filter(each.row))
	}
}
