package password

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// v4 is a network, a different one for each number.
func v4(n uint32) netip.Prefix {
	var bytes [4]byte
	binary.BigEndian.PutUint32(bytes[:], n)
	return netip.PrefixFrom(netip.AddrFrom4(bytes), 32)
}

// v6 is one of the /64 of a /48.
func v6(provider, customer uint16) netip.Prefix {
	var bytes [16]byte
	bytes[0] = 0x20
	binary.BigEndian.PutUint16(bytes[4:], provider)
	binary.BigEndian.PutUint16(bytes[6:], customer)
	return netip.PrefixFrom(netip.AddrFrom16(bytes), 64)
}

// served is a queue with one place, and who waits in it.
type served struct {
	*fairQueue
	known []*waiter
}

// newServed starts with somebody inside, so that everybody waits.
func newServed() *served {
	q := newFairQueue(1, wait)
	q.join(v4(0))
	return &served{fairQueue: q}
}

func (s *served) arrive(network netip.Prefix) bool {
	w, _ := s.join(network)
	if w != nil {
		s.known = append(s.known, w)
	}
	return w != nil
}

// next lets the next one in, and returns whose turn it was.
func (s *served) next(t *testing.T) netip.Prefix {
	t.Helper()
	s.leave()
	for i, w := range s.known {
		select {
		case letIn := <-w.turn:
			if letIn {
				s.known = append(s.known[:i], s.known[i+1:]...)
				return w.network
			}
		default:
		}
	}
	t.Fatal("nobody was let in")
	return netip.Prefix{}
}

func TestWhoeverHasHadLessGoesFirst(t *testing.T) {
	t.Parallel()
	s := newServed()
	crowd, owner := v4(1), v4(2)
	for range 50 {
		s.arrive(crowd)
	}
	for range 20 {
		s.next(t)
	}
	s.arrive(owner)
	if got := s.next(t); got != owner {
		t.Errorf("%v goes before the owner", got)
	}
}

// Whatever networks ask for, each gets all of it or as much as any other.
func TestTheShareOfANetworkIsTheSameAsThatOfOthers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 20 {
		networks := 2 + random.IntN(8)
		s := newServed()
		wants := make([]int, networks)
		got := map[netip.Prefix]int{}
		for n := range wants {
			wants[n] = 1 + random.IntN(60)
			for range wants[n] {
				s.arrive(v4(uint32(n + 1)))
			}
		}
		turns := 20 * networks
		for range min(turns, len(s.known)) {
			got[s.next(t)]++
		}
		most := 0
		for _, count := range got {
			most = max(most, count)
		}
		for n, want := range wants {
			if count := got[v4(uint32(n+1))]; count < want && count < most-1 {
				t.Errorf("round %d: a network that wants %d gets %d, another %d", round, want, count, most)
			}
		}
	}
}

func TestAlwaysAnotherNetworkOfOneSiteIsNoNewcomer(t *testing.T) {
	t.Parallel()
	s := newServed()
	for customer := range uint16(300) {
		s.arrive(v6(1, customer))
	}
	for range 200 {
		s.next(t)
	}
	s.arrive(v6(1, 60000))
	s.arrive(v6(2, 1))
	if got := s.next(t); got != v6(2, 1) {
		t.Errorf("%v goes before somebody of another site", got)
	}
}

func TestSubscribersOfOneProviderAreNotOneClient(t *testing.T) {
	t.Parallel()
	s := newServed()
	guesser := v4(1)
	for customer := range uint16(10) { // each of a /56 of its own
		s.arrive(v6(1, customer<<8))
	}
	for range 10 {
		s.next(t)
	}
	for range 5 {
		s.arrive(guesser)
		s.next(t)
	}
	s.arrive(guesser)
	s.arrive(v6(1, 11<<8))
	if got := s.next(t); got == guesser {
		t.Error("who came ten times as one of many goes behind who came five times alone")
	}
}

func TestAFullQueueMakesRoomForWhoeverHasFewerInIt(t *testing.T) {
	t.Parallel()
	s := newServed()
	crowd, owner := v4(0), v4(2)
	for range maxQueued {
		s.arrive(crowd)
	}
	if s.arrive(crowd) {
		t.Error("one more of the crowd waits")
	}
	last := s.waiting[maxQueued-1]
	if !s.arrive(owner) {
		t.Fatal("the owner is refused at once")
	}
	if letIn, told := receive(last.turn); !told || letIn {
		t.Error("the last of the crowd was not refused")
	}
	if len(s.waiting) != maxQueued || s.queued[owner] != 1 || s.queued[crowd] != maxQueued-1 {
		t.Errorf("%d wait, %v", len(s.waiting), s.queued)
	}
	if got := s.next(t); got != owner {
		t.Errorf("%v goes first", got)
	}
}

func receive(turn <-chan bool) (letIn, told bool) {
	select {
	case letIn = <-turn:
		return letIn, true
	default:
		return false, false
	}
}

func TestOneWhoIsPushedOutOfTheQueueIsToldThatWeAreBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newFairQueue(1, wait)
		leave, err := q.enter(t.Context(), v4(1))
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		var refusedAtOnce atomic.Int32
		var waiting sync.WaitGroup
		for range maxQueued {
			waiting.Go(func() {
				_, err := q.enter(t.Context(), v4(1))
				if auth.ErrorCode(err) == auth.CodeBusy && time.Since(began) == 0 {
					refusedAtOnce.Add(1)
				}
			})
		}
		synctest.Wait()
		waiting.Go(func() {
			if leave, err := q.enter(t.Context(), v4(2)); err != nil {
				t.Errorf("the newcomer: %v", err)
			} else {
				leave()
			}
		})
		synctest.Wait()
		leave()
		waiting.Wait()
		if refusedAtOnce.Load() != 1 {
			t.Errorf("%d of the crowd were refused at once", refusedAtOnce.Load())
		}
	})
}

func TestWhatIsRememberedOfNetworksIsBounded(t *testing.T) {
	t.Parallel()
	q := newFairQueue(1, wait)
	for n := range uint32(100_000) {
		q.join(v6(uint16(n), uint16(n>>16)))
		q.leave()
		if len(q.shares) > maxShares {
			t.Fatalf("%d networks after %d", len(q.shares), n)
		}
	}
	for range 200_000 { // past the weight at which shares are counted anew
		q.join(v4(1))
		q.leave()
	}
	if share := q.shareOf(v4(1)) / q.weight; !(share > halfLife && share < 2*halfLife) {
		t.Errorf("the share of the only network is %v", share)
	}
}

func TestEverybodyLeavesTheQueueAsItWas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newFairQueue(3, wait)
		var clients sync.WaitGroup
		for i := range 300 {
			clients.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*time.Millisecond)
				defer cancel()
				if leave, err := q.enter(ctx, v4(uint32(i%7))); err == nil {
					time.Sleep(5 * time.Millisecond)
					leave()
				}
			})
		}
		clients.Wait()
		if q.free != 3 || len(q.waiting) != 0 || len(q.queued) != 0 {
			t.Errorf("%d places are free, %d wait, %v", q.free, len(q.waiting), q.queued)
		}
	})
}
