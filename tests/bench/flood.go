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
	refusedTarget = 100 * time.Millisecond // p99 of being refused
	floodProbes   = 4                      // connections that ask meanwhile
	probePause    = 5 * time.Millisecond
	floodRise     = time.Second // until every client is connected
)

// measureFlood asks for /users/session/ while many clients flood the login.
func measureFlood(ctx context.Context, b *bench) error {
	p := b.report.part("While %d clients flood the login", b.flooders)
	p.note("the flood comes from another process on the same machine; its clients wait %s between two requests", b.pause)
	for _, kind := range kinds {
		if err := flood(ctx, b, p, kind); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

func flood(ctx context.Context, b *bench, p *part, kind string) (err error) {
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
	probe := load{addr: product.addr, clients: floodProbes, warm: floodRise, during: 2 * b.slice(), pause: probePause}
	for _, token := range tokens {
		probe.requests = append(probe.requests, render("POST", "/api/v1/users/session/", token, ""))
	}
	if err := product.profile(filepath.Join(b.profile, "flood-"+kind)); err != nil {
		return err
	}
	var logins outcome
	flooded := make(chan error, 1)
	go func() {
		flooded <- b.child(ctx, &logins, "child-flood", "-addr", product.addr, "-clients", fmt.Sprint(b.flooders),
			"-warm", floodRise.String(), "-for", probe.during.String(), "-pause", b.pause.String())
	}()
	asked := probe.run(ctx)
	if err := <-flooded; err != nil {
		return err
	}
	reportFlood(p, kind, asked, logins)
	return nil
}

func reportFlood(p *part, kind string, asked, logins outcome) {
	session, refused := asked.Took[http.StatusOK], logins.Took[http.StatusServiceUnavailable]
	p.row("  "+kind+": session p50, p99", ms(percentile(session, 50))+", "+ms(percentile(session, 99)), "", "",
		"p99 < "+ms(floodedTarget), met(percentile(session, 99) < floodedTarget))
	p.row("    refused (503) p50, p99", ms(percentile(refused, 50))+", "+ms(percentile(refused, 99)), "", "",
		"p99 < "+ms(refusedTarget), met(percentile(refused, 99) < refusedTarget))
	p.row("    logins: 200, 503, else", fmt.Sprintf("%s, %s, %d", rate(logins.perSecond(http.StatusOK)),
		rate(logins.perSecond(http.StatusServiceUnavailable)), logins.others(http.StatusOK, http.StatusServiceUnavailable)))
	if n := asked.others(http.StatusOK); n > 0 {
		p.note("%s: %d answers to /users/session/ were not 200 (%s)", kind, n, asked.Fault)
	}
	if logins.Fault != "" {
		p.note("%s: a login got no answer: %s", kind, logins.Fault)
	}
}
