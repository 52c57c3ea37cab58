// Package signin is how people get in and stay in: logging in, access tokens of the API,
// sessions of the admin site, signing out, and proving that it is you again. The admin
// site signs people in by the same code as the API.
//
// A login is a sequence of steps, each of which can stop it:
//
//	room in the queue before the pool? ── no ──▶ busy
//	      │
//	attempts left? ── no ──▶ too_many_attempts
//	      │       (counted before the password is checked)
//	passwordStep: user by e-mail address (or a dummy hash), password, in the
//	      │       bounded pool ── wrong ──▶ hold the answer,
//	      │                                 invalid_credentials
//	      │       (a second factor is a step between these two)
//	sessionStep:  one transaction: upgrade the hash, set last_login, begin a session, settle
//	      │        the counters
//	      │        └─ the user changed meanwhile ─▶ passwordStep again
//	access token, or the secret of a session on the admin site
//
// Every later request goes through [Service.Authenticate] or
// [Service.AuthenticateAdmin], which read session and user in one query.
//
//	service.go       what a Service needs, and is
//	ports.go         the interfaces of store, passwords and tokens
//	login.go         a login and its steps
//	authenticate.go  access tokens: who they speak for, renewal, signing out
//	admin.go         sessions of the admin site
//	confirm.go       proving that it is you again
//	attempts.go      counting attempts, and what becomes of them
//	inflight.go      attempts that are being checked now: who waits for them, and not for longer
//	limits.go        the limits on guessing, and the counters' keys
//	device.go        tokens by which a device is told from a stranger's
//	mintime.go       refusals take the same time
//	dummyhash.go     refusals cost the same work
package signin
