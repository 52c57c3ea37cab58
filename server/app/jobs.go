package app

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
)

// job is something that is done beside the requests, again and again. What it changes for
// somebody, it changes as the principal that it is given.
type job struct {
	name  string
	every time.Duration
	run   func(ctx context.Context, by *auth.Principal) error
}

// jobs lists the work that an instance does in the background. Each is done at the start,
// and then once in its interval; several instances may do the same at the same time.
func (a *App) jobs() []job {
	return []job{
		{"measure-hashes", time.Hour, a.measureHashes},
		{"delete-expired", time.Hour, a.deleteExpired},
		{"trim-attempts", trimEvery, a.trimAttempts},
		{"signing-keys", keys.RefreshEvery, a.maintainKeys},
		{"keep-memory", keepEvery, a.keepMemory},
	}
}

// Background runs the jobs until ctx ends.
func (a *App) Background(ctx context.Context) {
	var running sync.WaitGroup
	for _, j := range a.jobs() {
		running.Go(func() { a.repeat(ctx, j) })
	}
	running.Wait()
}

func (a *App) repeat(ctx context.Context, j job) {
	ticks := time.NewTicker(j.every)
	defer ticks.Stop()
	by := auth.Background(j.name)
	for {
		if err := j.run(ctx, by); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "a background job failed", "job", j.name, "error", err)
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return
		}
	}
}

// measureHashes learns which kinds of password there are and what they cost.
func (a *App) measureHashes(ctx context.Context, _ *auth.Principal) error {
	defer debug.FreeOSMemory() // each measured hash took 19 MiB and more, once
	return a.SignIn.MeasureHashes(ctx)
}

// trimEvery bounds by how much the counters of attempts can overrun: two cores check some
// hundred passwords a second, and each leaves up to four.
const trimEvery = 5 * time.Minute

// trimAttempts deletes the counters that are too many.
func (a *App) trimAttempts(ctx context.Context, _ *auth.Principal) error {
	deleted, err := a.SignIn.TrimAttempts(ctx, a.maxCounters)
	if deleted > 0 {
		a.log.WarnContext(ctx, "there are more counters of failed attempts than LATCHKEY_GUESS_COUNTERS; somebody may be guessing at many accounts", "deleted", deleted)
	}
	return err
}

// maintainKeys reads the signing keys anew, so that an instance without a request learns
// of them too, and does what their age asks for.
func (a *App) maintainKeys(ctx context.Context, _ *auth.Principal) error {
	return a.Keys.Maintain(ctx)
}

// deleteExpired deletes the rows that nothing needs any more.
func (a *App) deleteExpired(ctx context.Context, _ *auth.Principal) error {
	deleted, err := a.Store.DeleteExpired(ctx, auth.Now(a.clock))
	if deleted > 0 {
		a.log.InfoContext(ctx, "deleted expired rows", "rows", deleted)
	}
	return err
}
