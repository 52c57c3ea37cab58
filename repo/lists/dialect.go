package lists

import (
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// Dialect is what the planner must know about a database.
type Dialect struct {
	// Postgres chooses between the two ways to say something, where there are two.
	Postgres bool
	// RowCost is how many entries of an index the database reads in the time that it
	// takes to find one row by its id and read it.
	RowCost int
}

// The two databases. What a row costs is measured on each by
//
//	go run ./tests/bench -only rowcost
//
// which reads rows of a million users, drawn at random, and entries of an index on them,
// in the words and with the settings of this package. On two cores of an AMD EPYC a row
// took SQLite 13 to 19 entries (1.9 to 4.5 µs), and PostgreSQL 15 25 to 33 (2.4 to 8 µs),
// depending on what else the machine did. Where it is wrong by a factor, a page takes up to
// that factor longer than it could.
var (
	SQLite     = Dialect{RowCost: 15}
	PostgreSQL = Dialect{Postgres: true, RowCost: 25}
)

// like compares a text with a pattern, whatever the case of its letters. SQLite's LIKE
// does so by itself.
func (d Dialect) like() string {
	if d.Postgres {
		return "ILIKE"
	}
	return "LIKE"
}

// isAmong asks whether an id is among those that a query selects, so that the database
// looks each of them up. For more than a few, PostgreSQL would rather read the whole
// table.
func (d Dialect) isAmong(id string, ids schema.QueryAppender) schema.QueryAppender {
	if d.Postgres {
		return bun.SafeQuery(id+" = ANY (ARRAY(?))", ids)
	}
	return bun.SafeQuery(id+" IN (?)", ids)
}

// joinedIDs is the aggregate that returns ids as one text, separated by commas: reading
// ten thousand rows one by one takes longer.
func (d Dialect) joinedIDs() string {
	if d.Postgres {
		return "coalesce(string_agg(CAST(id AS text), ','), '')"
	}
	return "coalesce(group_concat(id), '')"
}

// splitIDs selects the ids out of such a text.
func (d Dialect) splitIDs(joined string) schema.QueryAppender {
	if d.Postgres {
		return bun.SafeQuery("SELECT unnest(CAST(? AS bigint[])) AS id", "{"+joined+"}")
	}
	return bun.SafeQuery("SELECT value AS id FROM json_each(?)", "["+joined+"]")
}
