// Package app is the composition root: it alone knows every other package, and
// makes one handler of them.
//
//	app.go         New: store, domain, API, pages → App; Close
//	handler.go     which path goes to whom
//	middleware.go  what every request passes: id, client, log, panics
//	client.go      who is at the other end, behind proxies or not
//	frontend.go    the way to the Next.js server
//	passwords.go   what new passwords are held against: the names of the site, known breaches
//	secret.go      the development secret
//	jobs.go        what runs beside the requests: named jobs, each with an interval
//	logging.go     how it writes its log
package app
