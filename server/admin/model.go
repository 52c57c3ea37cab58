package admin

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Model is what the site knows of one kind of thing, T: how to list it, show it and
// change it. Only the first block is required; a function that is nil is something
// that cannot be done.
type Model[T any] struct {
	Name        string     // in paths: "users"
	One, Many   string     // as people say it: "user", "Users"
	Permissions auth.Model // whose view, add, change and delete permissions count
	Key         func(T) string
	Title       func(T) string
	Columns     []Column[T]
	List        func(ctx context.Context, q auth.ListParams) (auth.Page[T], error)
	// Get finds one by its key; an error with [auth.CodeNotFound] when there is none.
	Get func(ctx context.Context, key string) (T, error)

	Sort       string // the column to sort by at first; "" for the list's own order
	Descending bool
	Search     string // says what is searched; "" when nothing is
	Filters    []Filter
	// Each calls f for everything that matches: the list as a file.
	Each func(ctx context.Context, q auth.ListParams, f func(T) error) error

	// Fields returns the form; item is nil for a new one.
	Fields func(ctx context.Context, staff *auth.Staff, item *T) ([]Fieldset, error)
	// Add makes one of a form and returns its key.
	Add func(ctx context.Context, by auth.Actor, form Form) (key string, err error)
	// AddNeeds are verbs that adding takes besides [auth.Add].
	AddNeeds []auth.Verb
	// Change makes of one what the form says. version is what Version gave when the
	// form was shown.
	Change  func(ctx context.Context, by auth.Actor, key, version string, form Form) error
	Version func(T) string
	Actions []Action[T]
	// Panels returns what else is shown on one's page.
	Panels func(ctx context.Context, staff *auth.Staff, item T) ([]Panel, error)
	// History names the condition on events that are about one of these, by its key;
	// "" when there are none.
	History string
}

// Column is one of a list.
type Column[T any] struct {
	Name  string // for sorting and in the file: a column that the list knows
	Label string
	Sort  bool
	Cell  func(T) Cell
}

// Cell is what stands in a list, or beside a label. The first that is set counts.
type Cell struct {
	Time   *time.Time
	Flag   *bool
	Text   string
	Link   string // where Text leads
	Person bool   // Text is somebody: their initials stand before it
	Badge  bool   // Text is one of a few words
}

// Text is a cell with words.
func Text(text string) Cell { return Cell{Text: text} }

// Flag is a cell with a yes or a no.
func Flag(on bool) Cell { return Cell{Flag: &on} }

// At is a cell with a time, or with none.
func At(t *time.Time) Cell { return Cell{Time: t} }

// CSV returns the cell as it stands in a file: times in RFC 3339, flags as true and
// false.
func (c Cell) CSV() string {
	switch {
	case c.Time != nil:
		return c.Time.UTC().Format(time.RFC3339)
	case c.Flag != nil:
		return strconv.FormatBool(*c.Flag)
	}
	return c.Text
}

// Filter narrows a list down to one of its choices.
type Filter struct {
	Name, Label string
	Choices     func(ctx context.Context) ([]Choice, error)
}

// Choice is one of a filter's. Where returns the condition at a time.
type Choice struct {
	Value, Label string
	Where        func(now time.Time) auth.Filter
}

// YesNo is a filter on a column that is a flag.
func YesNo(column, label, yes, no string) Filter {
	is := func(on bool) func(time.Time) auth.Filter {
		return func(time.Time) auth.Filter {
			return auth.Equal(column, on)
		}
	}
	return Choose(column, label, Choice{"yes", yes, is(true)}, Choice{"no", no, is(false)})
}

// OneOf is a filter on a column that is one of a few words.
func OneOf(column, label string, words ...string) Filter {
	choices := make([]Choice, 0, len(words))
	for _, word := range words {
		choices = append(choices, Choice{word, word, func(time.Time) auth.Filter {
			return auth.Equal(column, word)
		}})
	}
	return Choose(column, label, choices...)
}

