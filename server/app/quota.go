package app

import (
	"net/netip"
	"sync"
)

// quota is an amount that clients share: requests under way, or bytes. One client
// has a part of it at the most. It holds no memory for clients that have nothing.
type quota struct {
	mu         sync.Mutex
	left       int64
	perClient  int64
	ofClient   map[netip.Prefix]int64
	unlimited  bool // in all; per client it is not
	hasClients bool
}

// newQuota returns a quota of max in all, and of perClient for each; 0 is no bound.
func newQuota(maximum, perClient int64) *quota {
	return &quota{
		left: maximum, unlimited: maximum == 0,
		perClient: perClient, hasClients: perClient > 0,
		ofClient: map[netip.Prefix]int64{},
	}
}

// shortage is why a quota was not granted.
type shortage int

const (
	granted shortage = iota
	tooMuch          // this client has its part
	usedUp           // all clients together have all of it
)

// take grants an amount, or none of it. The zero client is nobody in particular, and
// bounded by what all have.
func (q *quota) take(client netip.Prefix, amount int64) shortage {
	q.mu.Lock()
	defer q.mu.Unlock()
	counted := q.hasClients && client.IsValid()
	switch {
	case counted && q.ofClient[client]+amount > q.perClient:
		return tooMuch
	case !q.unlimited && amount > q.left:
		return usedUp
	}
	q.left -= amount
	if counted {
		q.ofClient[client] += amount
	}
	return granted
}

// give takes back what was granted.
func (q *quota) give(client netip.Prefix, amount int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.left += amount
	if !q.hasClients || !client.IsValid() {
		return
	}
	if q.ofClient[client] -= amount; q.ofClient[client] <= 0 {
		delete(q.ofClient, client)
	}
}
