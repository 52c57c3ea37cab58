// Package repo keeps latchkey's data, in SQLite or in PostgreSQL. It is the only
// place that knows bun and SQL.
//
//	open.go          from a URL to a Store: two pools for SQLite, one for PostgreSQL
//	rows.go          tables as structs, and what they mean in the domain
//	users.go, sessions.go, attempts.go   the queries, by what they are about
//	prepared.go      the query of every request, prepared once per connection
//	samples.go       which kinds of password there are
//	errors.go        what the drivers' errors mean in the domain
//	migrate.go, migrations/              the schema, the same files for both
//	words.go         what the two databases say differently
//	repotest/        what every Store must do, as tests
package repo
