package password

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// cheap takes no time to check.
const cheap = "pbkdf2_sha256$1$salt$p/EgF9MAxvo/+kqmTDtBzpvhnAEJ86sTFDu6yH8XBcg="

const wait = 50 * time.Millisecond

// someone is a client.
var someone = auth.Client{Address: "192.0.2.1"}

// lineOf is how many a pool lets in.
func lineOf(workers int) int { return workers * (1 + linePerWorker) }

// newBusyPool makes a pool whose places are all taken, in a synctest bubble.
func newBusyPool(t *testing.T, workers int) *Pool {
	t.Helper()
	pool := newPoolWith(t, Settings{Hasher: Argon2id, Workers: workers, Wait: wait}, rand.Reader)
	for range workers {
		occupy(t, pool)
	}
	return pool
}

// occupy takes a place to hash in.
func occupy(t *testing.T, pool *Pool) {
	t.Helper()
	if !pool.room.free.TryAcquire(pool.room.weight(CurrentMemory)) {
		t.Fatal("there is no place")
	}
}

// vacate gives it back.
func vacate(pool *Pool) { pool.room.free.Release(pool.room.weight(CurrentMemory)) }

// isVacant reports whether nobody hashes.
func isVacant(pool *Pool) bool { return pool.room.free.TryAcquire(pool.room.size) }

// newFullPool makes a pool that lets nobody in; leave makes room for one.
func newFullPool(t *testing.T, workers int) (pool *Pool, leave func()) {
	t.Helper()
	pool = newBusyPool(t, workers)
	for range lineOf(workers) {
		var err error
		if leave, err = pool.Admit(t.Context(), someone); err != nil {
			t.Fatal(err)
		}
	}
	return pool, leave
}

func TestThoseForWhomThereIsRoomAreLetInAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		pool, leave := newFullPool(t, 2)
		if time.Since(began) != 0 {
			t.Error("somebody waited")
		}
		leave()
		if _, err := pool.Admit(t.Context(), someone); err != nil || time.Since(began) != 0 {
			t.Errorf("whoever comes when one has left: %v", err)
		}
	})
}

func TestWhoeverComesToAFullPool(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		meanwhile func(leave, hangUp func())
		after     time.Duration
		want      error
		busy      bool
	}{
		"is refused in the end":                {func(_, _ func()) {}, newcomerWait, nil, true},
		"is let in as soon as somebody leaves": {func(leave, _ func()) { time.Sleep(wait - 1); leave() }, wait - 1, nil, false},
		"goes when it hangs up":                {func(_, hangUp func()) { time.Sleep(wait / 2); hangUp() }, wait / 2, context.Canceled, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pool, leave := newFullPool(t, 2)
				ctx, hangUp := context.WithCancel(t.Context())
				defer hangUp()
				go test.meanwhile(leave, hangUp)
				began := time.Now()
				_, err := pool.Admit(ctx, someone)
				if busy := auth.ErrorCode(err) == auth.CodeBusy; busy != test.busy || !busy && !errors.Is(err, test.want) {
					t.Errorf("answers %v", err)
				}
				if waited := time.Since(began); waited != test.after {
					t.Errorf("after %v, want %v", waited, test.after)
				}
				if len(pool.line.waiting) != 0 {
					t.Error("it still waits in the queue")
				}
			})
		})
	}
}

func TestWaitersAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pool, _ := newFullPool(t, 1)
		var waiting sync.WaitGroup
		var busy atomic.Int32
		for range maxQueued {
			waiting.Go(func() {
				if _, err := pool.Admit(t.Context(), someone); auth.ErrorCode(err) == auth.CodeBusy {
					busy.Add(1)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if _, err := pool.Admit(t.Context(), someone); auth.ErrorCode(err) != auth.CodeBusy {
			t.Errorf("one more answers %v", err)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("one more waited %v", waited)
		}
		waiting.Wait()
		if busy.Load() != maxQueued {
			t.Errorf("%d of those who waited were refused", busy.Load())
		}
	})
}

func TestWhenEveryPlaceIsTaken(t *testing.T) {
	t.Parallel()
	calls := map[string]func(ctx context.Context, p *Pool) error{
		"a check": func(ctx context.Context, p *Pool) error { _, err := p.Check(ctx, cheap, "x"); return err },
		"a hash":  func(ctx context.Context, p *Pool) error { _, err := p.Hash(ctx, "x"); return err },
	}
	for name, call := range calls {
		t.Run(name+" waits for its turn", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pool, began := newBusyPool(t, 1), time.Now()
				go func() {
					time.Sleep(time.Second)
					vacate(pool)
				}()
				if err := call(t.Context(), pool); err != nil || time.Since(began) != time.Second {
					t.Errorf("answers %v after %v", err, time.Since(began))
				}
				if !isVacant(pool) {
					t.Error("the place was not given back")
				}
			})
		})
		t.Run(name+" ends with a client that hangs up", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pool := newBusyPool(t, 1)
				ctx, hangUp := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, hangUp)
				if err := call(ctx, pool); !errors.Is(err, context.Canceled) {
					t.Errorf("answers %v", err)
				}
			})
		})
		// Else whoever waits longer than an answer may take is told of a fault of
		// ours, where coming back helps.
		t.Run(name+" whose time is up is busy", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pool := newBusyPool(t, 1)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := call(ctx, pool); auth.ErrorCode(err) != auth.CodeBusy {
					t.Errorf("answers %v", err)
				}
			})
		})
	}
}

func TestAWaitIsNotCountedAsWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pool := newBusyPool(t, 1)
		go func() {
			time.Sleep(time.Second)
			vacate(pool)
		}()
		// In a bubble no time passes but by sleeping.
		if check, err := pool.Check(t.Context(), cheap, "x"); err != nil || check.Took != 0 {
			t.Errorf("took %v, %v", check.Took, err)
		}
	})
}

func TestWhatCannotMatchTakesNoPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pool, began := newBusyPool(t, 1), time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := pool.Check(ctx, "!unusable", "x"); err == nil || time.Since(began) != 0 {
			t.Errorf("answers %v after %v", err, time.Since(began))
		}
	})
}

// gate counts who is hashing: a hash begins by drawing its salt.
type gate struct {
	inside, most atomic.Int32
	open         chan struct{}
}

func (g *gate) Read(p []byte) (int, error) {
	now := g.inside.Add(1)
	defer g.inside.Add(-1)
	for most := g.most.Load(); now > most && !g.most.CompareAndSwap(most, now); most = g.most.Load() {
	}
	<-g.open
	return rand.Read(p)
}

func TestNoMoreThanTheWorkersHashAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const workers = 3
		pool := newPoolWith(t, Settings{Hasher: Argon2id, Workers: workers, Wait: time.Hour}, rand.Reader)
		g := &gate{open: make(chan struct{})}
		pool.random = g
		var all sync.WaitGroup
		for range 4 * workers {
			all.Go(func() {
				if _, err := pool.Hash(t.Context(), "x"); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if got := g.inside.Load(); got != workers {
			t.Errorf("%d hash at once, want %d", got, workers)
		}
		close(g.open)
		all.Wait()
		if got := g.most.Load(); got != workers {
			t.Errorf("at most %d hashed at once, want %d", got, workers)
		}
		if !isVacant(pool) {
			t.Error("some places were not given back")
		}
	})
}

func TestWithoutRandomnessNothingIsHashed(t *testing.T) {
	t.Parallel()
	cause := errors.New("no randomness")
	broken := io.MultiReader(io.LimitReader(rand.Reader, 30), failing{cause})
	if _, err := NewPool(Settings{Hasher: Argon2id, Workers: 1}, broken); !errors.Is(err, cause) {
		t.Errorf("a pool is made: %v", err)
	}
	pool := newPool(t, PBKDF2SHA256)
	pool.random = failing{cause}
	if encoded, err := pool.Hash(t.Context(), "x"); !errors.Is(err, cause) || encoded != "" {
		t.Errorf("gives %q, %v", encoded, err)
	}
	if !isVacant(pool) {
		t.Error("the place was not given back")
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A byte that modulo would favour some characters is drawn again.
func TestSaltsAreDrawnEvenly(t *testing.T) {
	t.Parallel()
	counts := map[rune]int{}
	for range 3000 {
		salt, err := randomSalt(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if len(salt) != saltLength {
			t.Fatalf("%q has %d characters", salt, len(salt))
		}
		for _, r := range salt {
			counts[r]++
		}
	}
	// Without drawing again the first 8 of 62 letters came a quarter more often.
	want := 3000 * saltLength / len(saltAlphabet)
	for _, r := range saltAlphabet {
		if got := counts[r]; got < want*80/100 || got > want*120/100 {
			t.Errorf("%c came %d times, want about %d", r, got, want)
		}
	}
}
