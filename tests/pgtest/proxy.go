package pgtest

import (
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Proxy stands between a test and its database, so that the test can see the
// database go away and come back while the URL stays the same. A new Proxy
// forwards everything. Its methods may be called in any order, by the
// goroutine of the test.
type Proxy struct {
	t       testing.TB
	url     string
	address string // of the proxy
	network string // of the database, with target
	target  string

	running sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while connections are refused
	links    map[*link]struct{}
	flow     chan struct{} // closed while bytes are forwarded
}

// NewProxy starts a proxy for the database that the URL names. It is closed,
// with all connections through it, when the test ends.
func NewProxy(t testing.TB, databaseURL string) *Proxy {
	t.Helper()
	// This also resolves a host or socket that the query of the URL names.
	config, err := pgconn.ParseConfig(databaseURL)
	if err != nil {
		t.Fatalf("pgtest: proxy: %v", err)
	}
	listener, err := listen()
	if err != nil {
		t.Fatalf("pgtest: proxy: %v", err)
	}
	p := &Proxy{t: t, address: listener.Addr().String(), links: map[*link]struct{}{}, flow: make(chan struct{})}
	p.network, p.target = pgconn.NetworkAddress(config.Host, config.Port)
	if p.url, err = redirect(databaseURL, p.address); err != nil {
		t.Fatalf("pgtest: proxy: %v", err)
	}
	close(p.flow)
	p.serve(listener)
	t.Cleanup(func() {
		p.Refuse()
		p.running.Wait()
	})
	return p
}

func redirect(databaseURL, address string) (string, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "", err
	}
	u.Host = address
	query := u.Query()
	query.Del("host")
	query.Del("port")
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// URL returns the connection URL of the database through the proxy. It is
// the same at all times.
func (p *Proxy) URL() string { return p.url }

// Refuse makes the database unreachable, as if its server had ended: every
// connection is closed, and new ones are refused.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil {
		return
	}
	_ = p.listener.Close()
	p.listener = nil
	for l := range p.links {
		l.close()
	}
}

// Hang makes the database silent, as if its network lost every packet: open
// connections stay open and new ones are accepted, but nothing that is sent
// after Hang has returned arrives at the other end before Resume.
func (p *Proxy) Hang() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.flowing() {
		p.flow = make(chan struct{})
	}
	p.relisten()
}

// Resume makes the database answer again, on the same port. What was sent
// while it hung is delivered.
func (p *Proxy) Resume() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.flowing() {
		close(p.flow)
	}
	p.relisten()
}

// relisten is called with p.mu held.
func (p *Proxy) relisten() {
	p.t.Helper()
	if p.listener != nil {
		return
	}
	listener, err := net.Listen("tcp", p.address)
	if err != nil {
		p.t.Fatalf("pgtest: proxy: %v", err)
	}
	p.serve(listener)
}

// flowing is called with p.mu held.
func (p *Proxy) flowing() bool {
	select {
	case <-p.flow:
		return true
	default:
		return false
	}
}

func (p *Proxy) serve(listener net.Listener) {
	p.listener = listener
	p.running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			p.adopt(listener, client)
		}
	})
}

// adopt closes a connection that was accepted just before its listener was
// closed, since Refuse has not seen it.
func (p *Proxy) adopt(listener net.Listener, client net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != listener {
		_ = client.Close()
		return
	}
	l := &link{proxy: p, client: client, closed: make(chan struct{})}
	p.links[l] = struct{}{}
	p.running.Go(l.run)
}

func (p *Proxy) forget(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

func (p *Proxy) currentFlow() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flow
}
