package auth

import (
	"context"
	"time"
)

// Clock reads the time and waits.
type Clock interface {
	Now() time.Time
	// Sleep returns after d, or earlier with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Now reads a clock once for an operation, in UTC and in the precision that both
// databases keep.
func Now(clock Clock) time.Time { return clock.Now().UTC().Truncate(time.Microsecond) }
