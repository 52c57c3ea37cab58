package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const (
	appDir = "frontend-client"
	// scriptTarget is how much more JavaScript the home page may have than an
	// empty one, compressed, in kB.
	scriptTarget = 10.0
	// proxyTarget is the least share of Next.js's own rate through the frontend proxy.
	proxyTarget = 0.9
	// proxyClients keep Next.js, which has one thread, busy.
	proxyClients = 8
)

// emptyApp is the least that Next.js makes a page of.
var emptyApp = map[string]string{
	"next.config.mjs": "import { dirname } from 'node:path'\nexport default { turbopack: { root: dirname(import.meta.dirname) }, outputFileTracingRoot: dirname(import.meta.dirname) }\n",
	"app/layout.jsx":  "export default function Layout({ children }) { return <html lang=\"en\"><body>{children}</body></html> }\n",
	"app/page.jsx":    "export default function Page() { return <h1>Hello</h1> }\n",
}

// measureApp wants the app to be built: make build-app.
func measureApp(ctx context.Context, b *bench) (err error) {
	app, err := b.startApp(ctx, filepath.Join(appDir, ".next", "standalone", "server.js"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.stop()) }()
	p := b.report.part("The Next.js app, home page, signed out")
	if err := compareScripts(ctx, b, p, app); err != nil {
		return err
	}
	return compareProxy(ctx, b, p, app)
}

// compareScripts builds an empty app beside ours, and compares what a browser has
// to load of both.
func compareScripts(ctx context.Context, b *bench, p *part, app *process) (err error) {
	dir := filepath.Join(appDir, ".bench-empty")
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for name, text := range emptyApp {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			return err
		}
	}
	next := filepath.Join(appDir, "node_modules", "next", "dist", "bin", "next")
	if output, err := exec.CommandContext(ctx, "node", next, "build", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("building an empty app: %w\n%s", err, output)
	}
	empty, err := b.startApp(ctx, next, "start", dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, empty.stop()) }()
	ours, err := scriptSize(ctx, app.addr)
	if err != nil {
		return err
	}
	theirs, err := scriptSize(ctx, empty.addr)
	if err != nil {
		return err
	}
	more := float64(ours-theirs) / 1000
	p.row("  JavaScript, gzip", kb(ours), kb(theirs), fmt.Sprintf("+%.1f kB", more), fmt.Sprintf("≤ +%.0f kB", scriptTarget), met(more <= scriptTarget))
	p.note("JavaScript: what the page's script elements load, against an App Router page that says Hello")
	return nil
}

func kb(n int64) string { return fmt.Sprintf("%.1f kB", float64(n)/1000) }

// compareProxy asks Next.js for its home page, and latchkey for the same.
func compareProxy(ctx context.Context, b *bench, p *part, app *process) (err error) {
	database, err := b.database(ctx, "SQLite", fewUsers)
	if err != nil {
		return err
	}
	proxy, err := b.serveLatchkey(ctx, database, "LATCHKEY_FRONTEND_URL=http://"+app.addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, proxy.stop()) }()
	request := [][]byte{render("GET", "/", "", "")}
	through := &side{server: proxy, load: load{addr: proxy.addr, requests: request, clients: proxyClients, warm: warmUp, during: b.slice()}}
	alone := &side{server: app, load: through.load}
	alone.load.addr = app.addr
	for range b.rounds {
		err = errors.Join(err, through.measure(ctx), alone.measure(ctx))
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	ratio := median(ratios(through.rates, alone.rates))
	p.row("  through the frontend proxy", rate(median(through.rates)), rate(median(alone.rates)), fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.2f", proxyTarget), met(ratio >= proxyTarget))
	p.row("    p50, p99", through.latencies(), alone.latencies())
	p.note("through the frontend proxy: %d connections to latchkey, which asks Next.js, against as many to Next.js itself", proxyClients)
	return nil
}

// startApp runs a Next.js server on a free port and waits until it answers.
func (b *bench) startApp(ctx context.Context, args ...string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	p := &process{addr: addr, cmd: exec.CommandContext(ctx, "node", args...)}
	p.cmd.Env = append(os.Environ(), "PORT="+port, "HOSTNAME="+host, "AUTH_SECRET="+secret, "AUTH_URL=http://"+addr,
		"INTERNAL_API_URL=http://127.0.0.1:1/api/v1", "NEXT_TELEMETRY_DISABLED=1")
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the Next.js app: %w", err)
	}
	if err := p.awaitAnswer("/"); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	p.took = time.Since(began)
	return p, nil
}

var scriptElement = regexp.MustCompile(`<script[^>]* src="([^"]+)"[^>]*>`)

// scriptSize adds up what the scripts of the home page weigh, compressed.
// Those for browsers without modules are left out: the others do not load them.
func scriptSize(ctx context.Context, addr string) (total int64, err error) {
	page, _, err := fetch(ctx, "http://"+addr+"/")
	if err != nil {
		return 0, err
	}
	seen := map[string]bool{}
	for _, found := range scriptElement.FindAllStringSubmatch(page, -1) {
		if seen[found[1]] || strings.Contains(strings.ToLower(found[0]), "nomodule") {
			continue
		}
		seen[found[1]] = true
		_, size, err := fetch(ctx, "http://"+addr+found[1])
		if err != nil {
			return 0, err
		}
		total += size
	}
	if total == 0 {
		return 0, errors.New("the page has no scripts")
	}
	return total, nil
}

// fetch returns a text, and how many bytes it takes compressed.
func fetch(ctx context.Context, url string) (text string, size int64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", 0, err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return "", 0, errors.Join(fmt.Errorf("%s answers %s", url, answer.Status), err)
	}
	var packed counter
	zip := gzip.NewWriter(&packed)
	_, err = zip.Write(body)
	return string(body), int64(packed), errors.Join(err, zip.Close())
}

// counter counts what is written to it.
type counter int64

// Write implements [io.Writer].
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
