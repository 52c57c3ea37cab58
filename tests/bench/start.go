package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	startTarget  = 150 * time.Millisecond
	memoryTarget = 40.0 // MB
	startTimes   = 10
	idleTime     = 5 * time.Second
)

// measureStart measures what could grow with the number of users: the start, the
// memory, and the queries of a login.
func measureStart(ctx context.Context, b *bench) error {
	sizes := []int{fewUsers, b.users}
	p := b.report.part("Start and memory")
	p.note("from exec to the first 200 of /api/v1/health, median of %d; VmRSS %s after the start, and its peak until then", startTimes, idleTime)
	for _, kind := range kinds {
		for _, users := range sizes {
			if err := measureIdle(ctx, b, p, kind, users); err != nil {
				return fmt.Errorf("%s with %d users: %w", kind, users, err)
			}
		}
	}
	p = b.report.part("Database time of a login")
	p.note("median of %d, in this process through package repo; ratio: %d users to %d", queryRounds, b.users, fewUsers)
	for _, kind := range kinds {
		if err := measureQueries(ctx, b, p, kind, sizes); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

func measureIdle(ctx context.Context, b *bench, p *part, kind string, users int) error {
	database, err := b.database(ctx, kind, users)
	if err != nil {
		return err
	}
	var took []time.Duration
	for range startTimes {
		server, err := b.serveLatchkey(ctx, database)
		if err != nil {
			return err
		}
		took = append(took, server.took)
		if err := server.stop(); err != nil {
			return err
		}
	}
	server, err := b.serveLatchkey(ctx, database)
	if err != nil {
		return err
	}
	rest(ctx, idleTime)
	now, peak, err := server.memory()
	if err := errors.Join(err, server.stop()); err != nil {
		return err
	}
	p.row(fmt.Sprintf("  %s, %d users: start", kind, users), ms(median(took)), "", "", "≤ "+ms(startTarget), met(median(took) <= startTarget))
	p.row("    memory idle (peak)", fmt.Sprintf("%.1f MB (%.1f)", now, peak), "", "", fmt.Sprintf("≤ %.0f MB", memoryTarget), met(now <= memoryTarget))
	return ctx.Err()
}