// Since is a filter on a column that is a time: Django's periods, and never where
// the time may be missing.
func Since(column, label string, never bool) Filter {
	after := func(start func(now time.Time) time.Time) func(time.Time) auth.Filter {
		return func(now time.Time) auth.Filter {
			return auth.AtLeast(column, start(now.UTC()))
		}
	}
	day := func(now time.Time, back int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()-back, 0, 0, 0, 0, time.UTC)
	}
	choices := []Choice{
		{"today", "Today", after(func(now time.Time) time.Time { return day(now, 0) })},
		{"week", "Past 7 days", after(func(now time.Time) time.Time { return day(now, 7) })},
		{"month", "This month", after(func(now time.Time) time.Time { return day(now, now.Day()-1) })},
		{"year", "This year", after(func(now time.Time) time.Time { return day(now, now.YearDay()-1) })},
	}
	if never {
		choices = append(choices, Choice{"never", "Never", func(time.Time) auth.Filter {
			return auth.Missing(column)
		}})
	}
	return Choose(column, label, choices...)
}

// Choose is a filter whose choices are always the same.
func Choose(name, label string, choices ...Choice) Filter {
	return Filter{Name: name, Label: label, Choices: func(context.Context) ([]Choice, error) { return choices, nil }}
}

// Kind is how a field is asked for.
type Kind string

// The kinds of field.
const (
	TextField     Kind = "text"
	EmailField    Kind = "email"
	PasswordField Kind = "password" // what is typed is never shown again
	CheckField    Kind = "check"
	PickField     Kind = "pick"  // any number of options
	RadioField    Kind = "radio" // one of the options
	ShownField    Kind = "shown" // cannot be changed
)

// Field is one of a form.
type Field struct {
	Name, Label, Help string
	Kind              Kind
	Value             string
	On                bool     // of a CheckField
	Options           []Option // of a PickField and a RadioField
	Shown             Cell     // of a ShownField
	Required          bool
	ReadOnly          bool
	MaxLength         int
	Autocomplete      string
	Error             string
}

// Option is one that can be picked.
type Option struct {
	Value, Label, Group, Hint string
	On                        bool
}

// Fieldset is what belongs together in a form.
type Fieldset struct {
	Title, Help string
	Fields      []Field
}

// Panel is a list beside a form: a user's sessions.
type Panel struct {
	Title, Empty string
	Labels       []string
	Rows         []PanelRow
	Links        []Link
}

// PanelRow is a row of a panel, and what can be done with it.
type PanelRow struct {
	Cells []Cell
	Links []Link
}

// Link leads somewhere; Grave is one that ends or deletes something.
type Link struct {
	Label, Path string
	Grave       bool
}

// Action is something that can be done with one or with several, on a page that
// says what will happen.
type Action[T any] struct {
	Name, Label string
	Needs       []auth.PermissionName
	// OnOne and OnSeveral say where it is offered.
	OnOne, OnSeveral bool
	// Confirm reports that it asks for one's own password, unless that was given just
	// now. The domain asks for it in any case.
	Confirm bool
	Grave   bool // it cannot be undone
	// Explain says what will happen.
	Explain func(ctx context.Context, items []T) ([]string, error)
	Fields  func(items []T) []Fieldset
	// Run does it, and says what was done.
	Run func(ctx context.Context, staff *auth.Staff, by auth.Actor, items []T, form Form) (done string, err error)
	// Offer reports whether it makes sense for this one; nil when it always does.
	Offer func(T) bool
}

// Form is what was posted.
type Form struct{ values url.Values }

// Text returns a field as it was typed.
func (f Form) Text(name string) string { return f.values.Get(name) }

// Flag reports whether a box was ticked.
func (f Form) Flag(name string) bool { return f.values.Get(name) != "" }

// IDs returns the ids that were picked; what is no id was picked by nobody, so it is
// one that does not exist.
func (f Form) IDs(name string) []int64 {
	ids := make([]int64, 0, len(f.values[name]))
	for _, value := range f.values[name] {
		id, err := strconv.ParseInt(value, 10, 64)
		if err != nil || id < 1 {
			id = -1
		}
		ids = append(ids, id)
	}
	return ids
}

// idOf reads a key that is a number, as paths have it.
func idOf(key, one string) (int64, error) {
	id, err := strconv.ParseInt(key, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != key {
		return 0, auth.NotFound("There is no such " + one + ".")
	}
	return id, nil
}
