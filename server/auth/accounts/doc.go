// Package accounts is what can be read and changed of users, groups, permissions,
// passwords and sessions, and the rules that hold on every channel. Each
// method takes the principal who does it, but those for who has no account yet; a change is one transaction, in which the
// principal is looked at again, and which stores its event too:
//
//	may they? ── no ──▶ forbidden
//	   │
//	is the input right? proven lately that it is them, where it is dangerous?
//	   │
//	one transaction: is the principal still who they were? ─▶ the rules ─▶ the change ─▶ its event
//
//	service.go       what a Service needs, and the transaction of a change
//	ports.go         the interfaces of store, passwords and proof
//	rules.go         the rules: the last superuser, granting, touching
//	users.go         users: reading, creating, updating, deleting
//	groups.go        groups: the same
//	superusers.go    superusers, and the one-time link that makes the first
//	passwords.go     setting them
//	passwordrules.go what a new one must be, before and after
//	sessions.go      where people are signed in, and ending that
//	ownsessions.go   the same of oneself
//	ownprofile.go    one's own names
//	forms.go         what can be edited, and noticing that somebody else has edited it
//	values.go        what was changed, in words
//	email.go         what address a new account may have
package accounts
