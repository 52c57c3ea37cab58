package auth

import (
	"context"
	"maps"
	"sync"
	"time"
)

// floorMargin is how much longer than the slowest kind of password a refusal is
// held. Twice leaves room for the database and for a machine that is not idle.
const floorMargin = 2

// firstFloor holds until the kinds in the database have been measured.
const firstFloor = 250 * time.Millisecond

// floor makes all refusals take the same time: each is held until a whole
// multiple of twice the time of the slowest kind of password in the database.
//
// Holding an answer costs nothing. The other way, topping weaker work up to the
// strongest (Django's harden_runtime), burns that work for every wrong guess,
// takes it from those who are signing in, and cannot be exact across algorithms.
// A refusal that overruns is held to the next multiple, so that load does not
// bring the difference back.
type floor struct {
	mu       sync.Mutex
	kinds    map[string]time.Duration // what each kind takes
	measured bool                     // those in the database are among them
}

func newFloor() *floor { return &floor{kinds: map[string]time.Duration{}} }

// observe learns how long a kind takes, the first time it is seen.
func (f *floor) observe(kind string, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.kinds[kind]; !known {
		f.kinds[kind] = took
	}
}

// measure learns the kinds in the database, and so what to hold refusals to
// instead of the first guess.
func (f *floor) measure(kinds map[string]time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.Copy(f.kinds, kinds)
	f.measured = true
}

func (f *floor) step() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	step := time.Millisecond
	if !f.measured {
		step = firstFloor
	}
	for _, took := range f.kinds {
		step = max(step, floorMargin*took)
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
		check, err := s.passwords.Check(ctx, encoded, "")
		if err != nil {
			return err
		}
		measured[kind] = check.Took
	}
	s.floor.measure(measured)
	return nil
}
