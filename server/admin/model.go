package admin

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Model says how the site lists, shows and changes one kind of item, T. Only the first
// block is required; a function that is nil is something that cannot be done.
type Model[T any] struct {
	Name        string     // in paths: "users"
	Label       string     // in the menu and in headings: "Users"
	One, Many   string     // in sentences: "user", "users"
	Permissions auth.Model // whose view, add, change and delete permissions count
	Key         func(T) string
	Title       func(T) string
	Columns     []Column[T]
	List        func(ctx context.Context, by *auth.Principal, params auth.ListParams) (auth.Page[T], error)
	// Get returns the item with a key; an error with [auth.CodeNotFound] when there is
	// none.
	Get func(ctx context.Context, by *auth.Principal, key string) (T, error)

	Sort       string // the default order, a column's name; "" for the list's own
	Descending bool
	Search     string // the label of the search field; "" when there is no search
	Filters    []Filter
	// Each calls f for every item that matches, for the export.
	Each func(ctx context.Context, by *auth.Principal, params auth.ListParams, f func(T) error) error

	// Fields returns the form of an item, nil for a new one.
	Fields func(ctx context.Context, by *auth.Principal, item *T) ([]Fieldset, error)
	// Add creates an item from a form and returns its key.
	Add func(ctx context.Context, by *auth.Principal, form Form) (key string, err error)
	// AddNeeds are the verbs that creating an item requires besides [auth.Add].
	AddNeeds []auth.Verb
	// Change saves a form. version is what Version returned when the form was shown.
	Change  func(ctx context.Context, by *auth.Principal, key, version string, form Form) error
	Version func(T) string
	Actions []Action[T]
	// Panels returns the lists below the form of an item.
	Panels func(ctx context.Context, by *auth.Principal, item T) ([]Panel, error)
	// History names the filter of the audit log that finds an item's events by its key;
	// "" when items have no history.
	History string
}

// Column is a column of a list.
type Column[T any] struct {
	Name  string // for sorting and in the export; a column that the list knows
	Label string
	Sort  bool
	Cell  func(T) Cell
}

// Cell is a value in a list, or beside a label. The first field that is set counts.
type Cell struct {
	Time   *time.Time
	Flag   *bool
	Text   string
	Link   string // the path that Text links to
	Person bool   // Text names a user: initials are shown before it
	Badge  bool   // Text is one of a few words, such as a state; a Flag has it beside it
}

// Text returns a cell with a text.
func Text(text string) Cell { return Cell{Text: text} }

// Flag returns a cell with yes or no.
func Flag(on bool) Cell { return Cell{Flag: &on} }

// At returns a cell with a time, or an empty one for nil.
func At(t *time.Time) Cell { return Cell{Time: t} }

// CSV returns the cell for an export: times in RFC 3339, flags as true and false.
func (c Cell) CSV() string {
	switch {
	case c.Time != nil:
		return c.Time.UTC().Format(time.RFC3339)
	case c.Flag != nil:
		return strconv.FormatBool(*c.Flag)
	}
	return c.Text
}

// Filter narrows a list to one of its choices.
type Filter struct {
	Name, Label string
	Choices     func(ctx context.Context, by *auth.Principal) ([]Choice, error)
}

// Choice is a choice of a filter. Where returns what it means at a time.
type Choice struct {
	Value, Label string
	Where        func(now time.Time) auth.Filter
}

// YesNo returns a filter on a column that is a flag.
func YesNo(column, label, yes, no string) Filter {
	is := func(on bool) func(time.Time) auth.Filter {
		return func(time.Time) auth.Filter {
			return auth.Equal(column, on)
		}
	}
	return Choose(column, label, Choice{"yes", yes, is(true)}, Choice{"no", no, is(false)})
}

// OneOf returns a filter on a column that holds one of a few words; name returns what
// people call a word.
func OneOf[W ~string](column, label string, name func(W) string, words ...W) Filter {
	choices := make([]Choice, 0, len(words))
	for _, word := range words {
		choices = append(choices, Choice{string(word), name(word), func(time.Time) auth.Filter {
			return auth.Equal(column, string(word))
		}})
	}
	return Choose(column, label, choices...)
}

// AsItIs is a name for words that people read as they are stored.
func AsItIs[W ~string](word W) string { return string(word) }

// Since returns a filter on a column that is a time. It has the periods of Django's
// admin, and "Never" if the time may be missing.
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

// Choose returns a filter whose choices are always the same.
func Choose(name, label string, choices ...Choice) Filter {
	return Filter{Name: name, Label: label, Choices: func(context.Context, *auth.Principal) ([]Choice, error) { return choices, nil }}
}

// Kind is how a field is rendered.
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

// Field is a field of a form.
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

// Option is an option of a field.
type Option struct {
	Value, Label, Group, Hint string
	On                        bool
}

// Fieldset is a group of fields.
type Fieldset struct {
	Title, Help string
	Fields      []Field
}

// Panel is a list below a form, such as a user's sessions.
type Panel struct {
	Title, Empty string
	Labels       []string
	Rows         []PanelRow
	Links        []Link
}

// PanelRow is a row of a panel, with its actions.
type PanelRow struct {
	Cells []Cell
	Links []Link
}

// Link is a link or a button; Destructive marks one that ends or deletes something.
type Link struct {
	Label, Path string
	Destructive bool
}

// Action is something that can be done with one or several items, after a page that
// says what will happen.
type Action[T any] struct {
	Name, Label string
	Needs       []auth.PermissionName
	// OnOne and OnSeveral say where it is offered: on an item's page, and in the list.
	OnOne, OnSeveral bool
	// Confirm says that the form asks for the current password, unless it was given
	// in the last ten minutes. The domain asks for it in any case.
	Confirm     bool
	Destructive bool // it cannot be undone
	// Explain returns sentences that say what will happen.
	Explain func(ctx context.Context, by *auth.Principal, items []T) ([]string, error)
	Fields  func(items []T) []Fieldset
	// Run does it, and returns a sentence that says what was done.
	Run func(ctx context.Context, by *auth.Principal, items []T, form Form) (done string, err error)
	// Offer reports whether it makes sense for an item; nil when it always does.
	Offer func(T) bool
}

// Form is what was posted.
type Form struct{ values url.Values }

// Text returns a field as it was typed.
func (f Form) Text(name string) string { return f.values.Get(name) }

// Flag reports whether a box was ticked.
func (f Form) Flag(name string) bool { return f.values.Get(name) != "" }

// IDs returns the ids that were selected. What is not an id becomes -1, which does not
// exist, so that it is refused like an id that is gone.
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

// idOf returns the id that a key in a path holds.
func idOf(key, one string) (int64, error) {
	id, err := strconv.ParseInt(key, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != key {
		return 0, doesNotExist(one)
	}
	return id, nil
}
