// Command bench measures latchkey from outside and prints one table of medians
// and ratios, with the targets and whether they were met:
//
//	go run ./tests/bench [flags]
//
// It builds the binary, starts it on SQLite and on a throw-away PostgreSQL with
// default durability, sends load over loopback, and leaves nothing behind. What
// is compared is measured in turns, A B A B …, within the same minute, so that a
// machine whose speed drifts favours nobody.
//
//	session.go, bare.go   POST /users/session/ against a bare gin handler
//	alg.go                the same with EdDSA against HS256
//	login.go              logins against bare argon2id
//	flood.go              what others feel while 200 clients flood the login
//	guess.go              whether the time of a refusal tells a known account from a made-up one
//	start.go, dbtime.go   cold start, memory, and a login's queries, by number of users
//	admin.go              the admin site's list of users, and all of them as a file
//	rowcost.go            what a row takes a database, against an entry of an index
//	app.go                the Next.js app: its scripts, and the way through the frontend proxy
//	soak.go, container.go
//	              what it does in the memory of a small container (make soak)
//	load.go, wire.go      the load generator
//	server.go, child.go   the processes that are measured
//	postgres.go, seed.go  the databases
//	main.go, bench.go     the command, and what its parts share
//	stats.go, report.go   medians, and the table
package main
