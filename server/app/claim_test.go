package app

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/reqctx"
)

const claimSecret = "Uq3vT9xLm2Rk8ZpWc5Nd7HbYs4JfGe6A"

// visitor is who the app vouches for.
var visitor = auth.Client{Address: "203.0.113.9", UserAgent: "Firefox"}

// claimWorld is latchkey's end, and the app's, with a clock that stands still.
type claimWorld struct {
	*claims
	time time.Time
	logs *bytes.Buffer
}

func newClaimWorld(t *testing.T, secret string) *claimWorld {
	t.Helper()
	w := &claimWorld{time: time.Unix(1_700_000_000, 0), logs: &bytes.Buffer{}}
	made, err := newClaims([]byte(secret), func() time.Time { return w.time }, slog.New(slog.NewTextHandler(w.logs, nil)))
	if err != nil {
		t.Fatal(err)
	}
	w.claims = made
	return w
}

// claimed is a login with a claim about visitor, as the app makes it.
func (w *claimWorld) claimed(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/api/v1/users/login/?a=%20b", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer x")
	said, err := json.Marshal(claim{Time: w.time.Unix(), Nonce: "n", Address: visitor.Address, UserAgent: visitor.UserAgent, Body: hexSum([]byte(body))})
	if err != nil {
		panic(err)
	}
	payload := b64(said)
	r.Header.Set(claimHeader, payload+"."+b64(w.macOf(r, payload)))
	return r
}

// clientOf returns whom the API takes a request to be from, and the body that it reads.
func (w *claimWorld) clientOf(t *testing.T, r *http.Request) (auth.Client, string) {
	t.Helper()
	info := &reqctx.Info{Client: auth.Client{Address: "10.0.0.5", UserAgent: "node"}}
	r = r.WithContext(reqctx.With(r.Context(), info))
	var body []byte
	w.believe(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
	return info.Client, string(body)
}

func TestTheAppVouchesForItsVisitor(t *testing.T) {
	t.Parallel()
	w := newClaimWorld(t, claimSecret)
	client, body := w.clientOf(t, w.claimed(`{"username": "a"}`))
	if client != visitor || body != `{"username": "a"}` {
		t.Errorf("the client is %v, the body %q", client, body)
	}
	if w.logs.Len() > 0 {
		t.Errorf("it logs %s", w.logs)
	}
}

func TestClaimsThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	tests := map[string]func(w *claimWorld) *http.Request{
		"another body": func(w *claimWorld) *http.Request {
			r := w.claimed("a")
			r.Body = io.NopCloser(strings.NewReader("b"))
			return r
		},
		"another path": func(w *claimWorld) *http.Request {
			r := w.claimed("")
			r.URL.Path = "/api/v1/users/me/"
			return r
		},
		"another query": func(w *claimWorld) *http.Request {
			r := w.claimed("")
			r.URL.RawQuery = "a=c"
			return r
		},
		"another method": func(w *claimWorld) *http.Request {
			r := w.claimed("")
			r.Method = http.MethodPut
			return r
		},
		"another token": func(w *claimWorld) *http.Request {
			r := w.claimed("")
			r.Header.Set("Authorization", "Bearer y")
			return r
		},
		"our own word to the app": func(w *claimWorld) *http.Request {
			r := w.claimed("")
			w.sign(r, visitor)
			return r
		},
		"two claims": func(w *claimWorld) *http.Request {
			r := w.claimed("")
			r.Header.Add(claimHeader, "x.y")
			return r
		},
		"a body too large": func(w *claimWorld) *http.Request { return w.claimed(strings.Repeat("x", maxClaimedBody+1)) },
		"no claim at all": func(w *claimWorld) *http.Request {
			r := w.claimed("")
			r.Header.Set(claimHeader, strings.Repeat("=", 5000))
			return r
		},
		"one that is old": func(w *claimWorld) *http.Request {
			r := w.claimed("")
			w.time = w.time.Add(claimLifetime + time.Second)
			return r
		},
		"one of the future": func(w *claimWorld) *http.Request {
			r := w.claimed("")
			w.time = w.time.Add(-claimLifetime - time.Second)
			return r
		},
		"no address": func(w *claimWorld) *http.Request {
			r := httptest.NewRequest(http.MethodPost, "/api/v1/", nil)
			payload := b64([]byte(`{"t":1700000000,"a":"localhost"}`))
			r.Header.Set(claimHeader, payload+"."+b64(w.macOf(r, payload)))
			return r
		},
		"another secret": func(w *claimWorld) *http.Request {
			r := w.claimed("")
			payload, _, _ := strings.Cut(r.Header.Get(claimHeader), ".")
			w.key[0] ^= 1
			r.Header.Set(claimHeader, payload+"."+b64(w.macOf(r, payload)))
			w.key[0] ^= 1
			return r
		},
	}
	for name, claim := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newClaimWorld(t, claimSecret)
			r := claim(w)
			if client, _ := w.clientOf(t, r); client.Address != "10.0.0.5" || client.UserAgent != "node" {
				t.Errorf("the client is %v", client)
			}
			if !strings.Contains(w.logs.String(), "was not believed") {
				t.Error("the log says nothing")
			}
		})
	}
}

