package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

const (
	// largeBody is more than people and apps send: an address and two passwords.
	largeBody = 8 << 10
	// maxLargeBodies are handled at once: each takes ten times its size until it is
	// answered (read, validated, decoded), which hundreds at once must not.
	maxLargeBodies = 16
	// largeBodyWait is how long another one waits for its turn.
	largeBodyWait = time.Second
)

// errManyLarge is why one is refused.
var errManyLarge = errors.New("too many large bodies at once")

// largeBodies are the requests with a large body that are being handled.
type largeBodies chan struct{}

func newLargeBodies() largeBodies { return make(largeBodies, maxLargeBodies) }

// enter waits for the turn of a request whose body is large, or may be. The caller
// leaves when it is answered. The error has [auth.CodeBusy].
func (l largeBodies) enter(r *http.Request) (leave func(), err error) {
	if r.ContentLength >= 0 && r.ContentLength <= largeBody {
		return func() {}, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), largeBodyWait)
	defer cancel()
	select {
	case l <- struct{}{}:
		return func() { <-l }, nil
	case <-ctx.Done():
		return func() {}, auth.Busy(errManyLarge)
	}
}
