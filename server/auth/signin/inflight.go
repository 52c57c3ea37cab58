package signin

import "sync"

// inFlight are the counters under which attempts are counted whose secrets this instance
// is still checking. As long as there are such, a counter that lets nothing in may be full
// of right passwords: eight browsers of a test suite that sign in as one user at the same
// moment are told to wait for each other, and not for a minute.
type inFlight struct {
	mu    sync.Mutex
	keys  map[string]*checking
	ended uint64 // attempts, in all
}

// checking is a counter with attempts in flight.
type checking struct {
	attempts int
	done     chan struct{} // closed when there are none left
}

func newInFlight() *inFlight { return &inFlight{keys: map[string]*checking{}} }

// begin notes an attempt.
func (f *inFlight) begin(keys []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range keys {
		if f.keys[key] == nil {
			f.keys[key] = &checking{done: make(chan struct{})}
		}
		f.keys[key].attempts++
	}
}

// end notes that it is settled.
func (f *inFlight) end(keys []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended++
	for _, key := range keys {
		c := f.keys[key]
		if c == nil {
			continue
		}
		if c.attempts--; c.attempts == 0 {
			delete(f.keys, key)
			close(c.done)
		}
	}
}

// endings returns a number that changes whenever an attempt ends.
func (f *inFlight) endings() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ended
}

// among returns what is closed when all attempts have ended that are in flight now under
// one of the keys; nil when there are none.
func (f *inFlight) among(keys []string) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range keys {
		if c := f.keys[key]; c != nil {
			return c.done
		}
	}
	return nil
}
