// Package auth is latchkey's domain: users, sessions, and what signing in,
// staying signed in and signing out mean. It knows no HTTP, no SQL and no JWT;
// those arrive through the interfaces in ports.go.
//
// A login, as [Service.Login] does it:
//
//	room in the line before the pool? ── no ──▶ busy
//	      │
//	attempts left? ── no ──▶ too_many_attempts
//	      │
//	user by e-mail address (or a dummy hash)
//	      │
//	password, in the bounded pool ── wrong ──▶ count it, hold the answer,
//	      │                                    invalid_credentials
//	one transaction: upgrade the hash, set last_login, begin a session
//	      │        └─ the user changed meanwhile ─▶ look again
//	access token
//
// Every later request goes through [Service.Authenticate], which reads the
// token, then session and user in one query.
package auth
