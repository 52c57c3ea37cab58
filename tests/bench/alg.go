package main

import (
	"context"
	"errors"
	"fmt"
)

// algTarget is the least share of HS256's rate that a session check has with EdDSA.
const algTarget = 0.6

// measureAlgs compares tokens that others can verify with those that they cannot.
func measureAlgs(ctx context.Context, b *bench) error {
	p := b.report.part("LATCHKEY_TOKEN_ALG=EdDSA, %d connections", b.conns)
	p.note("against HS256, both latchkey")
	for _, kind := range kinds {
		if err := compareAlgs(ctx, b, p, kind); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

func compareAlgs(ctx context.Context, b *bench, p *part, kind string) (err error) {
	database, err := b.database(ctx, kind, fewUsers)
	if err != nil {
		return err
	}
	eddsa, err := b.serveLatchkey(ctx, database, "LATCHKEY_TOKEN_ALG=EdDSA")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, eddsa.stop()) }()
	hs256, err := b.serveLatchkey(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hs256.stop()) }()

	var checks, logins []*side
	for _, server := range []*process{eddsa, hs256} {
		tokens, err := logIn(server.addr, b.conns)
		if err != nil {
			return err
		}
		check := &side{server: server, load: load{addr: server.addr, clients: b.conns, warm: warmUp, during: b.slice()}}
		for _, token := range tokens {
			check.load.requests = append(check.load.requests, render("POST", "/api/v1/users/session/", token, ""))
		}
		checks = append(checks, check)
		logins = append(logins, &side{server: server, load: load{
			addr: server.addr, requests: loginRequests(1), clients: 1, warm: warmUp, during: b.slice(),
		}})
	}
	for range b.rounds {
		for _, each := range append(checks, logins...) {
			err = errors.Join(err, each.measure(ctx))
		}
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	ratio := median(ratios(checks[0].rates, checks[1].rates))
	p.row("  "+kind+", session", rate(median(checks[0].rates)), rate(median(checks[1].rates)), fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.2f", algTarget), met(ratio >= algTarget))
	p.row("    p50, p99", checks[0].latencies(), checks[1].latencies())
	p.row("    processor time of the server", us(median(checks[0].cpu)), us(median(checks[1].cpu)))
	p.row("  "+kind+", a login after the other, p50, p99", logins[0].latencies(), logins[1].latencies())
	return nil
}
