package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	// guesses are made at as many accounts that somebody has, and at as many made-up ones.
	guesses = 100
	// rankTarget is the z of a Mann-Whitney test beyond which one in a hundred draws from the
	// same times would be by chance, on either side.
	rankTarget = 2.58
)

// measureGuesses compares by rank how long wrong passwords take to be answered, for
// accounts that somebody has and for made-up ones.
func measureGuesses(ctx context.Context, b *bench) error {
	p := b.report.part("Wrong passwords: %d known accounts against as many unknown, in turns", guesses)
	p.note("Mann-Whitney: z is 0 when either is as often the slower; beyond %.2f is chance once in a hundred times", rankTarget)
	for _, kind := range kinds {
		if err := guessInTurns(ctx, b, p, kind); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

func guessInTurns(ctx context.Context, b *bench, p *part, kind string) (err error) {
	database, err := b.database(ctx, kind, fewUsers)
	if err != nil {
		return err
	}
	// The second guess at an account is refused before its password is checked.
	product, err := b.serveLatchkey(ctx, database, "LATCHKEY_GUESSES_PER_NETWORK=0", "LATCHKEY_GUESSES_PER_CLIENT=1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, product.stop()) }()
	took := map[int]map[bool][]time.Duration{http.StatusUnauthorized: {}, http.StatusTooManyRequests: {}}
	for i := range guesses {
		for _, known := range []bool{i%2 == 0, i%2 != 0} {
			email := seedEmail(i + 1)
			if !known {
				email = "no" + email
			}
			for _, want := range []int{http.StatusUnauthorized, http.StatusTooManyRequests} {
				each, err := timeGuess(ctx, product.addr, email, want)
				if err != nil {
					return err
				}
				took[want][known] = append(took[want][known], each)
			}
		}
	}
	for _, status := range []int{http.StatusUnauthorized, http.StatusTooManyRequests} {
		known, unknown := took[status][true], took[status][false]
		z := rankZ(known, unknown)
		p.row(fmt.Sprintf("  %s: %d, p50 known and unknown", kind, status), us(median(slices.Clone(known))), us(median(slices.Clone(unknown))),
			fmt.Sprintf("z %+.2f", z), fmt.Sprintf("|z| < %.2f", rankTarget), met(math.Abs(z) < rankTarget))
	}
	return nil
}

// timeGuess sends a wrong password, and fails unless it is answered by a status.
func timeGuess(ctx context.Context, addr, email string, want int) (time.Duration, error) {
	body := strings.NewReader(fmt.Sprintf(`{"username":%q,"password":"a wrong guess"}`, email))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/api/v1/users/login/", body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	began := time.Now()
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	took := time.Since(began)
	_, err = io.Copy(io.Discard, answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return 0, err
	}
	if answer.StatusCode != want {
		return 0, fmt.Errorf("a guess at %s is answered %d, and not %d", email, answer.StatusCode, want)
	}
	return took, nil
}

// rankZ returns the z of a Mann-Whitney U test: by how many standard deviations the ranks
// of a differ from what they would be if both were drawn from the same times. Times are
// in nanoseconds, so ties do not matter.
func rankZ(a, b []time.Duration) float64 {
	type timed struct {
		took time.Duration
		ofA  bool
	}
	all := make([]timed, 0, len(a)+len(b))
	for _, each := range a {
		all = append(all, timed{each, true})
	}
	for _, each := range b {
		all = append(all, timed{each, false})
	}
	slices.SortFunc(all, func(x, y timed) int { return cmp.Compare(x.took, y.took) })
	ranks := 0.0
	for i, each := range all {
		if each.ofA {
			ranks += float64(i + 1)
		}
	}
	n, m := float64(len(a)), float64(len(b))
	u := ranks - n*(n+1)/2
	return (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
}
