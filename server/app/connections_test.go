package app

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/web"
)

// house is a server with bounds, whose requests to /hold stay until the test ends.
type house struct {
	*httptest.Server
	conns  *Connections
	claims *claims
	held   chan struct{} // a request to /hold has arrived
	log    *bytes.Buffer
}

func openHouse(t *testing.T, l limits, trusted ...netip.Prefix) *house {
	t.Helper()
	site, err := web.New(web.Config{})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{held: make(chan struct{}, 100), log: &bytes.Buffer{}}
	release := make(chan struct{})
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hold" {
			h.held <- struct{}{}
			<-release
		}
		_, _ = io.WriteString(w, "ok")
	})
	log := slog.New(slog.DiscardHandler)
	h.conns = newConnections(l, trusted, NewLog(h.log, slog.LevelInfo))
	began := time.Now()
	h.conns.now = func() time.Time { return began }
	if h.claims, err = newClaims([]byte(claimSecret), time.Now, log); err != nil {
		t.Fatal(err)
	}
	h.claims.believed = h.conns.vouched
	bound := h.claims.believe(newRequestsPerClient(l, trusted, refuseBy(site)).bound(answer))
	h.Server = httptest.NewUnstartedServer(refuseSpare(observe(bound, log, trusted)))
	h.Listener = h.conns.Listen(h.Listener)
	h.Config.ConnContext = h.conns.Context
	h.Config.ConnState = h.conns.Note
	h.Start()
	t.Cleanup(func() { close(release); h.Close() })
	return h
}

// client is a connection of its own, from an address of this machine.
type client struct {
	net.Conn
	reader *bufio.Reader
}

func (h *house) connect(t *testing.T, from string) *client {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", h.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil { // for a failure alone
		t.Fatal(err)
	}
	return &client{conn, bufio.NewReader(conn)}
}

// send sends a request, and does not wait for its answer.
func (c *client) send(path string, header ...string) {
	_, _ = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, strings.Join(append(header, ""), "\r\n"))
}

// reply is an answer that was read.
type reply struct {
	status int // 0: the connection is closed
	header http.Header
	last   bool // the connection ends with it
}

func (c *client) ask(t *testing.T, path string, header ...string) reply {
	t.Helper()
	c.send(path, header...)
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return reply{}
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return reply{answer.StatusCode, answer.Header, answer.Close}
}

func (c *client) isClosed() bool {
	_, err := c.reader.ReadByte()
	return errors.Is(err, io.EOF) || err != nil && strings.Contains(err.Error(), "reset")
}

// later lets time pass for those who wait.
func (h *house) later(by time.Duration) {
	h.conns.mu.Lock()
	defer h.conns.mu.Unlock()
	then := h.conns.now().Add(by)
	h.conns.now = func() time.Time { return then }
}

func (h *house) hold(t *testing.T, from string, header ...string) {
	t.Helper()
	h.connect(t, from).send("/hold", header...)
	<-h.held
}

func mustBe(t *testing.T, answer reply, status int) {
	t.Helper()
	if answer.status != status {
		t.Fatalf("answers %+v, want %d", answer, status)
	}
}

// One client has its part, and a little more is answered 429; another client and the
// health check notice nothing.
func TestAClientHasItsPartOfTheConnections(t *testing.T) {
	t.Parallel()
	l := testLimits()
	l.perClient = 3
	h := openHouse(t, l)
	for range l.perClient {
		h.hold(t, "127.0.0.1")
	}
	for range 3 {
		one := h.connect(t, "127.0.0.1")
		answer := one.ask(t, "/")
		mustBe(t, answer, http.StatusTooManyRequests)
		if answer.header.Get("Retry-After") == "" || !answer.last || !one.isClosed() {
			t.Errorf("refused with %v", answer.header)
		}
		mustBe(t, h.connect(t, "127.0.0.1").ask(t, healthPath), http.StatusOK)
	}
	mustBe(t, h.connect(t, "127.0.0.2").ask(t, "/"), http.StatusOK)
	if lines := strings.Count(h.log.String(), "\n"); lines != 1 {
		t.Errorf("%d lines in the log: %s", lines, h.log)
	}
}

// A full house answers 503 and says that it is alive, also while those who were refused
// say nothing.
func TestAFullHouseStillSaysThatItIsAlive(t *testing.T) {
	t.Parallel()
	l := testLimits()
	l.conns = 3
	h := openHouse(t, l)
	for i := range l.conns {
		h.hold(t, fmt.Sprintf("127.0.0.%d", i+1))
	}
	answer := h.connect(t, "127.0.0.9").ask(t, "/")
	mustBe(t, answer, http.StatusServiceUnavailable)
	if answer.header.Get("Retry-After") == "" || answer.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("refused with %v", answer.header)
	}
	silent, check := h.connect(t, "127.0.0.8"), h.connect(t, "127.0.0.7")
	for range 2 * spareConns {
		h.connect(t, "127.0.0.8")
	}
	mustBe(t, h.connect(t, "127.0.0.8").ask(t, healthPath), http.StatusOK)
	mustBe(t, check.ask(t, healthPath), http.StatusOK) // those of another client drive out none
	mustBe(t, h.connect(t, "127.0.0.9").ask(t, healthPath), http.StatusOK)
	if !silent.isClosed() {
		t.Error("who waits longest among those refused is kept")
	}
}

