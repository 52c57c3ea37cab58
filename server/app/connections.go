package app

import (
	"container/list"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/reqctx"
)

// Connections bounds how many connections there are, in all and of one client. When
// there is no room, the one that has waited longest for a request makes it, as in
// nginx. Where nobody has waited for [waitGrace], [spareConns] more are accepted, to be answered 429 or 503
// and closed; a health check is answered on these too.
//
// Connections of a trusted proxy are many people's, and count in all alone: there
// requests count (see [requestsPerClient]). So are those of the Next.js app, which is known by
// the claims that it has signed.
type Connections struct {
	limits  limits
	trusted []netip.Prefix
	now     func() time.Time
	log     *slog.Logger

	mu      sync.Mutex
	open    int
	peers   map[netip.Prefix]*peer
	waiting list.List                  // *conn, admitted and without a request, oldest first
	spare   list.List                  // *conn beyond the cap, oldest first
	apps    map[netip.Prefix]time.Time // peers that have vouched for a visitor, and when last
	refused int                        // since the last line in the log
	told    time.Time
}

// peer is a client that is connected without a proxy.
type peer struct {
	network netip.Prefix
	open    int
	waiting list.List // *conn
}

func newConnections(l limits, trusted []netip.Prefix, log *slog.Logger) *Connections {
	return &Connections{limits: l, trusted: trusted, now: time.Now, log: log, peers: map[netip.Prefix]*peer{}, apps: map[netip.Prefix]time.Time{}}
}

const (
	// appKept is for how long a peer is taken for the Next.js app after a claim of its own.
	appKept = time.Hour
	// maxApps bounds those that are remembered: all of them know the secret.
	maxApps = 1024
)

// vouched notes that a good claim came from a peer, at address and port: its connections
// are those of all visitors, of whom one must not use up what it may have.
func (c *Connections) vouched(remote string) {
	network := clientNetwork(remote, c.trusted)
	if !network.IsValid() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.apps) >= maxApps {
		clear(c.apps) // the next claim of each brings it back
	}
	c.apps[network] = c.now()
}

// conn is a connection that is counted until it is closed, whoever has it then.
type conn struct {
	net.Conn
	of      *Connections
	peer    *peer // nil: a trusted proxy's, or beyond the cap
	refusal int   // the status with which it is answered; 0: admitted
	fresh   bool  // nothing was asked yet
	closed  bool
	since   time.Time // when it began to wait
	// Where it stands in the lists, while it waits or is spare.
	inAll, inPeer, inSpare *list.Element
}

// Listen bounds what a listener accepts.
func (c *Connections) Listen(listener net.Listener) net.Listener {
	return &boundedListener{listener, c}
}

type boundedListener struct {
	net.Listener
	conns *Connections
}

func (l *boundedListener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.conns.admit(accepted), nil
}

// admit counts a connection and, if there is no room for it, closes another one.
func (c *Connections) admit(accepted net.Conn) *conn {
	admitted := &conn{Conn: accepted, of: c, fresh: true}
	c.mu.Lock()
	superseded := c.place(admitted)
	c.mu.Unlock()
	if superseded != nil {
		_ = superseded.Close() // nobody is waiting for an answer on it
	}
	return admitted
}

// place finds room for a connection, and returns the one that has to go for it.
func (c *Connections) place(admitted *conn) (superseded *conn) {
	who := c.peerOf(admitted.RemoteAddr())
	if who != nil && who.open >= c.limits.perClient {
		if superseded = c.idlest(&who.waiting); superseded == nil {
			return c.placeSpare(admitted, http.StatusTooManyRequests)
		}
	} else if c.open >= c.limits.conns {
		if superseded = c.idlest(&c.waiting); superseded == nil {
			return c.placeSpare(admitted, http.StatusServiceUnavailable)
		}
	}
	if superseded != nil {
		c.release(superseded)
	}
	c.open++
	if who != nil {
		who.open++
		c.peers[who.network] = who
		admitted.peer = who
	}
	c.wait(admitted)
	return superseded
}

// placeSpare takes a connection only to answer it with a status.
func (c *Connections) placeSpare(admitted *conn, status int) (superseded *conn) {
	admitted.refusal = status
	if c.spare.Len() >= spareConns {
		superseded = c.mostSpare()
		c.release(superseded)
	}
	admitted.inSpare = c.spare.PushBack(admitted)
	c.tellRefused()
	return superseded
}

// mostSpare returns the oldest spare connection of the client that has the most of them, so
// that who connects again and again drives out its own, and no health check.
func (c *Connections) mostSpare() *conn {
	count, most := map[netip.Prefix]int{}, 0
	for each := c.spare.Front(); each != nil; each = each.Next() {
		network := networkAt(each.Value.(*conn))
		count[network]++
		most = max(most, count[network])
	}
	for each := c.spare.Front(); each != nil; each = each.Next() {
		if spare := each.Value.(*conn); count[networkAt(spare)] == most {
			return spare
		}
	}
	return nil
}

// networkAt returns the network at the other end, a proxy's too.
func networkAt(of *conn) netip.Prefix { return clientNetwork(of.RemoteAddr().String(), nil) }

// tellRefused logs that connections are refused, once a minute.
func (c *Connections) tellRefused() {
	c.refused++
	if now := c.now(); now.Sub(c.told) >= time.Minute {
		c.log.Warn("connections are refused", "refused", c.refused, "open", c.open, "most", c.limits.conns, "most_per_client", c.limits.perClient)
		c.told, c.refused = now, 0
	}
}

