package app

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// What the process may use, as it starts: [App.TuneRuntime] changes what the runtime says.
var (
	cores    = runtime.GOMAXPROCS(0)
	ownLimit = debug.SetMemoryLimit(-1) // GOMEMLIMIT
)

// TuneRuntime makes room for requests beside the hashing of passwords, which
// takes every core for tens of milliseconds at a time and 19 MiB for each
// password. One more thread than cores lets the kernel share the cores, where
// Go's own scheduler would let the requests wait; a garbage collection five times
// as rare leaves more of the cores to both, as long as memory lasts. `make bench`
// has the figures (flood). It fails where the memory is too little for one password.
func (a *App) TuneRuntime() error {
	if err := a.memory.check(); err != nil {
		return err
	}
	runtime.GOMAXPROCS(cores + 1)
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(a.memory.usual())
	return nil
}

// MemoryAttr says for the log what the process may use.
func (a *App) MemoryAttr() slog.Attr {
	if a.memory.there == math.MaxInt64 {
		return slog.String("memory_limit", "none")
	}
	return slog.String("memory_limit", fmt.Sprintf("%d MiB", a.memory.there/mebi))
}

// HashesAtOnceAttr says for the log how many passwords are hashed at once.
func (a *App) HashesAtOnceAttr() slog.Attr { return slog.Int("hashes_at_once", a.memory.workers) }

const (
	keepEvery = 5 * time.Second
	// quietRate is what is allocated while next to nothing is asked, in bytes a second: a
	// hundred requests, or one password in ten seconds.
	quietRate = 2 * mebi
	// worthFreeing is what was allocated since the last time when it is worth doing, in bytes:
	// less than one password.
	worthFreeing = 16 * mebi
)

// keeper keeps the memory of the process low: it moves the soft limit as what is in use
// grows and shrinks, and hands back what is free when it becomes quiet. The runtime
// would keep that for minutes, since it collects garbage when more is asked for.
type keeper struct {
	plan      memoryPlan
	allocated uint64 // since the start, when it last looked
	freed     uint64 // and when it last handed back
}

// usage is what the runtime says of its memory, in bytes.
type usage struct {
	live      uint64 // in use when garbage was last collected
	allocated uint64 // since the start
}

// readUsage asks the runtime.
func readUsage() usage {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(samples)
	return usage{live: samples[0].Value.Uint64(), allocated: samples[1].Value.Uint64()}
}

// next returns the soft limit from now on, and whether to hand memory back.
func (k *keeper) next(now usage) (limit int64, free bool) {
	isQuiet := now.allocated-k.allocated < quietRate*uint64(keepEvery/time.Second)
	k.allocated = now.allocated
	free = isQuiet && now.allocated-k.freed >= worthFreeing
	if free {
		k.freed = now.allocated
	}
	return k.plan.softLimit(int64(now.live)), free
}

// keepMemory is a job.
func (a *App) keepMemory(context.Context, *auth.Principal) error {
	limit, free := a.kept.next(readUsage())
	debug.SetMemoryLimit(limit)
	if free {
		debug.FreeOSMemory()
	}
	return nil
}
