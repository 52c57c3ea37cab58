package lists_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/repo/lists"
	"github.com/latchkey-auth/latchkey/server/auth"
)

func notes(t *testing.T) *lists.DB {
	t.Helper()
	pool, err := openNotes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return lists.NewDB(pool, lists.SQLite)
}

func TestParamsThatDoNotFitTheDefinitionAreErrors(t *testing.T) {
	t.Parallel()
	list := noteList
	list.Conditions = map[string]lists.Condition{"before": {Type: lists.Time, SQL: "n.at < ?"}}
	db := notes(t)
	for name, test := range map[string]struct {
		params auth.ListParams
		want   error
	}{
		"a number for a flag":                {auth.ListParams{Filters: filters(auth.Equal("done", int64(1)))}, lists.ErrFilter},
		"a text for a number":                {auth.ListParams{Filters: filters(auth.Equal("id", "1"))}, lists.ErrFilter},
		"a text for a time":                  {auth.ListParams{Filters: filters(auth.AtLeast("at", "2026-11-24"))}, lists.ErrFilter},
		"a time for a text":                  {auth.ListParams{Filters: filters(auth.Equal("text", time.Now()))}, lists.ErrFilter},
		"a condition with a flag for a time": {auth.ListParams{Filters: filters(auth.Equal("before", true))}, lists.ErrFilter},
		"a condition that asks for more":     {auth.ListParams{Filters: filters(auth.AtLeast("before", time.Now()))}, lists.ErrFilter},
		"a condition without a value":        {auth.ListParams{Filters: filters(auth.Missing("before"))}, lists.ErrFilter},
		"a filter that is none":              {auth.ListParams{Filters: filters(auth.Filter{Column: "done"})}, lists.ErrFilter},
		"an unknown column to filter by":     {auth.ListParams{Filters: filters(auth.Equal("n.done", true))}, lists.ErrUnknownColumn},
		"an unknown column to sort by":       {auth.ListParams{Sort: "at DESC"}, lists.ErrUnknownColumn},
		"a condition to sort by":             {auth.ListParams{Sort: "before"}, lists.ErrUnknownColumn},
	} {
		test.params.Size = 10
		if _, err := list.Page(t.Context(), db, test.params); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if err := list.Each(t.Context(), db, test.params, func(note) error { return nil }); !errors.Is(err, test.want) {
			t.Errorf("%s, one by one: %v, want %v", name, err, test.want)
		}
	}
	page, err := list.Page(t.Context(), db, auth.ListParams{Size: 10, Filters: filters(
		auth.Equal("before", time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)), auth.Equal("text", "Call Ada"), auth.Equal("id", int64(1)))})
	if err != nil || page.Matches != 1 || len(page.Items) != 1 {
		t.Errorf("what fits finds %+v, %v", page, err)
	}
}

func filters(all ...auth.Filter) []auth.Filter { return all }

func TestATableWithoutAnIDIsAnError(t *testing.T) {
	t.Parallel()
	type keyed struct {
		bun.BaseModel `bun:"table:office_note,alias:n"`

		Text string `bun:"text,pk"`
	}
	list := lists.Definition[keyed, string]{Columns: map[string]lists.Column{"text": {}}, Order: "text"}
	if _, err := list.Page(t.Context(), notes(t), auth.ListParams{}); err == nil || !strings.Contains(err.Error(), "office_note") {
		t.Errorf("the error is %v", err)
	}
}

// A list that is joined, and sorted by an index, has its page whatever leads to it.
func TestAJoinedTableIsSearchedByWhatItIsJoinedTo(t *testing.T) {
	t.Parallel()
	list := noteList
	list.Join = "JOIN office_note AS other ON other.id = n.id"
	list.Search = []string{"other.text"}
	for _, sort := range []string{"id", "text", "at", "done"} {
		page, err := list.Page(t.Context(), notes(t), auth.ListParams{Search: "ada", Sort: sort, Size: 1, Offset: 3,
			Filters: filters(auth.AtLeast("at", time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)))})
		if err != nil || page.Matches != 4 || len(page.Items) != 1 {
			t.Errorf("sorted by %s: %+v, %v", sort, page, err)
		}
	}
}
