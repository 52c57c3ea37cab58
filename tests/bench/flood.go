package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"
)

const (
	floodedTarget = 50 * time.Millisecond  // p99 of /users/session/ meanwhile
	refusedTarget = 100 * time.Millisecond // p95 of being refused: the first of each address waits for its turn
	floodProbes   = 4                      // connections that ask meanwhile
	probePause    = 5 * time.Millisecond
	floodRise     = time.Second // until every client is connected
	floodFor      = 10 * time.Second

	ownerLogins = 30              // each from an address that was not there before
	ownerTarget = 2 * time.Second // for each of them, with what Retry-After asks for

	floodMemory    = 120.0 // MB
	floodRest      = time.Minute
	restMemory     = 60.0 // MB, after the rest
	floodAddresses = 100
)

// measureFlood asks for /users/session/ while many clients flood the login, and has
// owners elsewhere sign in.
func measureFlood(ctx context.Context, b *bench) error {
	p := b.report.part("While %d clients flood the login", b.flooders)
	p.note("the flood comes from another process on the same machine; its clients wait %s between two requests", b.pause)
	p.note("%d owners elsewhere sign in one after the other, and try again as Retry-After says", ownerLogins)
	for _, kind := range kinds {
		for _, addresses := range []int{1, floodAddresses} {
			if err := flood(ctx, b, p, kind, addresses); err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
		}
	}
	return nil
}

func flood(ctx context.Context, b *bench, p *part, kind string, addresses int) (err error) {
	database, err := b.database(ctx, kind, fewUsers)
	if err != nil {
		return err
	}
	// What is measured is the queue before the pool, and not the limits on guessing.
	product, err := b.serveLatchkey(ctx, database, "LATCHKEY_GUESSES_PER_NETWORK=0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, product.stop()) }()
	tokens, err := logIn(product.addr, floodProbes)
	if err != nil {
		return err
	}
	probe := load{addr: product.addr, clients: floodProbes, warm: floodRise, during: floodFor, pause: probePause}
	for _, token := range tokens {
		probe.requests = append(probe.requests, render("POST", "/api/v1/users/session/", token, ""))
	}
	if err := product.profile(filepath.Join(b.profile, "flood-"+kind)); err != nil {
		return err
	}
	var logins outcome
	flooded := make(chan error, 1)
	go func() {
		flooded <- b.child(ctx, &logins, "child-flood", "-addr", product.addr, "-clients", fmt.Sprint(b.flooders), "-addresses", fmt.Sprint(addresses),
			"-warm", floodRise.String(), "-for", probe.during.String(), "-pause", b.pause.String())
	}()
	owner := make(chan []time.Duration, 1)
	go func() { owner <- signInElsewhere(ctx, product.addr, b.flooders+1, floodRise+probe.during) }()
	asked := probe.run(ctx)
	if err := <-flooded; err != nil {
		return err
	}
	reportFlood(p, fmt.Sprintf("%s, from %d %s", kind, addresses, plural(addresses, "address", "addresses")), asked, logins)
	reportOwner(p, <-owner)
	return reportMemory(ctx, p, product)
}

// signInElsewhere signs in from addresses that take no part in the flood, and returns how
// long each login took until it was answered with 200.
func signInElsewhere(ctx context.Context, addr string, user int, within time.Duration) []time.Duration {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	rest(ctx, floodRise)
	request := loginRequests(user + 1)[user]
	var took []time.Duration
	for len(took) < ownerLogins && ctx.Err() == nil {
		c := &client{addr: addr, from: fmt.Sprintf("127.0.2.%d", 1+len(took))}
		began := time.Now()
		for ctx.Err() == nil {
			status, err := c.do(request)
			if err == nil && status == http.StatusOK {
				took = append(took, time.Since(began))
				break
			}
			rest(ctx, time.Second) // Retry-After
		}
		c.close()
	}
	return took
}

func reportFlood(p *part, title string, asked, logins outcome) {
	session, refused := asked.Took[http.StatusOK], logins.Took[http.StatusServiceUnavailable]
	p.row("  "+title+": session p50, p99", ms(percentile(session, 50))+", "+ms(percentile(session, 99)), "", "",
		"p99 < "+ms(floodedTarget), met(percentile(session, 99) < floodedTarget))
	p.row("    refused (503) p50, p95", ms(percentile(refused, 50))+", "+ms(percentile(refused, 95)), "", "",
		"p95 < "+ms(refusedTarget), met(percentile(refused, 95) < refusedTarget))
	p.row("    logins: 200, 503, else", fmt.Sprintf("%s, %s, %d", rate(logins.perSecond(http.StatusOK)),
		rate(logins.perSecond(http.StatusServiceUnavailable)), logins.others(http.StatusOK, http.StatusServiceUnavailable)))
	if n := asked.others(http.StatusOK); n > 0 {
		p.note("%s: %d answers to /users/session/ were not 200 (%s)", title, n, asked.Fault)
	}
	if logins.Fault != "" {
		p.note("%s: a login got no answer: %s", title, logins.Fault)
	}
}

func reportOwner(p *part, took []time.Duration) {
	longest := percentile(took, 100)
	p.row("    owners elsewhere: in, p50, longest", fmt.Sprintf("%d of %d, %s, %s", len(took), ownerLogins, ms(percentile(took, 50)), ms(longest)), "", "",
		"all, ≤ "+ms(ownerTarget), met(len(took) == ownerLogins && longest <= ownerTarget))
}

// reportMemory looks at the process at the end of the flood, and after a rest.
func reportMemory(ctx context.Context, p *part, product *process) error {
	_, peak, err := product.memory()
	if err != nil {
		return err
	}
	rest(ctx, floodRest)
	after, _, err := product.memory()
	if err != nil {
		return err
	}
	p.row("    memory: peak; a minute later", fmt.Sprintf("%.0f; %.0f MB", peak, after), "", "",
		fmt.Sprintf("≤ %.0f; %.0f MB", floodMemory, restMemory), met(peak <= floodMemory && after <= restMemory))
	return nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