func TestAClaimIsGoodOnce(t *testing.T) {
	t.Parallel()
	w := newClaimWorld(t, claimSecret)
	first := w.claimed("x")
	header := first.Header.Get(claimHeader)
	again := func() *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/users/login/?a=%20b", strings.NewReader("x"))
		r.Header.Set("Authorization", "Bearer x")
		r.Header.Set(claimHeader, header)
		return r
	}
	if client, _ := w.clientOf(t, first); client != visitor {
		t.Fatalf("the first time it is %v", client)
	}
	for _, later := range []time.Duration{0, claimLifetime} {
		w.time = w.time.Add(later)
		if client, _ := w.clientOf(t, again()); client == visitor {
			t.Errorf("it is good again %s later", later)
		}
	}
	if lines := strings.Count(w.logs.String(), "\n"); lines != 1 {
		t.Errorf("the log has %d lines within a minute", lines)
	}
}

func TestWhatIsRememberedOfClaimsIsBounded(t *testing.T) {
	t.Parallel()
	w := newClaimWorld(t, claimSecret)
	for i := range 3 * claimsKept {
		w.isNew([16]byte{byte(i), byte(i >> 8), byte(i >> 16)})
	}
	if kept := len(w.recent) + len(w.past); kept > 2*claimsKept {
		t.Errorf("%d are remembered", kept)
	}
}

func TestWithoutASecretNothingIsClaimed(t *testing.T) {
	t.Parallel()
	signed := newClaimWorld(t, claimSecret).claimed("")
	w := newClaimWorld(t, "")
	if client, _ := w.clientOf(t, signed); client.Address != "10.0.0.5" {
		t.Errorf("the client is %v", client)
	}
	w.sign(signed, visitor)
	if signed.Header.Get(claimHeader) != "" {
		t.Error("what a client has written is passed on to the app")
	}
}

func TestAUserAgentDoesNotKeepAClaimFromTheApp(t *testing.T) {
	t.Parallel()
	w := newClaimWorld(t, claimSecret)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	w.sign(r, auth.Client{Address: visitor.Address, UserAgent: strings.Repeat("<", 1<<16)})
	payload, _, _ := strings.Cut(r.Header.Get(claimHeader), ".")
	if said, err := decodeClaim(payload); err != nil || said.Address != visitor.Address {
		t.Errorf("the app is told of %+v: %v", said, err)
	}
}

func TestManyUsersOfOnePrivateAddressAreWarnedOf(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		address string
		users   int
		warns   int
	}{
		"an app server":       {"10.0.0.5", 100, 1},
		"the app beside us":   {"127.0.0.1", crowdSize, 1},
		"a family":            {"192.168.0.2", crowdSize - 1, 0},
		"an office elsewhere": {"203.0.113.9", 100, 0},
		"nobody knows who":    {"", 100, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var logs bytes.Buffer
			now := time.Unix(1_700_000_000, 0)
			watch := newCrowdWatch(func() time.Time { return now }, slog.New(slog.NewTextHandler(&logs, nil)))
			for round := range 2 {
				for id := range test.users {
					watch.signedIn(t.Context(), auth.User{ID: int64(id)}, auth.Client{Address: test.address})
					watch.signedIn(t.Context(), auth.User{ID: int64(id)}, auth.Client{Address: test.address})
				}
				if got := strings.Count(logs.String(), "LATCHKEY_FRONTEND_SECRET"); got != test.warns*(round+1) {
					t.Errorf("round %d: %d warnings", round, got)
				}
				now = now.Add(crowdWithin)
			}
		})
	}
}
