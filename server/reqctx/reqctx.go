// Package reqctx carries what the server knows of a request beside its content,
// in the request's context: its id and the client at its other end.
package reqctx

import (
	"context"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Info is what the server knows of a request.
type Info struct {
	ID     string // in the log, in X-Request-ID and in every problem document
	Client auth.Client
	// ViaProxy reports that a trusted proxy sent it: what its X-Forwarded headers
	// say counts.
	ViaProxy bool
	// Refused is what the request was refused with, for its line in the log; nil
	// when it was not.
	Refused *auth.Error
}

type key struct{}

// With returns a context that carries info.
func With(ctx context.Context, info *Info) context.Context {
	return context.WithValue(ctx, key{}, info)
}

// From returns what the context carries; an empty Info when it carries none.
func From(ctx context.Context) *Info {
	if info, ok := ctx.Value(key{}).(*Info); ok {
		return info
	}
	return &Info{}
}
