package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	soakClients = 64 // that log in without a pause
	soakRise    = 2 * time.Second

	soakMemory = 120.0 // MB, without a limit, while logins do not end
	restTime   = time.Minute
	restTarget = 60.0 // MB, that long after the last

	bodySize    = 64 << 10 // the largest that the API accepts
	bodyClients = 500
	roomySize   = 128 // MB, for all that is not a login
)

// containerSizes are what people give to such a service, in MB.
var containerSizes = []int64{64, 96, 128, 256}

// measureSoak holds the product to the memory that it is given.
func measureSoak(ctx context.Context, b *bench) error {
	database, err := b.database(ctx, "SQLite", fewUsers)
	if err != nil {
		return err
	}
	if err := soakWithoutLimit(ctx, b, database); err != nil {
		return fmt.Errorf("without a limit: %w", err)
	}
	p := b.report.part("In a container, %d connections of logins for %s", soakClients, b.soak)
	probe, err := newContainer(64 << 20)
	if err != nil {
		p.note("left out: %v", err)
		return nil
	}
	if err := probe.remove(); err != nil {
		return err
	}
	for _, size := range containerSizes {
		if err := soakLogins(ctx, b, p, database, size); err != nil {
			return fmt.Errorf("%d MB: %w", size, err)
		}
	}
	p = b.report.part("In a container of %d MB", roomySize)
	if err := soakBodies(ctx, b, p, database); err != nil {
		return fmt.Errorf("bodies: %w", err)
	}
	if err := soakExport(ctx, b, p); err != nil {
		return fmt.Errorf("all users: %w", err)
	}
	return nil
}

// floodLogins logs in on many connections, and asks for sessions beside them.
func (b *bench) floodLogins(ctx context.Context, server *process) (asked, logins outcome, err error) {
	tokens, err := logIn(server.addr, floodProbes)
	if err != nil {
		return asked, logins, err
	}
	probe := load{addr: server.addr, clients: floodProbes, warm: soakRise, during: b.soak, pause: probePause}
	for _, token := range tokens {
		probe.requests = append(probe.requests, render("POST", "/api/v1/users/session/", token, ""))
	}
	flooded := make(chan error, 1)
	go func() {
		flooded <- b.child(ctx, &logins, "child-flood", "-addr", server.addr, "-clients", fmt.Sprint(soakClients),
			"-warm", soakRise.String(), "-for", probe.during.String())
	}()
	asked = probe.run(ctx)
	return asked, logins, <-flooded
}

func soakWithoutLimit(ctx context.Context, b *bench, database string) (err error) {
	p := b.report.part("Without a limit, %d connections of logins for %s", soakClients, b.soak)
	server, err := b.serveLatchkey(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	rest(ctx, 3*idleTime)
	idle, _, err := server.memory()
	if err != nil {
		return err
	}
	watched, ended := context.WithCancel(ctx)
	defer ended()
	peak := make(chan float64, 1)
	go func() { peak <- server.peak(watched) }()
	asked, logins, err := b.floodLogins(ctx, server)
	ended()
	most := <-peak
	if err != nil {
		return err
	}
	rest(ctx, restTime)
	after, _, err := server.memory()
	if err != nil {
		return err
	}
	p.row("  memory idle", fmt.Sprintf("%.1f MB", idle), "", "", fmt.Sprintf("≤ %.0f MB", memoryTarget), met(idle <= memoryTarget))
	p.row("  at most", fmt.Sprintf("%.1f MB", most), "", "", fmt.Sprintf("≤ %.0f MB", soakMemory), met(most <= soakMemory))
	p.row(fmt.Sprintf("  %s after the last", restTime), fmt.Sprintf("%.1f MB", after), "", "", fmt.Sprintf("≤ %.0f MB", restTarget), met(after <= restTarget))
	p.row("  logins: 200, 503", rate(logins.perSecond(http.StatusOK))+", "+rate(logins.perSecond(http.StatusServiceUnavailable)))
	p.row("  session p50, p99", ms(percentile(asked.Took[http.StatusOK], 50))+", "+ms(percentile(asked.Took[http.StatusOK], 99)))
	return ctx.Err()
}

// within runs something on a server in a container, and says what became of both.
func (b *bench) within(ctx context.Context, p *part, title string, size int64, database string, run func(server *process) (held bool, err error)) (err error) {
	c, err := newContainer(size << 20)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.remove()) }()
	server, err := b.serveIn(ctx, c, database)
	if err != nil {
		return err
	}
	held, ran := run(server)
	kills, err := c.kills()
	peak := c.peak()
	if err := errors.Join(err, server.stop()); err != nil {
		return err
	}
	if ran != nil && kills == 0 {
		return ran
	}
	p.row(title, fmt.Sprintf("peak %.0f MB", peak), fmt.Sprintf("killed %d times", kills), "", "never", met(kills == 0 && held))
	return ctx.Err()
}

