// Package authtest has, for tests of the domain, a world in memory: a store, a clock,
// passwords and tokens that cost nothing, and the services wired to them. It is a test in
// all but name.
//
//	world.go     the services and what they stand on
//	people.go    the people, groups and permissions that most tests are about
//	checks.go    what tests of several packages assert
//	clock.go, passwords.go, tokenmaker.go   a clock that a test moves, and the like
//	store.go     the store, and one transaction
//	users.go, groups.go, sessions.go, attempts.go, events.go, keys.go, tokens.go   its parts, by subject
package authtest
