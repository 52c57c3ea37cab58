// Package audit is the audit log: it shows events to whoever may see them, and finds the
// ones that were edited or taken out. Events are written elsewhere, each in the
// transaction of the change that it tells of; auth/event.go has what one is and how it
// is chained to the one before it.
//
//	log.go     what a Log needs, and reading it
//	verify.go  whether it still is as it was written
package audit
