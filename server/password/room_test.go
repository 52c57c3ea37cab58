package password

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const mebi = 1 << 20

// newCountedRoom makes a room, and counts how often garbage was collected in it.
func newCountedRoom(workers int, size int64) (r *room, collected *int) {
	r, collected = newRoom(workers, size), new(int)
	r.collect = func() { *collected++ }
	return r, collected
}

func TestHowManyHashAtOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		workers      int
		size, memory int64
		want         int
	}{
		"as many as workers":                      {3, 1000 * mebi, CurrentMemory, 3},
		"as many as workers, of those of no size": {3, 1000 * mebi, 0, 3},
		"of those that came from elsewhere fewer": {3, 1000 * mebi, 200 * mebi, 2},
		"one of the largest":                      {3, 1000 * mebi, 500 * mebi, 1},
		"one for whose garbage there is no room":  {3, 1000 * mebi, 1000 * mebi, 1},
		"many workers where nothing bounds them":  {64, 0, CurrentMemory, 64},
		"two of the heaviest where nothing does":  {2, 0, MaxMemory / 2, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newCountedRoom(test.workers, test.size)
			got := 0
			for r.free.TryAcquire(r.weight(test.memory)) {
				got++
			}
			if got != test.want || !r.fits(test.memory) {
				t.Errorf("%d, want %d; fits: %v", got, test.want, r.fits(test.memory))
			}
		})
	}
}

// What is in use and what is garbage never exceed what there is.
func TestGarbageIsCollectedBeforeItIsTooMuch(t *testing.T) {
	t.Parallel()
	r, collected := newCountedRoom(2, 100*mebi)
	steps := []struct {
		memory    int64
		collected int
	}{
		{CurrentMemory, 0}, {CurrentMemory, 0}, {CurrentMemory, 1}, {60 * mebi, 2}, {CurrentMemory, 3}, {0, 3}, {100 * mebi, 4},
	}
	for i, step := range steps {
		leave, err := r.enter(t.Context(), step.memory)
		if err != nil || *collected != step.collected || step.memory+r.garbage.Load() > r.size {
			t.Errorf("step %d: %v; collected %d times, want %d; %d bytes are garbage", i, err, *collected, step.collected, r.garbage.Load())
		}
		leave()
	}
}

func TestTheHeaviestIsAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _ := newCountedRoom(2, 100*mebi)
		leave, err := r.enter(t.Context(), CurrentMemory)
		if err != nil {
			t.Fatal(err)
		}
		var entered atomic.Bool
		var heavy sync.WaitGroup
		heavy.Go(func() {
			leave, err := r.enter(t.Context(), 60*mebi)
			if err != nil || r.free.TryAcquire(1) {
				t.Errorf("%v, or it is not alone", err)
			}
			entered.Store(true)
			leave()
		})
		synctest.Wait()
		if entered.Load() {
			t.Error("it did not wait until it is alone")
		}
		leave()
		heavy.Wait()
		if !r.free.TryAcquire(r.size) {
			t.Error("the room is not empty")
		}
	})
}

func TestWhoeverWaitsForRoomMayHangUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _ := newCountedRoom(1, 0)
		if _, err := r.enter(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.enter(ctx, 0); err == nil {
			t.Error("it entered a full room")
		}
	})
}

// A row must not be able to have the process killed.
func TestAPasswordForWhichThereIsNoRoomIsUnusable(t *testing.T) {
	t.Parallel()
	pool := newPoolWith(t, Settings{Hasher: Argon2id, Workers: 1, Memory: 44 * mebi, Wait: wait}, strings.NewReader(strings.Repeat("random", 100)))
	heavy := map[string]string{
		"argon2": "argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHRzb21l$c29tZWRpZ2VzdHNvbWVkaWdlc3Q",
		"scrypt": "scrypt$65536$somesalt$8$1$c29tZWRpZ2VzdHNvbWVkaWdlc3Q=",
	}
	for name, encoded := range heavy {
		if _, err := decode(encoded); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if pool.IsUsable(encoded) || pool.Outdated(encoded) || pool.Kind(encoded) != "" {
			t.Errorf("%s: it is to be checked", name)
		}
		if dummy := pool.DummyHash(encoded); !pool.IsUsable(dummy) {
			t.Errorf("%s: nothing can be checked in its place", name)
		}
		if _, err := pool.Check(t.Context(), encoded, "x"); err == nil {
			t.Errorf("%s: it is checked", name)
		}
	}
}
