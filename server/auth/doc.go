// Package auth is the kernel of latchkey's domain: the types and rules that signing in,
// accounts and the audit log share. It knows no HTTP, no SQL and no JWT, and imports
// nothing of ours. What can be done with these types is in the packages below it, one
// for each subject:
//
//	auth/signin     logging in, sessions, proving that it is you again
//	auth/accounts   users, groups, permissions, passwords, and the rules
//	auth/audit      the audit log
//
// Each declares the small interfaces of the store that it needs; package repo implements
// them, and package authtest has them in memory for tests.
//
//	channel.go?
package auth
