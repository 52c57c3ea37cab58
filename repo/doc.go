// Package repo keeps latchkey's data, in SQLite or in PostgreSQL. It is the only
// place that knows bun and SQL.
//
//	open.go          from a URL to a Store: two pools for SQLite, one for PostgreSQL
//	rows.go          tables as structs, and what they mean in the domain
//	tables.go        which tables have rows of users, and rows that expire
//	users.go, groups.go, sessions.go, attempts.go, onetimetokens.go, signingkeys.go, events.go   the queries, by what they are about
//	changes.go       what one transaction can change
//	prepared.go      the query of every request, prepared once per connection
//	samples.go       which kinds of password there are
//	errors.go        what the drivers' errors mean in the domain
//	migrate.go, migrations/              the schema, the same files for both
//	dialect.go       what the two databases say differently
//	lists/           how a page of a list is found, however large its table
//	lists.go, usersearch.go              our lists, and how users are searched
//	repotest/        what every Store must do, as tests
package repo
