// Package api meets the contract: the generated interface, on gin.
//
//	guard.go      before a handler: size, authentication, validation – all read
//	              from the contract
//	bearer.go     the token of a request
//	schemes.go    the contract's security schemes: who may call, and how it is told
//	body.go       what JSON and which forms are let through; invalid.go says in our words what is wrong
//	largebodies.go
//	              few large bodies at once
//	contract.go   what the guard reads of the contract
//	handlers.go   unpack · call · convert, nothing else; convert.go is the last of these
//	keyset.go     public keys as a JWK Set, and what is said of a token
//	problem.go    after an error: one writer (the table from code to status is package problem's)
//	engine.go     gin, set up so that nothing answers but these
//
// A new operation is a path in api/openapi.yaml, `make generate`, and a method
// on [Server]. Who may call it is what its `security:` says:
//
//	func (s *Server) ListNotes(ctx context.Context, in gen.ListNotesRequestObject) (gen.ListNotesResponseObject, error) {
//		by := principal(ctx) // nil when `security` lets anybody in and nobody is signed in
//		…
//	}
package api
