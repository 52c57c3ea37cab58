package auth

import (
	"context"
	"sync"
	"time"
)

// floorMargin is how much longer than the slowest kind of password a refusal is
// held. Twice leaves room for the database and for a machine that is not idle.
const floorMargin = 2

// firstFloor holds until the kinds in the database have been measured.
const firstFloor = 250 * time.Millisecond

// maxSlowdown bounds how much longer than measured a kind may be taken to need,
// so that one check on a machine that stood still does not slow down refusals for
// good.
const maxSlowdown = 8

// measureTries is how often each kind is measured: the fastest is what the kind
// takes, the others are what the machine did besides.
const measureTries = 3

// floor makes all refusals take the same time: each is held until a whole
// multiple of twice the time of the slowest kind of password in the database.
//
// Holding an answer costs nothing. The other way, topping weaker work up to the
// strongest (Django's harden_runtime), burns that work for every wrong guess,
// takes it from those who are signing in, and cannot be exact across algorithms.
//
// On a machine that is busy, a check takes longer than it was measured to. The
// first that does so raises the floor for everybody, until it is settled again;
// a refusal that overruns all the same is held to the next multiple.
type floor struct {
	mu       sync.Mutex
	kinds    map[string]kindTime
	measured bool // those in the database are among them
}

// kindTime is what a kind of password takes to check.
type kindTime struct {
	alone  time.Duration // with the machine to itself
	lately time.Duration // at most, since the floor was settled
}

func newFloor() *floor { return &floor{kinds: map[string]kindTime{}} }

// observe learns how long a kind takes: the first time it is seen, and whenever
// it takes longer than before.
func (f *floor) observe(kind string, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known, isKnown := f.kinds[kind]
	if !isKnown {
		known = kindTime{alone: took}
	}
	known.lately = max(known.lately, min(took, maxSlowdown*known.alone))
	f.kinds[kind] = known
}

// measure learns the kinds in the database, and so what to hold refusals to
// instead of the first guess.
func (f *floor) measure(kinds map[string]time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for kind, took := range kinds {
		f.kinds[kind] = kindTime{alone: took, lately: took}
	}
	f.measured = true
}

// settle forgets how busy the machine has been.
func (f *floor) settle() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for kind, known := range f.kinds {
		f.kinds[kind] = kindTime{alone: known.alone, lately: known.alone}
	}
}

func (f *floor) step() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	step := time.Millisecond
	if !f.measured {
		step = firstFloor
	}
	for _, known := range f.kinds {
		step = max(step, floorMargin*known.lately)
	}
	return step
}

// hold returns at the next multiple of the floor since began, or when ctx ends.
func (f *floor) hold(ctx context.Context, clock Clock, began time.Time) {
	step := f.step()
	elapsed := clock.Now().Sub(began)
	whole := (elapsed + step - 1) / step * step
	_ = clock.Sleep(ctx, max(whole, step)-elapsed) // a client that hung up waits for nothing
}

// MeasurePasswords measures how long the kinds of password in the database take
// to check, so that refusals take as long as the slowest. It reads all users
// once and is meant to run once, beside the first requests; a kind that appears
// later is learnt when it is first checked.
func (s *Service) MeasurePasswords(ctx context.Context) error {
	samples, err := s.store.PasswordSamples(ctx)
	if err != nil {
		return err
	}
	measured := map[string]time.Duration{}
	for _, encoded := range append(samples, s.passwords.Decoy()) {
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
	s.floor.measure(measured)
	return nil
}
