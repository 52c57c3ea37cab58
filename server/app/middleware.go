package app

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/reqctx"
)

// maxLoggedPath is how much of a path is logged, in bytes: ours are shorter.
const maxLoggedPath = 512

// observe gives every request an id and its client, and logs it when it is
// answered. The log has the path and never the query: people paste tokens there.
func observe(next http.Handler, log *slog.Logger, trusted []netip.Prefix) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		address, viaProxy := clientAddress(r, trusted)
		info := &reqctx.Info{
			ID:       newRequestID(),
			Client:   auth.Client{Address: address, UserAgent: r.UserAgent()},
			ViaProxy: viaProxy,
		}
		w.Header().Set("X-Request-ID", info.ID)
		answer := &answer{ResponseWriter: w}
		r = r.WithContext(reqctx.With(r.Context(), info))
		defer func() {
			if panicked := recover(); panicked != nil {
				answer.failed(r, log, panicked)
			}
			if answer.status == 0 {
				answer.status = http.StatusOK // what net/http answers for a handler that says nothing
			}
			attrs := []slog.Attr{
				slog.String("method", r.Method),
				slog.String("path", r.URL.Path[:min(len(r.URL.Path), maxLoggedPath)]),
				slog.Int("status", answer.status),
				slog.Int64("bytes", answer.bytes),
				slog.Float64("ms", float64(time.Since(began).Microseconds())/1000),
				slog.String("client", info.Client.Address),
			}
			log.LogAttrs(r.Context(), slog.LevelInfo, "request", append(attrs, refusal(info.Refused)...)...)
		}()
		next.ServeHTTP(answer, r)
	})
}

// refusal says why a request was refused: to us the cause too, which a client
// must not learn.
func refusal(refused *auth.Error) []slog.Attr {
	if refused == nil {
		return nil
	}
	attrs := []slog.Attr{slog.String("code", string(refused.Code))}
	if cause := refused.Unwrap(); cause != nil {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	}
	return attrs
}

func newRequestID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// keepPrivate marks answers that are meant for one client and are no page.
func keepPrivate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

const (
	// unreadTimeout is how long a client may take to send a body that nobody reads.
	unreadTimeout = 5 * time.Second
	// answerTimeout is how long a client may take to read an answer of ours; the
	// largest is a file of half a megabyte.
	answerTimeout = time.Minute
)

// bounded is for what we answer ourselves. The server reads a body before it
// answers, even if nobody wants it, and would wait for a client that stops in the
// middle; what reads it sets a bound of its own.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A writer that has no deadlines (in tests) is memory.
		control := http.NewResponseController(w)
		_ = control.SetWriteDeadline(time.Now().Add(answerTimeout))
		if r.ContentLength != 0 {
			_ = control.SetReadDeadline(time.Now().Add(unreadTimeout))
		}
		next.ServeHTTP(w, r)
	})
}

// answer notes what is answered, for the log.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Unwrap lets http.ResponseController find what the server's own writer can do.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Hijack implements [http.Hijacker], and notes that the protocol was switched.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	taken, buffered, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil {
		a.status = http.StatusSwitchingProtocols
	}
	return taken, buffered, err
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK { // 1xx come before the answer
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

// failed answers a panic that nobody caught before.
func (a *answer) failed(r *http.Request, log *slog.Logger, panicked any) {
	if panicked == http.ErrAbortHandler { //nolint:errorlint // a sentinel that is panicked with, as it is
		panic(panicked)
	}
	log.ErrorContext(r.Context(), "panic", "error", fmt.Sprint(panicked), "stack", string(debug.Stack()))
	if a.status == 0 {
		http.Error(a, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}
