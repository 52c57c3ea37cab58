package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/repo"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

const (
	queryRounds = 300
	// flatTarget is how much more a login's queries may take with the many users
	// than with the few. A B-tree is one level deeper then.
	flatTarget = 1.5
)

// loginQueries are what a login asks the store, by what the report calls it.
var loginQueries = []struct {
	name string
	ask  func(ctx context.Context, store *repo.Store, user auth.User) error
}{
	{"count the attempt", func(ctx context.Context, store *repo.Store, user auth.User) error {
		_, err := store.ReserveAttempt(ctx, benchAttempt(user))
		return err
	}},
	{"user, exact", func(ctx context.Context, store *repo.Store, user auth.User) error {
		_, err := store.UserByEmail(ctx, user.Email)
		return err
	}},
	{"user, other letter case", func(ctx context.Context, store *repo.Store, user auth.User) error {
		_, err := store.UserByEmail(ctx, strings.ToUpper(user.Email))
		return err
	}},
	{"begin the session", func(ctx context.Context, store *repo.Store, user auth.User) error {
		now := time.Now().UTC().Truncate(time.Microsecond)
		attempt := benchAttempt(user)
		return store.BeginSession(ctx, signin.NewSession{User: user, Session: auth.Session{
			ID: fmt.Sprintf("bench%016x", rand.Uint64()), UserID: user.ID,
			CreatedAt: now, RenewedAt: now, ExpiresAt: now.Add(time.Hour), Address: "127.0.0.1",
		}, Attempts: signin.Settlement{
			At: now, Forgive: []string{attempt.Counters[0].Key, attempt.Counters[1].Key}, Release: []string{attempt.Counters[3].Key},
			Remember: attempt.Counters[2].Key, Until: now.Add(time.Hour),
		}})
	}},
}

// benchAttempt is one under as many counters as a login has.
func benchAttempt(user auth.User) signin.Attempt {
	limit := signin.Limit{Free: 5, Wait: time.Minute, MaxWait: time.Hour, Forget: time.Hour, Stop: 100, Keep: time.Hour}
	key := fmt.Sprintf("bench%011d", user.ID)
	return signin.Attempt{At: time.Now(), Counters: []signin.Counter{
		{Key: key + "c" + "0123456789abcdef", Role: signin.RoleStranger, Limit: limit}, {Key: key + "a", Role: signin.RoleStranger, Limit: limit},
		{Key: key + "k" + "0123456789abcdef", Role: signin.RoleKnown, Limit: limit}, {Key: "bench of a networkn", Role: signin.RoleAny, Limit: signin.Limit{Free: 1 << 30, Keep: time.Hour}},
	}}
}

// measureQueries asks both databases in turns, for users drawn at random.
func measureQueries(ctx context.Context, b *bench, p *part, kind string, sizes []int) (err error) {
	stores := make([]*repo.Store, len(sizes))
	for i, users := range sizes {
		database, err := b.database(ctx, kind, users)
		if err != nil {
			return err
		}
		if stores[i], err = repo.Open(database); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stores[i].Close()) }()
	}
	took := make([][][]time.Duration, len(sizes)) // by size and query
	for i := range took {
		took[i] = make([][]time.Duration, len(loginQueries))
	}
	const warm = queryRounds / 10
	for round := range warm + queryRounds {
		for i, users := range sizes {
			each, err := timeQueries(ctx, stores[i], someActive(users))
			if err != nil {
				return err
			}
			for q := range each {
				if round >= warm {
					took[i][q] = append(took[i][q], each[q])
				}
			}
		}
	}
	for q, query := range loginQueries {
		few, many := median(took[0][q]), median(took[1][q])
		ratio := float64(many) / float64(few)
		p.row(fmt.Sprintf("  %s: %s", kind, query.name), us(many), us(few), fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≤ %.1f", flatTarget), met(ratio <= flatTarget))
	}
	return nil
}

// someActive draws a user who can log in.
func someActive(users int) int {
	for {
		if i := 1 + rand.IntN(users); seedIsActive(i) {
			return i
		}
	}
}

// timeQueries asks all that a login asks, for user number i.
func timeQueries(ctx context.Context, store *repo.Store, i int) ([]time.Duration, error) {
	user, err := store.UserByEmail(ctx, seedEmail(i)) // its page is then in memory, for both sizes
	if err != nil {
		return nil, err
	}
	took := make([]time.Duration, len(loginQueries))
	for q, query := range loginQueries {
		began := time.Now()
		if err := query.ask(ctx, store, user); err != nil {
			return nil, fmt.Errorf("%s: %w", query.name, err)
		}
		took[q] = time.Since(began)
	}
	return took, nil
}
