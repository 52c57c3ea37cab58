package password

import (
	"context"
	"errors"
	"runtime/debug"

	"golang.org/x/sync/semaphore"
)

// room is where passwords are hashed: a bounded number at once, in bounded memory. Each
// counts twice, since what it took is garbage for a while before it is collected; one
// for which there is room but once has it alone, and its garbage is collected at once.
// Whoever comes first goes first. It is safe for concurrent use.
type room struct {
	size    int64 // bytes
	least   int64 // what each counts for, so that no more than the workers are in it
	free    *semaphore.Weighted
	collect func()
}

// errTooLarge is why a password cannot be checked, though it is well formed.
var errTooLarge = errors.New("it takes more memory to check than there is")

// newRoom makes one of size bytes; 0 means enough for the heaviest password, and for
// all workers.
func newRoom(workers int, size int64) *room {
	if size == 0 {
		size = 2 * max(MaxMemory, int64(workers)*CurrentMemory)
	}
	return &room{size: size, least: size / int64(workers), free: semaphore.NewWeighted(size), collect: debug.FreeOSMemory}
}

// fits reports whether something that takes so many bytes can ever enter.
func (r *room) fits(memory int64) bool { return memory <= r.size }

// isTight reports whether there is no room for its garbage as well.
func (r *room) isTight(memory int64) bool { return 2*memory > r.size }

// weight is what it counts for.
func (r *room) weight(memory int64) int64 { return min(max(2*memory, r.least), r.size) }

// enter waits for room for something that fits; the caller leaves when done.
func (r *room) enter(ctx context.Context, memory int64) (leave func(), err error) {
	weight := r.weight(memory)
	if err := r.free.Acquire(ctx, weight); err != nil {
		return nil, outOfTime(ctx)
	}
	if !r.isTight(memory) {
		return func() { r.free.Release(weight) }, nil
	}
	r.collect()
	return func() {
		r.collect()
		r.free.Release(weight)
	}, nil
}
