package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"
)

// sessionTarget is the least share of the bare handler's rate.
const sessionTarget = 0.8

// warmUp lets connections and caches fill before anything is counted.
const warmUp = 300 * time.Millisecond

// measureSession compares POST /users/session/ with a bare gin handler that
// verifies a token and reads one row.
func measureSession(ctx context.Context, b *bench) error {
	p := b.report.part("POST /users/session/, %d connections", b.conns)
	logging := "both write a line of JSON per request to /dev/null"
	if !b.bareLog {
		logging = "latchkey writes a line of JSON per request to /dev/null, the bare handler none"
	}
	p.note("against gin + golang-jwt (HS256) + one users_user row by primary key through bun; %s", logging)
	for _, kind := range kinds {
		if err := compareSession(ctx, b, p, kind); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

func compareSession(ctx context.Context, b *bench, p *part, kind string) (err error) {
	database, err := b.database(ctx, kind, fewUsers)
	if err != nil {
		return err
	}
	product, err := b.serveLatchkey(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, product.stop()) }()
	bare, err := b.serveBare(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()

	tokens, err := logIn(product.addr, b.conns)
	if err != nil {
		return err
	}
	one := load{addr: product.addr, clients: b.conns, warm: warmUp, during: b.slice()}
	other := one
	other.addr = bare.addr
	for i, token := range tokens {
		one.requests = append(one.requests, render("POST", "/api/v1/users/session/", token, ""))
		other.requests = append(other.requests, render("POST", "/session/", bareToken(int64(i+1)), ""))
	}
	return b.compareSides(ctx, p, kind, &side{server: product, load: one}, &side{server: bare, load: other})
}

// side is one of the two that are compared.
type side struct {
	server *process
	load   load
	rates  []float64
	took   []time.Duration
	cpu    []time.Duration // of the server, per answer
}

// measure adds a slice.
func (s *side) measure(ctx context.Context) error {
	before := s.server.cpu()
	found := s.load.run(ctx)
	used := s.server.cpu() - before
	if n := found.others(http.StatusOK); n > 0 {
		return fmt.Errorf("%d answers were not 200 (%s)", n, found.Fault)
	}
	took := found.Took[http.StatusOK]
	s.rates = append(s.rates, found.perSecond(http.StatusOK))
	s.took = append(s.took, took...)
	// What was answered while warming up is in used too.
	share := float64(s.load.during) / float64(s.load.during+s.load.warm)
	s.cpu = append(s.cpu, time.Duration(float64(used)*share)/time.Duration(max(1, len(took))))
	return nil
}

func (s *side) latencies() string {
	return ms(percentile(s.took, 50)) + ", " + ms(percentile(s.took, 99))
}

// compareSides measures the two in turns.
func (b *bench) compareSides(ctx context.Context, p *part, kind string, product, bare *side) error {
	err := errors.Join(product.server.profile(filepath.Join(b.profile, "session-"+kind)), bare.server.profile(filepath.Join(b.profile, "bare-"+kind)))
	for range b.rounds {
		err = errors.Join(err, product.measure(ctx), bare.measure(ctx))
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	ratio := median(ratios(product.rates, bare.rates))
	p.row("  "+kind, rate(median(product.rates)), rate(median(bare.rates)), fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.2f", sessionTarget), met(ratio >= sessionTarget))
	p.row("    p50, p99", product.latencies(), bare.latencies())
	if used := median(bare.cpu); used > 0 {
		p.row("    processor time of the server", us(median(product.cpu)), us(used), fmt.Sprintf("%.2f", float64(used)/float64(median(product.cpu))))
	}
	return nil
}
