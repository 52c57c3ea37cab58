package pgtest

import (
	"net"
	"sync"
	"time"
)

// dialTimeout is shorter than what a kernel allows, since the end of the test
// waits for a dial that is under way.
const dialTimeout = 10 * time.Second

// link is one connection through a proxy.
type link struct {
	proxy  *Proxy
	client net.Conn
	closed chan struct{}

	mu       sync.Mutex
	database net.Conn // nil until the database is dialled
}

// run serves the link until one of its ends is closed.
func (l *link) run() {
	defer l.proxy.forget(l)
	defer l.close()
	if !l.waitForFlow() {
		return
	}
	database, err := net.DialTimeout(l.proxy.network, l.proxy.target, dialTimeout)
	if err != nil || !l.connect(database) {
		return
	}
	var back sync.WaitGroup
	back.Go(func() { l.pump(l.client, database) })
	l.pump(database, l.client)
	back.Wait()
}

// connect returns false when the link was closed in the meantime.
func (l *link) connect(database net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.closed:
		_ = database.Close()
		return false
	default:
		l.database = database
		return true
	}
}

// pump closes the link at the end of the source, but not before bytes flow:
// the end of a connection is news that does not pass a dead network either.
func (l *link) pump(to, from net.Conn) {
	defer l.close()
	buffer := make([]byte, 32<<10)
	for {
		n, readErr := from.Read(buffer)
		if !l.waitForFlow() {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil || readErr != nil {
			return
		}
	}
}

// waitForFlow returns false when the link was closed before bytes may pass.
func (l *link) waitForFlow() bool {
	select {
	case <-l.proxy.currentFlow():
		return true
	case <-l.closed:
		return false
	}
}

// close may be called several times, by any goroutine.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.closed:
		return
	default:
	}
	close(l.closed)
	_ = l.client.Close()
	if l.database != nil {
		_ = l.database.Close()
	}
}
