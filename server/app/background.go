package app

import (
	"context"
	"runtime/debug"
	"time"
)

// every is how often the kinds of password are measured, and rows that nothing
// needs any more are deleted.
const every = time.Hour

// Background does what is done beside the requests, until ctx ends.
func (a *App) Background(ctx context.Context) {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		if err := a.Auth.MeasureHashes(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "the kinds of password could not be measured", "error", err)
		}
		// Each measured password took 19 MiB and more, once.
		debug.FreeOSMemory()
		deleted, err := a.Auth.DeleteEnded(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			a.log.WarnContext(ctx, "ended sessions could not be deleted", "error", err)
		case deleted > 0:
			a.log.InfoContext(ctx, "deleted what has ended", "rows", deleted)
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return
		}
	}
}
