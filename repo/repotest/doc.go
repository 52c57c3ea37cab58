// Package repotest says in tests what every [Store] must do: each sentence of the
// interfaces that the domain declares, on whatever database. A store's own tests call [Run].
//
//	repotest.go    the suite, and what its tests share
//	users.go       finding and making users
//	changes.go     transactions: what one sees, what of it stays
//	groups.go      groups and permissions
//	passwords.go   kinds of password
//	sessions.go    beginning and renewing sessions
//	livesessions.go  those in which somebody can act
//	endings.go     ending them
//	attempts.go    counting attempts, and locking accounts
//	cleaning.go    deleting what has expired
//	admin.go       what the admin site's sessions and one-time tokens take
//	keys.go        the keys that sign access tokens
//	events.go      the audit log and its chain
//	lists.go       lists of users: filters, order, search, pages
//	shown.go       the other lists
//	values.go      odd texts and times, and a database that is gone
package repotest
