package app

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// errSilent is why a request to the Next.js server is given up: for too long, neither
// side has sent anything.
var errSilent = errors.New("nothing came for too long")

// watchdog calls expire when it was not reset for too long. After stop it does not,
// and neither is expire still running.
type watchdog struct {
	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
	expire  func()
}

func watch(within time.Duration, expire func()) *watchdog {
	d := &watchdog{expire: expire}
	d.timer = time.AfterFunc(within, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if !d.stopped {
			d.expire()
		}
	})
	return d
}

// reset begins to wait anew.
func (d *watchdog) reset(within time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.stopped {
		d.timer.Reset(within)
	}
}

func (d *watchdog) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped = true
	d.timer.Stop()
}

// watchedWriter passes on an answer of the Next.js server, or what follows an upgrade,
// and resets the watchdog whenever something passes.
type watchedWriter struct {
	http.ResponseWriter
	limits limits
	dog    *watchdog
	// release unblocks whoever reads from or writes to the client.
	mu       sync.Mutex
	release  func()
	hijacked bool
}

// Unwrap is for [http.ResponseController].
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements [http.ResponseWriter]. From here on, the answer may take
// whatever time it likes, as long as something comes.
func (w *watchedWriter) WriteHeader(status int) {
	if status >= http.StatusOK {
		w.dog.reset(w.limits.idle)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(w.limits.write)) // memory has none
	n, err := w.ResponseWriter.Write(p)
	w.dog.reset(w.limits.idle)
	return n, err
}

// Hijack implements [http.Hijacker].
func (w *watchedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	taken, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	_ = taken.SetDeadline(time.Time{}) // those of the request
	w.mu.Lock()
	w.hijacked = true
	w.release = func() { _ = taken.SetDeadline(time.Now()) }
	w.mu.Unlock()
	w.dog.reset(w.limits.idle)
	return &watchedConn{taken, w}, buffered, nil
}

func (w *watchedWriter) isHijacked() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hijacked
}

func (w *watchedWriter) expire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.release()
}

// watchedConn is a client's connection after an upgrade. Whatever either side sends
// passes it.
type watchedConn struct {
	net.Conn
	writer *watchedWriter
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.writer.dog.reset(c.writer.limits.idle)
	return n, err
}

func (c *watchedConn) Write(p []byte) (int, error) {
	// Not SetDeadline: the other direction has the watchdog alone.
	_ = c.SetWriteDeadline(time.Now().Add(c.writer.limits.write))
	n, err := c.Conn.Write(p)
	c.writer.dog.reset(c.writer.limits.idle)
	return n, err
}

// CloseWrite lets one side say that it is done, and the other one finish.
func (c *watchedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
