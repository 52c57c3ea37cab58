package auth

import "time"

// ListParams says which rows of a list are wanted, and in which order. What its names
// may be, the list that is asked knows; an unknown one is an error.
type ListParams struct {
	Search     string   // words that must all occur somewhere
	Filters    []Filter // all must be met
	Sort       string   // a column; "" for the list's own order
	Descending bool
	Offset     int // of the first row
	Size       int // how many rows at most
}

// FilterValue is what a [Filter] can compare a column with.
type FilterValue interface {
	bool | int64 | string | time.Time
}

// Filter keeps the rows whose column compares with a value. [Equal], [AtLeast] and
// [Missing] make one.
type Filter struct {
	Column   string
	Operator Operator
	value    any
}

// Operator is how a filter compares.
type Operator string

// The operators.
const (
	OpEqual   Operator = "equal"
	OpAtLeast Operator = "at least"
	OpMissing Operator = "missing"
)

// Equal keeps the rows whose column has a value.
func Equal[V FilterValue](column string, value V) Filter {
	return Filter{Column: column, Operator: OpEqual, value: value}
}

// AtLeast keeps the rows whose column has a value or a greater one: a time and what
// came after it.
func AtLeast[V FilterValue](column string, value V) Filter {
	return Filter{Column: column, Operator: OpAtLeast, value: value}
}

// Missing keeps the rows whose column has no value.
func Missing(column string) Filter { return Filter{Column: column, Operator: OpMissing} }

// Value returns what the column is compared with: a bool, an int64, a string or a
// [time.Time]; nil for [OpMissing].
func (f Filter) Value() any { return f.value }

// MaxCounted is up to where the rows that match are counted. Beyond it, the time
// to count would grow with the table.
const MaxCounted = 10_000

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	// Matches is how many rows match, no more than MaxCounted unless all do.
	Matches int
	// Uncounted reports that more rows match than were counted.
	Uncounted bool
	// Total is how many rows there are, whether or not they match. In a large table
	// it may be some seconds old.
	Total int
}
