// Package app is the composition root: it alone knows every other package, and
// makes one handler of them.
//
//	app.go         New: store, domain, API, pages → App; Close
//	handler.go     which path goes to whom
//	middleware.go  what every request passes: id, client, log, panics
//	hsts.go        https alone, once it was used
//	cors.go        which other origins' pages may call the API
//	client.go      who is at the other end, behind proxies or not
//	claim.go       what the Next.js app and we tell each other of a client, signed
//	crowd.go       a warning when many users come from one private address
//	connections.go how many connections there are, in all and of one client
//	limits.go      what clients can hold of the server, and why so much
//	quota.go       an amount that clients share
//	handles_unix.go, handles_other.go  how many file handles the process may have
//	frontend.go    the way to the Next.js server
//	frontendbody.go, frontendwatch.go  bounds on bodies, answers and WebSockets there
//	refuse.go      what a refused request is answered
//	passwords.go   what new passwords are held against: the names of the site, known breaches
//	secret.go      the development secret
//	jobs.go        what runs beside the requests: named jobs, each with an interval
//	memory.go      how the memory that there is is shared out
//	runtime.go     what Go's runtime is told about it, at the start and then
//	logging.go     how it writes its log
package app
