package app

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/reqctx"
)

// claimHeader carries a claim: who the client of a request is, vouched for by the Next.js
// app towards us and by us towards the app. It depends on the secret that both share,
// and on no network address.
//
//	Latchkey-Client: base64url(JSON) "." base64url(HMAC-SHA256)
//
// Towards us the MAC is over "api", the method, the request's target, the SHA-256 of its
// Authorization header, and the JSON, a line each, and the JSON has the SHA-256 of the
// body: a claim is good for one request. Towards the app it is over "app" and the JSON,
// which names the address alone: a page of Next.js does not learn what was asked for, and
// has the user agent from the browser. frontend-client/src/latchkey/visitor.ts is the other end.
const claimHeader = "Latchkey-Client"

const (
	// claimLifetime is how old a claim may be, or how far in the future: the call is made
	// at once, and two machines that keep their clocks differ by less.
	claimLifetime = 30 * time.Second
	// maxClaim is more than any claim has, in bytes: a user agent of 512, an IPv6 address.
	maxClaim = 2048
	// maxClaimedBody is what is read of a body to check a claim: more than the API takes.
	maxClaimedBody = 64 << 10
	// claimsKept is how many claims are remembered for their lifetime, twice over: as
	// many as come within it at 4,000 requests a second. Beyond that rate the oldest
	// are forgotten early.
	claimsKept = 1 << 17
	// warnEvery is how often a refused claim is worth a line in the log.
	warnEvery = time.Minute
)

// claim is what one says.
type claim struct {
	Time      int64  `json:"t"` // Unix, in seconds
	Nonce     string `json:"n"`
	Address   string `json:"a"`
	UserAgent string `json:"ua,omitempty"`
	Body      string `json:"b,omitempty"` // its SHA-256, in hexadecimal
}

// claims signs claims and checks them. It is safe for concurrent use.
type claims struct {
	key []byte
	now func() time.Time
	log *slog.Logger
	// believed is told from where a good claim came, address and port; nil: nobody is.
	believed func(remote string)

	mu           sync.Mutex
	recent, past map[[16]byte]struct{} // MACs that were used, of this lifetime and the one before
	turned       time.Time             // when recent was begun
	warned       time.Time
}

// newClaims returns nil when there is no secret: then nothing is claimed or believed.
func newClaims(secret []byte, now func() time.Time, log *slog.Logger) (*claims, error) {
	if len(secret) == 0 {
		return nil, nil //nolint:nilnil // as the comment says
	}
	key, err := deriveKey(secret, "latchkey client claim")
	if err != nil {
		return nil, err
	}
	return &claims{key: key, now: now, log: log, recent: map[[16]byte]struct{}{}, past: map[[16]byte]struct{}{}}, nil
}

// sign puts a claim about the client's address into a request to the app, in place of any
// that the client has sent. The user agent is in the request already, and is the client's
// to choose: it must not make a claim too long to be sent.
func (c *claims) sign(out *http.Request, client auth.Client) {
	out.Header.Del(claimHeader)
	if c == nil {
		return
	}
	payload, err := json.Marshal(claim{Time: c.now().Unix(), Nonce: rand.Text(), Address: client.Address})
	if err != nil {
		return // the app then knows no more than the address it is called from
	}
	text := b64(payload)
	out.Header.Set(claimHeader, text+"."+b64(c.mac("app", text)))
}

// believe has requests of the API come from the client that the app vouches for. A claim
// that is not good is passed over: the client is then who it would be without.
func (c *claims) believe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := r.Header.Get(claimHeader)
		if c == nil || text == "" {
			next.ServeHTTP(w, r)
			return
		}
		client, err := c.check(r, text)
		if err != nil {
			c.warn(r, err)
		} else {
			reqctx.From(r.Context()).Client = client
			if c.believed != nil {
				c.believed(r.RemoteAddr)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// check reads the body, when the claim is one of the app's, and puts it back.
func (c *claims) check(r *http.Request, text string) (auth.Client, error) {
	payload, sum, found := strings.Cut(text, ".")
	if len(text) > maxClaim || !found || len(r.Header.Values(claimHeader)) > 1 {
		return auth.Client{}, errors.New("it is not one")
	}
	mac, err := base64.RawURLEncoding.DecodeString(sum)
	if err != nil || !hmac.Equal(mac, c.macOf(r, payload)) {
		return auth.Client{}, errors.New("it was signed with another LATCHKEY_FRONTEND_SECRET, or for another request")
	}
	said, err := decodeClaim(payload)
	if err != nil {
		return auth.Client{}, err
	}
	if skew := c.now().Sub(time.Unix(said.Time, 0)).Abs(); skew > claimLifetime {
		return auth.Client{}, fmt.Errorf("it is %s away from our clock", skew.Round(time.Second))
	}
	if body, err := readBack(r); err != nil || hexSum(body) != said.Body {
		return auth.Client{}, errors.New("the body is another one, too large, or broken off")
	}
	if !c.isNew([16]byte(mac[:16])) {
		return auth.Client{}, errors.New("it was used before")
	}
	return auth.Client{Address: said.Address, UserAgent: said.UserAgent}, nil
}

// readBack returns the body of a request, which can be read again.
func readBack(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxClaimedBody))
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	return body, err
}

func decodeClaim(payload string) (claim, error) {
	var said claim
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err == nil {
		err = json.Unmarshal(raw, &said)
	}
	if err != nil {
		return said, errors.New("it is not one")
	}
	address, err := netip.ParseAddr(said.Address)
	if err != nil {
		return said, errors.New("it names no address")
	}
	said.Address = address.Unmap().WithZone("").String()
	return said, nil
}

// macOf returns the MAC of a claim about a request of the API.
func (c *claims) macOf(r *http.Request, payload string) []byte {
	return c.mac("api", r.Method, r.URL.RequestURI(), hexSum([]byte(r.Header.Get("Authorization"))), payload)
}

func (c *claims) mac(lines ...string) []byte {
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte(strings.Join(lines, "\n")))
	return mac.Sum(nil)
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func hexSum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// isNew reports whether a claim is used for the first time, and remembers it for as long
// as it could be used again: on this instance, for others do not know of it. There it
// could repeat but the very same request.
func (c *claims) isNew(id [16]byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.turned) > 2*claimLifetime || len(c.recent) >= claimsKept {
		c.past, c.recent, c.turned = c.recent, map[[16]byte]struct{}{}, now
	}
	_, inRecent := c.recent[id]
	_, inPast := c.past[id]
	c.recent[id] = struct{}{}
	return !inRecent && !inPast
}

// warn says now and then that a claim was passed over.
func (c *claims) warn(r *http.Request, why error) {
	c.mu.Lock()
	now := c.now()
	isDue := now.Sub(c.warned) >= warnEvery
	if isDue {
		c.warned = now
	}
	c.mu.Unlock()
	if isDue {
		c.log.WarnContext(r.Context(), "what the Next.js app says of its visitor was not believed", "why", why.Error(),
			"peer", r.RemoteAddr, "next_warning_in", warnEvery.String())
	}
}
