package lists

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// maxMaterialised is how many ids a predicate may have to be materialised. It is a
// bound on memory. A predicate that has more is met by so many rows that few need be
// read until a page is full: by one in fifty, of a million.
const maxMaterialised = 2 * auth.MaxCounted

// plan is how the rows that match are found.
type plan struct {
	by    string // the column that the list is sorted by
	total int    // rows of the table

	// predicates must all be met. The first is the one that fewest rows meet, as far as
	// that is known. When no more rows match than are counted, it is met by these alone,
	// and all the others but those on the sort's column are left out.
	predicates []predicate

	matches   int
	uncounted bool // more than matches do
}

// plan finds out how many rows match, and how they are found.
func (t *table) plan(ctx context.Context, params auth.ListParams) (*plan, error) {
	p := &plan{by: cmp.Or(params.Sort, t.order)}
	if _, known := t.columns[p.by]; !known {
		return nil, fmt.Errorf("%w: %q", ErrUnknownColumn, p.by)
	}
	var err error
	if p.predicates, err = t.predicates(ctx, params); err != nil {
		return nil, err
	}
	if p.total, err = t.db.counts.count(ctx, t.db.pool, t.from); err != nil {
		return nil, err
	}
	if p.matches = p.total; len(p.predicates) == 0 {
		return p, nil
	}
	for i := range p.predicates {
		if err := t.materialise(ctx, &p.predicates[i], maxMaterialised); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(p.predicates, bySelectivity)
	match := p.predicates[0]
	if match.ids == nil || len(p.predicates) > 1 && match.size > 0 {
		match = predicate{ids: t.matching(p.predicates), costly: t.index != nil}
		if err := t.materialise(ctx, &match, auth.MaxCounted); err != nil {
			return nil, err
		}
	}
	p.count(match)
	return p, nil
}

// count notes how many rows match. match are all of them, if they are not too many.
func (p *plan) count(match predicate) {
	if match.size > auth.MaxCounted {
		p.matches, p.uncounted = auth.MaxCounted, true
		return
	}
	p.matches = match.size
	few := []predicate{match}
	for _, each := range p.predicates {
		if each.column == p.by && match.column != p.by {
			few = append(few, each)
		}
	}
	p.predicates = few
}

// bySelectivity sorts what fewer rows meet first. Of what too many meet to be counted,
// a rare value is the better guess, and what has an index better than what has none.
func bySelectivity(a, b predicate) int {
	guess := func(p predicate) int {
		switch {
		case p.ids == nil:
			return 2
		case p.rare:
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.size, b.size), cmp.Compare(guess(a), guess(b)))
}

// materialise counts a predicate's ids, if an index has them. Up to most, they are held
// in memory from here on, and those that are costly to select are not selected again.
func (t *table) materialise(ctx context.Context, p *predicate, most int) error {
	if p.size = most + 1; p.ids == nil {
		return nil
	}
	ids := bun.SafeQuery("? LIMIT ?", p.ids, most+1) // tells PostgreSQL that they fit in memory
	joinedIDs, joined := "''", ""
	if p.costly {
		joinedIDs = t.db.dialect.joinedIDs()
	}
	if err := t.db.pool.NewRaw("SELECT count(*), "+joinedIDs+" FROM (?) AS m", ids).Scan(ctx, &p.size, &joined); err != nil {
		return err
	}
	if p.size > most {
		return nil
	}
	if p.ids = ids; p.costly {
		p.ids = t.db.dialect.splitIDs(joined)
	}
	p.probe, p.materialised = bun.SafeQuery(t.id+" IN (?)", p.ids), true
	return nil
}

// matching selects the ids of the rows that meet all predicates.
func (t *table) matching(predicates []predicate) schema.QueryAppender {
	lead, others := predicates[0], predicates[1:]
	hasNoProbe := func(p predicate) bool { return p.probe == nil }
	if lead.ids == nil || slices.ContainsFunc(others, hasNoProbe) {
		query := t.selectFrom().ColumnExpr(t.id + " AS id")
		t.where(query, predicates)
		return query
	}
	// In indexes alone.
	filters := make([]schema.QueryAppender, 0, len(others))
	for _, each := range others {
		filters = append(filters, filter(each.probe))
	}
	return bun.SafeQuery("SELECT id FROM (?) AS "+t.alias+" WHERE ?", lead.ids, allOf(filters))
}

// access is the way to a page.
type access struct {
	// scan reads the index of the sort until the page is full. Without it, all rows that
	// match are collected and sorted.
	scan bool
	// entries is how far the index is read; 0 for to its end.
	entries int
}

// access chooses the way that reads least: the fewer rows match, the longer a scan
// takes, and the less there is to sort.
//
// All that match may lie at the other end of the index, as where a list sorted by
// address is searched for how an address begins. So no more of it is read than should
// hold twice the rows that are wanted; if they are not there, sorting finds them.
func (t *table) access(p *plan, w window) access {
	among, residual := p.total, false
	for _, each := range p.predicates {
		switch {
		case each.column != p.by:
			residual = true
		case each.materialised: // the index has them side by side
			among = min(among, each.size)
		}
	}
	if !residual {
		return access{scan: true}
	}
	lead := p.predicates[0]
	expected := p.matches
	if len(p.predicates) == 1 {
		expected = lead.size // which may be more than are counted
	}
	entries := 2*(w.offset+w.size)*among/max(1, expected) + w.size
	switch {
	case lead.materialised && (!t.isIndexed(p.by) || entries > t.db.dialect.RowCost*lead.size):
		return access{}
	case entries >= among || lead.ids == nil || t.joined: // entries are without what is joined
		return access{scan: true}
	}
	return access{scan: true, entries: entries}
}
