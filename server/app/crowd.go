package app

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

const (
	// crowdSize is from how many users on one private address is taken for a server that
	// does not say for whom it asks: more than share one machine of their own.
	crowdSize = 20
	// crowdWithin is how long signing in counts, and how often a warning is worth a line.
	crowdWithin = time.Hour
	// maxCrowds bounds the addresses that are watched.
	maxCrowds = 256
)

// crowdWatch warns when many users sign in from one private address: then the limits on
// guessing take them all for one client.
type crowdWatch struct {
	now func() time.Time
	log *slog.Logger

	mu     sync.Mutex
	began  time.Time
	crowds map[netip.Addr]map[int64]struct{}
}

func newCrowdWatch(now func() time.Time, log *slog.Logger) *crowdWatch {
	return &crowdWatch{now: now, log: log, crowds: map[netip.Addr]map[int64]struct{}{}}
}

// signedIn notes that a user did, through the API.
func (w *crowdWatch) signedIn(ctx context.Context, user auth.User, client auth.Client) {
	address, err := netip.ParseAddr(client.Address)
	if err != nil || !address.IsPrivate() && !address.IsLoopback() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := w.now(); now.Sub(w.began) >= crowdWithin {
		w.began = now
		clear(w.crowds)
	}
	crowd, watched := w.crowds[address]
	if !watched {
		if len(w.crowds) == maxCrowds {
			return
		}
		crowd = map[int64]struct{}{}
		w.crowds[address] = crowd
	}
	if len(crowd) == crowdSize {
		return // said already
	}
	if crowd[user.ID] = struct{}{}; len(crowd) == crowdSize {
		w.log.WarnContext(ctx, "many users sign in from one private address, and are taken for one client: set LATCHKEY_FRONTEND_SECRET here and in the Next.js app, "+
			"or name the address in LATCHKEY_TRUSTED_PROXIES if it is a proxy that sets X-Forwarded-For", "address", client.Address, "users", crowdSize)
	}
}
