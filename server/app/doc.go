// Package app is the composition root: it alone knows every other package, and
// makes one handler of them.
//
//	app.go         New: store, domain, API, pages → App; Close
//	handler.go     which path goes to whom
//	middleware.go  what every request passes: id, client, log, panics
//	client.go      who is at the other end, behind proxies or not
//	frontend.go    the way to the Next.js server
//	secret.go      the development secret
//	jobs.go        what runs beside the requests: named jobs, each with an interval
//	memory.go      how the memory that there is is shared out
//	runtime.go     what Go's runtime is told about it, at the start and then
//	logging.go     how it writes its log
package app
