package app

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"
)

var (
	errBodyTooLarge = errors.New("the body is too large")
	errBodyStalled  = errors.New("the body did not arrive in time")
	errClientBodies = errors.New("the client has too many bodies under way")
	errAllBodies    = errors.New("too many bodies are under way")
)

// frontendBody is a request's body on its way to the Next.js server, which holds all of
// it in memory. It ends with one of the errors above when it is too large, too slow, or
// one too many.
type frontendBody struct {
	io.ReadCloser
	limits  limits
	client  netip.Prefix
	bodies  *quota
	control *http.ResponseController
	began   time.Time
	arrived func() // after each part

	mu      sync.Mutex
	read    int64
	counted int64 // of bodies
	err     error
	over    bool // the request is answered, and the deadlines are others' now
}

// Read implements [io.Reader].
func (b *frontendBody) Read(p []byte) (int, error) {
	b.setDeadline(b.deadline())
	n, err := b.ReadCloser.Read(p)
	b.arrived()
	return n, b.note(n, err)
}

// deadline returns until when the next part must have arrived.
func (b *frontendBody) deadline() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	slowest := b.began.Add(b.limits.bodyGrace + time.Duration(b.read/b.limits.bodyRate)*time.Second)
	stalled := time.Now().Add(b.limits.bodyStall)
	if slowest.Before(stalled) {
		return slowest
	}
	return stalled
}

// setDeadline bounds the next read, unless the request is over.
func (b *frontendBody) setDeadline(until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over {
		_ = b.control.SetReadDeadline(until) // memory, in tests, has none
	}
}

// note counts what has arrived, and returns why there is no more.
func (b *frontendBody) note(n int, err error) error {
	if err != nil {
		// The server watches for a hang-up from here on; and what nobody reads it
		// waits for as long as endBody says.
		b.setDeadline(time.Time{})
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.read += int64(n)
	switch {
	case b.err != nil:
		return b.err
	case errors.Is(err, os.ErrDeadlineExceeded):
		b.err = errBodyStalled
	case b.read > b.limits.body:
		b.err = errBodyTooLarge
	default:
		b.err = b.count()
	}
	if b.err != nil {
		return b.err
	}
	return err
}

// count takes what has arrived, beyond what is free, from what all may have.
func (b *frontendBody) count() error {
	more := b.read - freeBody - b.counted
	if more <= 0 || b.over {
		return nil
	}
	switch b.bodies.take(b.client, more) {
	case tooMuch:
		return errClientBodies
	case usedUp:
		return errAllBodies
	case granted:
		b.counted += more
	}
	return nil
}

// failure returns why the body ended early, or nil.
func (b *frontendBody) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// Close does nothing: the server closes the body, and what the Next.js server did not
// want may be read until then.
func (b *frontendBody) Close() error { return nil }

// finish gives back what was counted: the request is answered.
func (b *frontendBody) finish(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	switch endBody(w, r); {
	case errors.Is(b.err, errBodyStalled):
		_ = b.control.SetReadDeadline(time.Now()) // it was waited for already
	case b.err != nil:
		drain(b.control, b.ReadCloser)
	}
	if b.counted > 0 {
		b.bodies.give(b.client, b.counted)
		b.counted = 0
	}
}

// drain reads what is left of a body whose request is answered, for as long as endBody
// says. Else the connection would be reset while the client still sends, and the
// client would see that and not the answer (as nginx's lingering_close has it).
func drain(control *http.ResponseController, body io.Reader) {
	if control.Flush() == nil {
		_, _ = io.Copy(io.Discard, body) // there is nobody to tell how it ended
	}
}

// endBody bounds how long the server waits for the rest of a body that nobody reads.
func endBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(unreadTimeout))
	}
}