// Who waits for a request makes room for who comes: the one that has waited longest.
func TestAConnectionThatWaitsMakesRoom(t *testing.T) {
	t.Parallel()
	for name, narrow := range map[string]func(l *limits){
		"in all":        func(l *limits) { l.conns = 3 },
		"of one client": func(l *limits) { l.perClient = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := testLimits()
			narrow(&l)
			h := openHouse(t, l)
			first, second := h.connect(t, "127.0.0.1"), h.connect(t, "127.0.0.1")
			h.hold(t, "127.0.0.1")
			mustBe(t, first.ask(t, "/"), http.StatusOK) // now the second has waited longer
			if answer := h.connect(t, "127.0.0.1").ask(t, "/"); answer.status == http.StatusOK {
				t.Error("one has to go that may have asked already")
			}
			h.later(waitGrace)
			mustBe(t, h.connect(t, "127.0.0.1").ask(t, "/"), http.StatusOK)
			if !second.isClosed() {
				t.Error("the one that has waited longest is kept")
			}
			mustBe(t, first.ask(t, "/"), http.StatusOK)
		})
	}
}

// Behind a proxy all have its connections: there a client's requests count, and
// somebody else's go on.
func TestBehindAProxyAClientHasItsPartOfTheRequests(t *testing.T) {
	t.Parallel()
	l := testLimits()
	l.perClient = 2
	h := openHouse(t, l, netip.MustParsePrefix("127.0.0.1/32"))
	for range l.perClient {
		h.hold(t, "127.0.0.1", "X-Forwarded-For: 192.0.2.7")
	}
	proxy := h.connect(t, "127.0.0.1")
	mustBe(t, proxy.ask(t, "/", "X-Forwarded-For: 192.0.2.7"), http.StatusTooManyRequests)
	mustBe(t, proxy.ask(t, healthPath, "X-Forwarded-For: 192.0.2.7"), http.StatusOK)
	mustBe(t, proxy.ask(t, "/", "X-Forwarded-For: 192.0.2.8"), http.StatusOK)
	for range 2 * l.perClient { // nobody in particular
		h.hold(t, "127.0.0.1")
	}
	mustBe(t, proxy.ask(t, "/"), http.StatusOK)
}

// The Next.js app on another machine asks for all visitors: one of them has its part of the
// requests, and keeps neither the connections nor the answers from the others.
func TestAVisitorOfTheAppHasItsPartOfTheRequests(t *testing.T) {
	t.Parallel()
	l := testLimits()
	l.perClient = 2
	h := openHouse(t, l)
	first := h.connect(t, "127.0.0.5")
	mustBe(t, first.ask(t, "/", h.claimed(t, "/", "192.0.2.7")), http.StatusOK)
	for range l.perClient {
		h.hold(t, "127.0.0.5", h.claimed(t, "/hold", "192.0.2.7"))
	}
	mustBe(t, h.connect(t, "127.0.0.5").ask(t, "/", h.claimed(t, "/", "192.0.2.7")), http.StatusTooManyRequests)
	mustBe(t, h.connect(t, "127.0.0.5").ask(t, "/", h.claimed(t, "/", "192.0.2.8")), http.StatusOK)

	// Somebody else's machine is not taken for the app, whatever it writes.
	used := h.claimed(t, "/hold", "192.0.2.9")
	h.hold(t, "127.0.0.5", used)
	for range l.perClient {
		h.hold(t, "127.0.0.6", used)
	}
	mustBe(t, h.connect(t, "127.0.0.6").ask(t, "/", used), http.StatusTooManyRequests)
}

// claimed is the header by which the app vouches for a visitor who asks for a path.
func (h *house) claimed(t *testing.T, path, address string) string {
	t.Helper()
	said, err := json.Marshal(claim{Time: time.Now().Unix(), Nonce: rand.Text(), Address: address, Body: hexSum(nil)})
	if err != nil {
		t.Fatal(err)
	}
	payload := b64(said)
	r := httptest.NewRequest(http.MethodGet, path, nil)
	return claimHeader + ": " + payload + "." + b64(h.claims.macOf(r, payload))
}

// What is closed is counted no more, and who has nothing is forgotten.
func TestClosedConnectionsAreForgotten(t *testing.T) {
	t.Parallel()
	h := openHouse(t, testLimits())
	for range 20 {
		one := h.connect(t, "127.0.0.1")
		mustBe(t, one.ask(t, "/", "Connection: close"), http.StatusOK)
		if !one.isClosed() {
			t.Fatal("the connection goes on")
		}
	}
	h.Close() // waits until the server has closed them too
	if h.conns.open != 0 || len(h.conns.peers) != 0 || h.conns.waiting.Len() != 0 {
		t.Errorf("%d open, %d clients, %d waiting", h.conns.open, len(h.conns.peers), h.conns.waiting.Len())
	}
}
