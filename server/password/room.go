package password

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// room is where passwords are hashed: a bounded number at once, in bounded memory. Each
// counts twice, since what it took is garbage until it is collected; one for which there
// is room but once has it alone. Garbage is collected when it is as much as the workers
// take, since Go's own collector, on a busy machine, comes too late for a small
// container. Whoever comes first goes first. It is safe for concurrent use.
type room struct {
	size    int64 // bytes
	least   int64 // what each counts for, so that no more than the workers are in it
	spare   int64 // bytes of garbage that may lie about
	free    *semaphore.Weighted
	collect func()

	collecting sync.Mutex
	garbage    atomic.Int64 // since it was last collected, in bytes
}

// errTooLarge is why a password cannot be checked, though it is well formed.
var errTooLarge = errors.New("it takes more memory to check than there is")

// newRoom makes one of size bytes; 0 means enough for the heaviest password, and for
// all workers.
func newRoom(workers int, size int64) *room {
	spare := int64(workers) * CurrentMemory
	if size == 0 {
		size = 2 * max(MaxMemory, spare)
	}
	return &room{size: size, least: size / int64(workers), spare: spare, free: semaphore.NewWeighted(size), collect: runtime.GC}
}

// fits reports whether something that takes so many bytes can ever enter.
func (r *room) fits(memory int64) bool { return memory <= r.size }

// weight is what it counts for.
func (r *room) weight(memory int64) int64 { return min(max(2*memory, r.least), r.size) }

// enter waits for room for something that fits; the caller leaves when done.
func (r *room) enter(ctx context.Context, memory int64) (leave func(), err error) {
	weight := r.weight(memory)
	if err := r.free.Acquire(ctx, weight); err != nil {
		return nil, outOfTime(ctx)
	}
	r.tidy(memory)
	return func() {
		r.garbage.Add(memory)
		r.free.Release(weight)
	}, nil
}

// tidy collects the garbage if with so much more it were too much. Whoever
// enters meanwhile waits for it.
func (r *room) tidy(memory int64) {
	r.collecting.Lock()
	defer r.collecting.Unlock()
	if garbage := r.garbage.Load(); garbage > 0 && garbage+memory > r.spare {
		r.collect()
		r.garbage.Add(-garbage) // what was left meanwhile is there still
	}
}