// peerOf returns the client at the other end, or nil where that is a trusted proxy or the
// Next.js app.
func (c *Connections) peerOf(addr net.Addr) *peer {
	network := clientNetwork(addr.String(), c.trusted)
	if !network.IsValid() {
		return nil
	}
	if last, isApp := c.apps[network]; isApp && c.now().Sub(last) < appKept {
		return nil
	}
	if known := c.peers[network]; known != nil {
		return known
	}
	return &peer{network: network}
}

// waitGrace is how long a connection waits before it has to go for another one: busy cores
// come later to a request than it arrives, and a crowd that connects again and again would
// drive out those who have asked already.
const waitGrace = 250 * time.Millisecond

// idlest returns the connection that has waited longest for a request, if that is long.
func (c *Connections) idlest(waiting *list.List) *conn {
	if first := waiting.Front(); first != nil {
		if longest := first.Value.(*conn); c.now().Sub(longest.since) >= waitGrace {
			return longest
		}
	}
	return nil
}

// wait notes that a connection waits for a request.
func (c *Connections) wait(waiting *conn) {
	if waiting.closed || waiting.refusal != 0 || waiting.inAll != nil {
		return
	}
	waiting.since = c.now()
	waiting.inAll = c.waiting.PushBack(waiting)
	if waiting.peer != nil {
		waiting.inPeer = waiting.peer.waiting.PushBack(waiting)
	}
}

// busy notes that it waits no longer.
func (c *Connections) busy(waiting *conn) {
	if waiting.inAll != nil {
		c.waiting.Remove(waiting.inAll)
	}
	if waiting.inPeer != nil {
		waiting.peer.waiting.Remove(waiting.inPeer)
	}
	waiting.inAll, waiting.inPeer = nil, nil
}

// release stops counting a connection.
func (c *Connections) release(closing *conn) {
	if closing.closed {
		return
	}
	closing.closed = true
	c.busy(closing)
	if closing.inSpare != nil {
		c.spare.Remove(closing.inSpare)
		return
	}
	c.open--
	if who := closing.peer; who != nil {
		if who.open--; who.open == 0 {
			delete(c.peers, who.network)
		}
	}
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	c.of.mu.Lock()
	c.of.release(c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite is what net/http asks for, so that a last answer is read before the
// connection is reset.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// Note is for [http.Server.ConnState].
func (c *Connections) Note(of net.Conn, state http.ConnState) {
	noted, ok := of.(*conn)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateActive, http.StateHijacked:
		noted.fresh = false
		c.busy(noted)
	case http.StateIdle:
		c.wait(noted)
	case http.StateNew, http.StateClosed: // known already
	}
}

// CloseUnused closes the connections on which nothing has been asked yet: browsers
// open some in advance.
func (c *Connections) CloseUnused() {
	c.mu.Lock()
	var unused []*conn
	for each := c.waiting.Front(); each != nil; each = each.Next() {
		if waiting := each.Value.(*conn); waiting.fresh {
			unused = append(unused, waiting)
		}
	}
	c.mu.Unlock()
	for _, each := range unused {
		_ = each.Close() // nobody has asked anything on it
	}
}

type refusalKey struct{}

// Context is for [http.Server.ConnContext]: it carries what a connection is refused with.
func (c *Connections) Context(ctx context.Context, of net.Conn) context.Context {
	if refused, ok := of.(*conn); ok && refused.refusal != 0 {
		return context.WithValue(ctx, refusalKey{}, refused.refusal)
	}
	return ctx
}

// healthPath is answered however many connections and requests there are.
const healthPath = apiBase + "/health"

// refuseSpare answers what comes on a connection beyond the cap, and closes it. None of
// it is logged line by line.
func refuseSpare(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, refused := r.Context().Value(refusalKey{}).(int)
		if !refused {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		if r.URL.Path == healthPath {
			next.ServeHTTP(w, r)
			return
		}
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(unreadTimeout))
		writeProblem(w, r, status)
	})
}

// requestsPerClient bounds the requests that a client has under way, however it is
// connected and whatever it asks for. A trusted proxy that does not say for whom it asks is
// nobody in particular.
type requestsPerClient struct {
	underWay *quota
	trusted  []netip.Prefix
	refuse   refuser
}

func newRequestsPerClient(l limits, trusted []netip.Prefix, refuse refuser) *requestsPerClient {
	return &requestsPerClient{underWay: newQuota(0, int64(l.perClient)), trusted: trusted, refuse: refuse}
}

// bound goes where it is known who the client is: for the API, after the app was asked.
func (p *requestsPerClient) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client := networkOf(r, p.trusted)
		if r.URL.Path == healthPath || !client.IsValid() {
			next.ServeHTTP(w, r)
			return
		}
		if p.underWay.take(client, 1) != granted {
			p.refuse(w, r, http.StatusTooManyRequests)
			return
		}
		defer p.underWay.give(client, 1)
		next.ServeHTTP(w, r)
	})
}

// networkOf returns what counts as one client of a request, as clientNetwork does.
func networkOf(r *http.Request, trusted []netip.Prefix) netip.Prefix {
	return clientNetwork(reqctx.From(r.Context()).Client.Address, trusted)
}

// clientNetwork returns what counts as one client at an address, with or without a
// port; the zero prefix for a trusted proxy, and for what is no address.
func clientNetwork(address string, trusted []netip.Prefix) netip.Prefix {
	addr, err := parseHop(address)
	if err != nil || isTrusted(addr.Unmap().WithZone(""), trusted) {
		return netip.Prefix{}
	}
	return auth.Client{Address: addr.Unmap().WithZone("").String()}.Network()
}
