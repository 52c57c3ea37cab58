// Package password checks and makes passwords in Django's encodings, in a
// bounded pool.
//
//	algorithm$…          decode (encoding.go)
//	   │
//	one struct per algorithm, with match, kind, memory and work (algorithms.go)
//	   │
//	Pool: a place to hash in, or "busy" (pool.go), shared fairly (fairqueue.go),
//	as far as there is memory (room.go)
//
// hasher.go has what new passwords are encoded with, common.go the passwords that everybody
// tries.
//
// The encodings are those of django.contrib.auth.hashers; what is written here
// Django can check, and the other way round.
package password