func soakLogins(ctx context.Context, b *bench, p *part, database string, size int64) error {
	var asked, logins outcome
	later := 0
	err := b.within(ctx, p, fmt.Sprintf("  %d MB", size), size, database, func(server *process) (bool, error) {
		told := make(chan int, 1)
		watched, ended := context.WithTimeout(ctx, soakRise+b.soak)
		defer ended()
		go func() { told <- countUntold(watched, server.addr) }()
		var err error
		asked, logins, err = b.floodLogins(ctx, server)
		later = <-told
		return asked.others(http.StatusOK) == 0 && logins.others(http.StatusOK, http.StatusServiceUnavailable) == 0 && later == 0, err
	})
	p.row("    logins: 200, 503, else", fmt.Sprintf("%s, %s, %d", rate(logins.perSecond(http.StatusOK)),
		rate(logins.perSecond(http.StatusServiceUnavailable)), logins.others(http.StatusOK, http.StatusServiceUnavailable)))
	p.row("    session p50, p99", ms(percentile(asked.Took[http.StatusOK], 50))+", "+ms(percentile(asked.Took[http.StatusOK], 99)))
	p.row("    refused without Retry-After, or session lost", fmt.Sprintf("%d, %d", later, asked.others(http.StatusOK)))
	for _, fault := range []string{asked.Fault, logins.Fault} {
		if fault != "" {
			p.note("%d MB: no answer: %s", size, fault)
		}
	}
	return err
}

// countUntold logs in until ctx ends, and returns how many were refused without being
// told when to try again.
func countUntold(ctx context.Context, addr string) (untold int) {
	body := fmt.Sprintf(`{"username": %q, "password": %q}`, seedEmail(1), seedPassword)
	for ctx.Err() == nil {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/api/v1/users/login/", strings.NewReader(body))
		if err != nil {
			return untold + 1
		}
		request.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			if answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") == "" {
				untold++
			}
			_ = answer.Body.Close() // nothing of it is wanted
		}
		rest(ctx, 10*probePause)
	}
	return untold
}

// soakBodies sends the largest bodies on many connections at once.
func soakBodies(ctx context.Context, b *bench, p *part, database string) error {
	return b.within(ctx, p, fmt.Sprintf("  bodies of %d KiB on %d connections", bodySize>>10, bodyClients), roomySize, database,
		func(server *process) (bool, error) {
			start, end := `{"username": "nobody@example.com", "password": "`, `"}`
			body := start + string(bytes.Repeat([]byte("x"), bodySize-len(start)-len(end))) + end
			sent := load{
				addr: server.addr, clients: bodyClients, during: b.soak / 2, //nolint:mnd // half as long as logins
				requests: [][]byte{render("POST", "/api/v1/users/login/", "", body)},
			}.run(ctx)
			if sent.Fault != "" {
				p.note("bodies: no answer: %s", sent.Fault)
			}
			return len(sent.Took[0]) == 0, nil
		})
}

// soakExport asks for the list of very many users, and for all of them as a file.
func soakExport(ctx context.Context, b *bench, p *part) error {
	database, err := b.database(ctx, "SQLite", b.users)
	if err != nil {
		return err
	}
	err = b.manage(ctx, database, []string{"createsuperuser", "--noinput"}, "LATCHKEY_SUPERUSER_EMAIL="+adminEmail, "LATCHKEY_SUPERUSER_PASSWORD="+seedPassword)
	if err != nil {
		return err
	}
	return b.within(ctx, p, fmt.Sprintf("  %d users as a list and as CSV", b.users), roomySize, database, func(server *process) (bool, error) {
		cookie, err := signIn(ctx, server.addr)
		if err != nil {
			return false, fmt.Errorf("signing in: %w", err)
		}
		for _, page := range []string{"", "?o=last_name", "?q=example"} {
			if _, err := countLines(ctx, "http://"+server.addr+"/admin/users/"+page, cookie); err != nil {
				return false, err
			}
		}
		rows, err := countLines(ctx, "http://"+server.addr+"/admin/users/export.csv", cookie)
		return rows > b.users, err
	})
}
