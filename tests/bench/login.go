package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
)

// loginTarget is the least share of the bare hash rate.
const loginTarget = 0.9

// loginClients keep each core's place in the pool full, with one more waiting for
// each: with more, some wait too long on a busy machine and are refused, which
// costs work that is not counted.
func loginClients() int { return 2 * runtime.GOMAXPROCS(0) }

// measureLogins compares right logins with nothing but argon2id, in as many
// goroutines as there are cores.
func measureLogins(ctx context.Context, b *bench) error {
	p := b.report.part("Logins, %d connections", loginClients())
	p.note("against argon2.IDKey (m=19456, t=2, p=1) in %d goroutines of a program that does nothing else", runtime.GOMAXPROCS(0))
	for _, kind := range kinds {
		if err := compareLogins(ctx, b, p, kind); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

func compareLogins(ctx context.Context, b *bench, p *part, kind string) (err error) {
	database, err := b.database(ctx, kind, fewUsers)
	if err != nil {
		return err
	}
	product, err := b.serveLatchkey(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, product.stop()) }()
	if err := product.profile(filepath.Join(b.profile, "login-"+kind)); err != nil {
		return err
	}
	l := load{addr: product.addr, requests: loginRequests(loginClients()), clients: loginClients(), warm: warmUp, during: b.slice()}
	var logins, hashes []float64
	refused := 0
	for range b.rounds {
		found := l.run(ctx)
		if n := found.others(http.StatusOK, http.StatusServiceUnavailable); n > 0 {
			return fmt.Errorf("%d answers were neither 200 nor 503 (%s)", n, found.Fault)
		}
		refused += len(found.Took[http.StatusServiceUnavailable])
		logins = append(logins, found.perSecond(http.StatusOK))
		var hashed float64
		if err := b.child(ctx, &hashed, "child-hash", "-for", b.slice().String()); err != nil {
			return err
		}
		hashes = append(hashes, hashed)
	}
	ratio := median(ratios(logins, hashes))
	p.row("  "+kind, rate(median(logins)), rate(median(hashes)), fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.2f", loginTarget), met(ratio >= loginTarget))
	if refused > 0 {
		p.note("%s: %d logins were refused as busy, and are not counted", kind, refused)
	}
	return nil
}
