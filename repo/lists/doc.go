// Package lists reads pages of large tables: searched, filtered, sorted by any column,
// from any offset, in a time that does not grow with the table.
//
// A [Definition] says what a list is: its columns with their types, what is searched, and
// what a row becomes. [Definition.Page] answers an [auth.ListParams] by an [auth.Page],
// and [Definition.Each] reads all that match, row by row, as for a file. A definition is
// a dozen lines; the example of Definition is one for a table of your own.
//
// # One request
//
// Staff ask for page 1 of the users who are in the team and whose address or name has
// "er47", by date:
//
//	auth.ListParams{Search: "er47", Filters: {Equal("is_staff", true)}, Sort: "date_joined", Size: 50}
//	      │
//	      ▼ predicate.go, search.go
//	predicates: is_staff = true         as SQL about a row, about an id in an index (probe),
//	            has er47                and as a SELECT of all ids out of an index
//	      │
//	      ▼ plan.go: materialise        SELECT count(*) FROM (SELECT id … LIMIT 20001), for each:
//	10,000 are staff, 11,111 have er47  few enough to be held in memory as sets of ids
//	      │
//	      ▼ plan.go: matching           the most selective leads, the others are filters:
//	111 match both                      SELECT id FROM (staff) WHERE id IN (has er47) LIMIT 10001
//	      │
//	      ▼ plan.go: access             which way reads less? It is known now how many match, so
//	      │                             also how far the index of the sort reaches for 50 of them
//	      ├── many match: scan          SELECT id … ORDER BY date_joined, and ask each entry whether
//	      │                             it matches, until the page is full
//	      └── few match: sort           SELECT id … WHERE id IN (the 111) ORDER BY date_joined LIMIT 50
//	      │
//	      ▼ table.go, definition.go
//	50 ids, 50 rows                     SELECT * … WHERE id IN (these 50 ids) ORDER BY date_joined
//
// # Why it is done in steps
//
// One SELECT with everything in its WHERE clause would be shorter. But SQLite keeps no
// statistics of values, so it cannot know that one user in a hundred is staff and nearly
// all are active; PostgreSQL does, and still misjudged some of these queries by a factor
// of a hundred. So the numbers are read first, and the SQL of each step leaves a database
// one way to go: CASE keeps it from using an index for a filter, = ANY (ARRAY(…)) from
// reading the whole table for a set of ids.
//
// Four things keep the time from growing with the table:
//
//   - What matches is counted up to [auth.MaxCounted], and counting all rows of a table
//     takes no more than a twentieth of the time (rowcounts.go).
//   - Reading a row takes longer than reading an entry of an index, by [Dialect].RowCost,
//     which was measured on each database. So ids are found in indexes alone where that
//     can be, and only the rows of the page are read.
//   - A page in the second half is read from the end.
//   - What matches may all lie at the far end of the sort's index. So a scan stops where
//     twice the page should have been found, and sorting takes over.
//
// # The files
//
//	definition.go   Definition, Column, Condition, DB; Page and Each
//	predicate.go    from a filter to a predicate, and the check of its type
//	search.go       from search terms to predicates; Index, which finds them
//	plan.go         how many match, and which way to the page reads less
//	table.go        the plan as SQL: order, window, scan and sort
//	rowcounts.go    the row count cache
//	dialect.go      what the two databases say, and cost, differently
package lists
