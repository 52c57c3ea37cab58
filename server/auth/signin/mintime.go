package signin

import (
	"context"
	"sync"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// minTimeMargin is how much longer than the slowest kind of password a refusal is
// held. Twice leaves room for the database and for a machine that is not idle.
const minTimeMargin = 2

// initialMinTime holds until the kinds in the database have been measured: longer than
// any usual kind takes.
const initialMinTime = time.Second

// maxMinTime bounds how long one row of the database can make everybody wait.
const maxMinTime = 4 * time.Second

// maxSlowdown bounds how much longer than measured a kind may be taken to need,
// so that one check on a machine that stood still does not slow down refusals for
// good.
const maxSlowdown = 8

// measureTries is how often each kind is measured: the fastest is what the kind
// takes, the others are what the machine did besides.
const measureTries = 3

// minTime makes all refusals take the same time: each is held until a whole
// multiple of twice the time of the slowest kind of password in the database.
//
// Holding an answer costs nothing. The other way, topping weaker work up to the
// strongest (Django's harden_runtime), burns that work for every wrong guess,
// takes it from those who are signing in, and cannot be exact across algorithms.
//
// On a machine that is busy, a check takes longer than it was measured to. The
// first that comes near the minimum raises it for everybody, until the kinds are
// measured again; a refusal that overruns all the same is held to the next
// multiple.
type minTime struct {
	mu       sync.Mutex
	kinds    map[string]kindTime
	measured bool // those in the database are among them
}

// kindTime is what a kind of password takes to check.
type kindTime struct {
	alone  time.Duration // with the machine to itself
	lately time.Duration // when it came near the minimum since; else the same
}

func newMinTime() *minTime { return &minTime{kinds: map[string]kindTime{}} }

// observe learns how long a kind takes: the first time it is seen, and whenever
// its answer came near the minimum.
func (f *minTime) observe(kind string, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known, isKnown := f.kinds[kind]
	switch {
	case !isKnown:
		f.kinds[kind] = kindTime{alone: took, lately: took}
	case took > f.step()*3/4:
		known.lately = max(known.lately, min(took, maxSlowdown*known.alone))
		f.kinds[kind] = known
	}
}

// measure learns the kinds in the database, and so what to hold refusals to
// instead of the first guess.
func (f *minTime) measure(kinds map[string]time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for kind, took := range kinds {
		f.kinds[kind] = kindTime{alone: took, lately: took}
	}
	f.measured = true
}

// step wants f.mu to be held.
func (f *minTime) step() time.Duration {
	step := time.Millisecond
	if !f.measured {
		step = initialMinTime
	}
	for _, known := range f.kinds {
		step = max(step, minTimeMargin*known.lately)
	}
	return min(step, maxMinTime)
}

// hold returns at the next multiple of the minimum since began, or when ctx ends.
func (f *minTime) hold(ctx context.Context, clock auth.Clock, began time.Time) {
	f.mu.Lock()
	step := f.step()
	f.mu.Unlock()
	elapsed := clock.Now().Sub(began)
	whole := (elapsed + step - 1) / step * step
	_ = clock.Sleep(ctx, max(whole, step)-elapsed) // a client that hung up waits for nothing
}

// MeasureHashes learns which kinds of password the database has, how many users
// have each and how long it takes to check, so that refusals take as long as the
// slowest and cost what they would for a user. It reads all users once for each
// kind: call it beside the first requests, and then now and then. A kind that
// appears in between is learnt when it is first checked.
func (s *Service) MeasureHashes(ctx context.Context) error {
	samples, err := s.store.HashSamples(ctx)
	if err != nil {
		return err
	}
	measured := map[string]time.Duration{}
	for _, sample := range append(samples, HashSample{Encoded: s.current}) {
		encoded := sample.Encoded
		kind := s.passwords.Kind(encoded)
		if _, done := measured[kind]; kind == "" || done {
			continue
		}
		for range measureTries {
			check, err := s.passwords.Check(ctx, encoded, "")
			if err != nil {
				return err
			}
			if fastest, before := measured[kind]; !before || check.Took < fastest {
				measured[kind] = check.Took
			}
		}
	}
	s.minTime.measure(measured)
	s.assignShares(samples)
	return nil
}
