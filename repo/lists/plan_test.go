package lists

import (
	"slices"
	"testing"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// set is a predicate that an index has so many ids of.
func set(size int, column string) predicate {
	ids := bun.SafeQuery("SELECT 1 AS id")
	return predicate{ids: ids, column: column, size: min(size, maxMaterialised+1), materialised: size <= maxMaterialised}
}

func TestTheWayThatReadsLessIsTaken(t *testing.T) {
	t.Parallel()
	const million = 1_000_000
	page := window{size: 50}
	unindexed := predicate{size: maxMaterialised + 1}
	for name, test := range map[string]struct {
		by         string
		predicates []predicate
		matches    int
		uncounted  bool
		w          window
		postgres   bool
		want       access
	}{
		"all rows, by the index of the sort":                       {predicates: nil, matches: million, w: page, want: access{scan: true}},
		"few match, and are sorted":                                {predicates: []predicate{set(100, "x")}, matches: 100, w: page, want: access{}},
		"many match, and are soon met":                             {predicates: []predicate{set(10_000, "x")}, matches: 10_000, w: page, want: access{scan: true, entries: 10_050}},
		"too many match to be counted":                             {predicates: []predicate{set(million, "x")}, matches: auth.MaxCounted, uncounted: true, w: page, want: access{scan: true, entries: 5_049}},
		"a row is dearer on PostgreSQL: SQLite sorts":              {predicates: []predicate{set(2_300, "x")}, matches: 2_300, w: page, want: access{}},
		"a row is dearer on PostgreSQL, which scans":               {predicates: []predicate{set(2_300, "x")}, matches: 2_300, w: page, postgres: true, want: access{scan: true, entries: 43_528}},
		"a late page of many that match is sorted":                 {predicates: []predicate{set(15_000, "x")}, matches: auth.MaxCounted, uncounted: true, w: window{size: 50, offset: 14_000}, want: access{}},
		"what the index has side by side":                          {predicates: []predicate{set(10_000, "at")}, matches: 10_000, w: page, want: access{scan: true}},
		"some of what the index has side by side":                  {predicates: []predicate{set(5_000, "x"), set(10_000, "at")}, matches: 5_000, w: page, want: access{scan: true, entries: 250}},
		"no index knows what matches":                              {predicates: []predicate{unindexed}, matches: auth.MaxCounted, uncounted: true, w: page, want: access{scan: true}},
		"no index has the order, so that few are sorted":           {by: "text", predicates: []predicate{set(10_000, "x")}, matches: 10_000, w: page, want: access{}},
		"a page so late that all of the index may have to be read": {predicates: []predicate{set(million, "x")}, matches: auth.MaxCounted, uncounted: true, w: window{size: 50, offset: 500_000}, want: access{scan: true}},
	} {
		dialect := SQLite
		if test.postgres {
			dialect = PostgreSQL
		}
		table := &table{db: NewDB(nil, dialect), columns: map[string]Column{"at": {Indexed: true}, "text": {}}}
		p := &plan{by: "at", total: million, predicates: test.predicates, matches: test.matches, uncounted: test.uncounted}
		if test.by != "" {
			p.by = test.by
		}
		if got := table.access(p, test.w); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func TestTheMostSelectivePredicateLeads(t *testing.T) {
	t.Parallel()
	rare := set(maxMaterialised+1, "rare")
	rare.rare = true
	unindexed := predicate{column: "unindexed", size: maxMaterialised + 1}
	all := []predicate{unindexed, set(maxMaterialised+1, "common"), rare, set(20_000, "some"), set(3, "few")}
	slices.SortStableFunc(all, bySelectivity)
	var order []string
	for _, each := range all {
		order = append(order, each.column)
	}
	if want := []string{"few", "some", "rare", "common", "unindexed"}; !slices.Equal(order, want) {
		t.Errorf("the order is %v, want %v", order, want)
	}
}

func TestWhenFewMatchNothingElseIsAsked(t *testing.T) {
	t.Parallel()
	p := &plan{by: "at", predicates: []predicate{set(50, "x"), set(90, "at"), set(maxMaterialised+1, "y")}}
	p.count(set(7, ""))
	if p.matches != 7 || p.uncounted || len(p.predicates) != 2 || p.predicates[0].size != 7 || p.predicates[1].column != "at" {
		t.Errorf("the plan is %+v", p)
	}
	p = &plan{by: "at", predicates: []predicate{set(50, "x")}}
	p.count(set(auth.MaxCounted+1, ""))
	if p.matches != auth.MaxCounted || !p.uncounted || len(p.predicates) != 1 {
		t.Errorf("the plan is %+v", p)
	}
}

func TestAPageInTheSecondHalfIsReadFromTheEnd(t *testing.T) {
	t.Parallel()
	table := &table{alias: "n", id: "n.id", columns: map[string]Column{"at": {Nullable: true}}}
	for _, test := range []struct {
		params    auth.ListParams
		uncounted bool
		want      window
	}{
		{auth.ListParams{Offset: 0, Size: 10}, false, window{order: "n.at ASC NULLS FIRST, n.id ASC", size: 10}},
		{auth.ListParams{Offset: 90, Size: 50}, false, window{order: "n.at DESC NULLS LAST, n.id DESC", size: 11, reversed: true}},
		{auth.ListParams{Offset: 60, Size: 10, Descending: true}, false, window{order: "n.at ASC NULLS FIRST, n.id ASC", offset: 31, size: 10, reversed: true}},
		{auth.ListParams{Offset: 90, Size: 50}, true, window{order: "n.at ASC NULLS FIRST, n.id ASC", offset: 90, size: 50}},
		{auth.ListParams{Offset: 101, Size: 10}, false, window{}},
	} {
		w := table.window(test.params, &plan{by: "at", total: 1000, matches: 101, uncounted: test.uncounted})
		if test.want.size == 0 && w.size <= 0 {
			continue
		}
		if w != test.want {
			t.Errorf("%+v: %+v, want %+v", test.params, w, test.want)
		}
	}
}
