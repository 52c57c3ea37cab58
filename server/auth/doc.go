// Package auth is the kernel of latchkey's domain: the types and rules that signing in,
// accounts and the audit log share. It knows no HTTP, no SQL and no JWT, and imports
// nothing of ours. What can be done with these types is in the packages below it, one
// for each subject:
//
//	auth/signin     logging in, sessions, proving that it is you again
//	auth/accounts   users, groups, permissions, passwords, and the rules
//	auth/audit      the audit log
//	auth/keys       the keys by which other services verify access tokens
//
// Each declares the small interfaces of the store that it needs; package repo implements
// them, and package authtest has them in memory for tests.
//
//	user.go            users and accounts, e-mail addresses, and who can sign in
//	session.go         sessions, access tokens, and the one check of a session
//	passwordlength.go  how long a password may be, wherever one is taken
//	device.go          what a person would call the client of a session
//	client.go          the other end of a request, and its network
//	principal.go       who acts, on which channel, and the proof that it is them
//	permission.go      permissions, groups, and what somebody may do
//	event.go           what an event says, and how it is chained to the one before it
//	onetimetoken.go    tokens that let somebody do one thing, once
//	list.go            what is asked of a list, and a page of it
//	errors.go          the codes of failures, and their sentences
//	clock.go           the time
package auth
