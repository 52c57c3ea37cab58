package password

import (
	"context"
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

const (
	// maxQueued bounds how many wait to be let in: more would only hold memory.
	maxQueued = 1000
	// halfLife is after how many more that were let in one counts half: about as many as
	// two cores hash in five seconds.
	halfLife = 512
	// maxShares bounds the networks that are remembered. Those with a share of a sixteenth
	// or more are never more than half as many: they were let in among the last four
	// half-lives, each in three networks.
	maxShares     = 2 * 3 * 4 * halfLife
	smallestShare = 1.0 / 16
	// maxWeight is when shares are counted anew from 1, long before a float64 is full.
	maxWeight = 1e100
)

// newcomerWait is how long the first of a network waits that has had less than others:
// with as many networks as are let in within a second, each has its turn.
const newcomerWait = time.Second

// fairQueue lets a bounded number in at a time, and has the others wait. Whoever comes
// from the network that was let in least of late goes first, so that a crowd from one
// network takes turns among itself, and not with everybody else. (Max-min fairness; a
// lone network has all there is.) It is safe for concurrent use.
type fairQueue struct {
	wait time.Duration // of a surplus client, before it is refused

	mu      sync.Mutex
	free    int
	waiting []*waiter            // in order of arrival
	queued  map[netip.Prefix]int // how many of them are of each network
	shares  map[netip.Prefix]float64
	weight  float64 // of one that is let in now
}

// waiter is one who waits.
type waiter struct {
	network netip.Prefix
	turn    chan bool // true: let in; false: another took the place in the queue
}

func newFairQueue(places int, wait time.Duration) *fairQueue {
	return &fairQueue{wait: wait, free: places, queued: map[netip.Prefix]int{}, shares: map[netip.Prefix]float64{}, weight: 1}
}

// enter returns when it is network's turn; the caller leaves when done. It fails with
// [auth.CodeBusy] after the wait, or at once when too many of the network wait already.
func (q *fairQueue) enter(ctx context.Context, network netip.Prefix) (leave func(), err error) {
	w, wait := q.join(network)
	if w == nil {
		return nil, auth.Busy(errFull)
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	select {
	case letIn := <-w.turn:
		if !letIn {
			return nil, auth.Busy(errFull)
		}
		return q.leave, nil
	case <-timeout.C:
		err = auth.Busy(errFull)
	case <-ctx.Done():
		err = outOfTime(ctx)
	}
	q.giveUp(w)
	return nil, err
}

// join lets a client in, or into the queue. It returns nil when it must not wait.
func (q *fairQueue) join(network netip.Prefix) (*waiter, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	w := &waiter{network: network, turn: make(chan bool, 1)}
	if q.free > 0 { // then nobody waits
		q.letIn(w)
		return w, q.wait
	}
	wait := newcomerWait
	if q.queued[network] > 0 {
		wait = q.wait
	}
	if len(q.waiting) == maxQueued && !q.makeRoom(network) {
		return nil, 0
	}
	q.waiting = append(q.waiting, w)
	q.queued[network]++
	return w, wait
}

// letIn wants a free place.
func (q *fairQueue) letIn(w *waiter) {
	q.free--
	q.weight *= math.Exp2(1.0 / halfLife)
	if q.weight > maxWeight {
		for network := range q.shares {
			q.shares[network] /= q.weight
		}
		q.weight = 1
	}
	for _, network := range networksOf(w.network) {
		q.shares[network] += q.weight
	}
	if len(q.shares) > maxShares {
		q.forget()
	}
	w.turn <- true
}

// forget drops the networks that have not been let in for long.
func (q *fairQueue) forget() {
	for network, share := range q.shares {
		if share < smallestShare*q.weight {
			delete(q.shares, network)
		}
	}
}

// leave gives a place to the one whose turn it is.
func (q *fairQueue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.free++
	if len(q.waiting) == 0 {
		return
	}
	first, least := 0, math.Inf(1)
	shares := map[netip.Prefix]float64{}
	for i, w := range q.waiting {
		share, known := shares[w.network]
		if !known {
			share = q.shareOf(w.network)
			shares[w.network] = share
		}
		if share < least {
			first, least = i, share
		}
	}
	q.letIn(q.remove(first))
}

// shareOf returns how much a network was let in of late, as far as it is to count: a
// network of many counts for as many customers as it has at the least.
func (q *fairQueue) shareOf(network netip.Prefix) float64 {
	share := 0.0
	for i, each := range networksOf(network) {
		share = max(share, q.shares[each]/customers[i])
	}
	return share
}

func (q *fairQueue) remove(i int) *waiter {
	w := q.waiting[i]
	q.waiting = slices.Delete(q.waiting, i, i+1)
	if q.queued[w.network]--; q.queued[w.network] == 0 {
		delete(q.queued, w.network)
	}
	return w
}

// makeRoom refuses the last of the network of which the most wait, unless they would be
// fewer than those of the one that comes.
func (q *fairQueue) makeRoom(network netip.Prefix) bool {
	var crowd netip.Prefix
	for each, count := range q.queued {
		if count > q.queued[crowd] {
			crowd = each
		}
	}
	if q.queued[crowd] <= q.queued[network]+1 {
		return false
	}
	for i, w := range slices.Backward(q.waiting) {
		if w.network == crowd {
			q.remove(i).turn <- false
			break
		}
	}
	return true
}

// giveUp takes one out of the queue who does not wait any longer. One whose turn came
// just then passes it on.
func (q *fairQueue) giveUp(w *waiter) {
	q.mu.Lock()
	i := slices.Index(q.waiting, w)
	if i >= 0 {
		q.remove(i)
	}
	q.mu.Unlock()
	if i < 0 && <-w.turn {
		q.leave()
	}
}

// customers says how many clients each of [networksOf] counts for. A /56 or a /48 is what
// one site has (RFC 6177), or several subscribers of one provider: one of a site that
// takes a new /64 for each guess is not a new client each time.
var customers = [...]float64{1, 4, 16}

// networksOf returns a client's network and those around it: of an IPv6 address the /56
// and the /48.
func networksOf(network netip.Prefix) []netip.Prefix {
	if !network.Addr().Is6() {
		return []netip.Prefix{network}
	}
	site, _ := network.Addr().Prefix(56) //nolint:mnd // as its comment says
	provider, _ := network.Addr().Prefix(48)
	return []netip.Prefix{network, site, provider}
}
