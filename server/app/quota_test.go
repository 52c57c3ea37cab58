package app

import (
	"net/netip"
	"testing"
)

func TestQuota(t *testing.T) {
	t.Parallel()
	ada, bob, nobody := netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("192.0.2.2/32"), netip.Prefix{}
	q := newQuota(10, 6)
	for i, step := range []struct {
		client netip.Prefix
		amount int64
		want   shortage
	}{
		{ada, 4, granted}, {ada, 3, tooMuch}, {ada, 2, granted}, {ada, 1, tooMuch},
		{bob, 5, usedUp}, {bob, 3, granted}, {nobody, 2, usedUp}, {nobody, 1, granted}, {nobody, 1, usedUp},
	} {
		if got := q.take(step.client, step.amount); got != step.want {
			t.Errorf("step %d: %d, want %d", i, got, step.want)
		}
	}
	q.give(ada, 6)
	q.give(bob, 3)
	q.give(nobody, 1)
	if q.left != 10 || len(q.ofClient) != 0 {
		t.Errorf("%d left, and %d clients are remembered", q.left, len(q.ofClient))
	}
}
