package apptest

import (
	"context"
	"sync"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Clock stands still until a test moves it. Sleeping takes no time: it is noted.
type Clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

var _ auth.Clock = (*Clock)(nil)

// NewClock returns a clock that shows the time at which it was made, in whole
// seconds, as tokens have them.
func NewClock() *Clock { return &Clock{now: time.Now().UTC().Truncate(time.Second)} }

// Now implements [auth.Clock].
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Sleep implements [auth.Clock].
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept = append(c.slept, d)
	return ctx.Err()
}

// Slept returns how long each Sleep was to be.
func (c *Clock) Slept() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.slept...)
}
