package authtest

import (
	"context"
	"time"
)

// Clock moves by what is slept, and by the work of [Passwords].
type Clock struct {
	At      time.Time
	OnSleep func()
}

// Now implements [auth.Clock].
func (c *Clock) Now() time.Time { return c.At }

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) { c.At = c.At.Add(d) }

// Sleep implements [auth.Clock]: it moves the clock.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if c.OnSleep != nil {
		c.OnSleep()
	}
	if ctx.Err() == nil {
		c.Advance(d)
	}
	return ctx.Err()
}
