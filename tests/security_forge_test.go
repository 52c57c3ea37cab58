package tests

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/latchkey-auth/latchkey/server/config"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// forger makes tokens as server/token does. The derivation of its key stands
// here anew: a change of the server's would sign everybody out, and is noticed.
type forger struct {
	key []byte
	kid string
}

func newForger(t testing.TB, secret string) forger {
	t.Helper()
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "latchkey access token", 32)
	if err != nil {
		t.Fatal(err)
	}
	kid, err := hkdf.Key(sha256.New, []byte(secret), nil, "latchkey access token key id", 4)
	if err != nil {
		t.Fatal(err)
	}
	return forger{key: key, kid: hex.EncodeToString(kid)}
}

// forgery is a token in the making: good, until it is changed.
type forgery struct {
	header  map[string]any
	claims  map[string]any
	payload string                 // JSON, instead of claims
	method  *jwt.SigningMethodHMAC // nil: an empty signature
	key     []byte
	// Both get what is written so far, and give what is to be written instead.
	beforeSigning func(unsigned string) string
	afterSigning  func(token string) string
}

// change makes one thing of a forgery another.
type change func(*forgery)

// forge makes a token for a session that lives; without changes it is as good
// as one from a login.
func (f forger) forge(t testing.TB, userID int64, sid string, now time.Time, changes ...change) string {
	t.Helper()
	made := &forgery{
		header: map[string]any{"alg": "HS256", "kid": f.kid, "typ": "JWT"},
		claims: map[string]any{
			"iss": "latchkey", "aud": []string{"latchkey"}, "sub": strconv.FormatInt(userID, 10), "sid": sid,
			"iat": now.Unix(), "exp": now.Add(24 * time.Hour).Unix(), "jti": "forged",
		},
		method: jwt.SigningMethodHS256,
		key:    f.key,
	}
	for _, each := range changes {
		each(made)
	}
	return made.token(t)
}

func (f *forgery) token(t testing.TB) string {
	t.Helper()
	payload := f.payload
	if payload == "" {
		payload = toJSON(t, f.claims)
	}
	token := encodeSegment(toJSON(t, f.header)) + "." + encodeSegment(payload)
	if f.beforeSigning != nil {
		token = f.beforeSigning(token)
	}
	var signature []byte
	if f.method != nil {
		var err error
		if signature, err = f.method.Sign(token, f.key); err != nil {
			t.Fatal(err)
		}
	}
	token += "." + encodeSegment(string(signature))
	if f.afterSigning != nil {
		token = f.afterSigning(token)
	}
	return token
}

func claim(name string, value any) change {
	return func(f *forgery) { f.claims[name] = value }
}

func withoutClaim(name string) change {
	return func(f *forgery) { delete(f.claims, name) }
}

func joseHeader(name string, value any) change {
	return func(f *forgery) { f.header[name] = value }
}

func withoutJoseHeader(name string) change {
	return func(f *forgery) { delete(f.header, name) }
}

func signedWith(key []byte) change {
	return func(f *forgery) { f.key = key }
}

// signedBy names a method and signs by it.
func signedBy(method *jwt.SigningMethodHMAC) change {
	return allOf(joseHeader("alg", method.Alg()), func(f *forgery) { f.method = method })
}

func unsigned(f *forgery) { f.method = nil }

func afterSigning(spoil func(token string) string) change {
	return func(f *forgery) { f.afterSigning = spoil }
}

func allOf(changes ...change) change {
	return func(f *forgery) {
		for _, each := range changes {
			each(f)
		}
	}
}

// inSegment changes one of a token's three parts.
func inSegment(n int, spoil func(string) string) func(token string) string {
	return func(token string) string {
		segments := strings.Split(token, ".")
		segments[n] = spoil(segments[n])
		return strings.Join(segments, ".")
	}
}

const base64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// loosen sets the lowest of the bits that the last character of a segment has
// and the decoded bytes do not: another spelling of the same bytes.
func loosen(segment string) string {
	if len(segment)%4 == 0 {
		panic("a segment without spare bits") // see withSpareBits
	}
	last := len(segment) - 1
	return segment[:last] + string(base64URL[strings.IndexByte(base64URL, segment[last])^1])
}

// withSpareBits makes header and claims of a length whose last character has
// spare bits.
func withSpareBits(f *forgery) {
	for _, part := range []map[string]any{f.header, f.claims} {
		for pad := "x"; ; pad += "x" {
			part["pad"] = pad
			if text, err := json.Marshal(part); err != nil || len(text)%3 != 0 {
				break
			}
		}
	}
}

// flip makes the first character another one.
func flip(segment string) string {
	return string(base64URL[strings.IndexByte(base64URL, segment[0])^1]) + segment[1:]
}

func encodeSegment(decoded string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(decoded))
}

func toJSON(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// claimsOf reads a token without checking it.
func claimsOf(t testing.TB, token string) jwt.MapClaims {
	t.Helper()
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// sidOf returns the session that a token of ours names.
func sidOf(t testing.TB, token string) string {
	t.Helper()
	sid, _ := claimsOf(t, token)["sid"].(string)
	if sid == "" {
		t.Fatal("a token without sid")
	}
	return sid
}

// scene is an app with two people signed in.
type scene struct {
	*apptest.App
	forger
	alice, bob       apptest.User
	aliceSID, bobSID string
}

func newScene(t *testing.T, databaseURL string, set ...func(*config.Config)) *scene {
	t.Helper()
	s := &scene{App: apptest.Start(t, databaseURL, set...), forger: newForger(t, apptest.Secret)}
	// With an id of two digits, 1_1 is what Python reads as alice's.
	for n := range 10 {
		s.bob = s.AddUser(t, apptest.User{Email: strconv.Itoa(n) + "@example.com", Password: "builder-42"})
	}
	s.alice = s.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
	if s.alice.ID != 11 {
		t.Fatalf("alice has the id %d", s.alice.ID)
	}
	s.aliceSID, s.bobSID = sidOf(t, s.Login(t, s.alice)), sidOf(t, s.Login(t, s.bob))
	return s
}

// token makes one for alice's session.
func (s *scene) token(t testing.TB, changes ...change) string {
	t.Helper()
	return s.forge(t, s.alice.ID, s.aliceSID, s.Clock.Now(), changes...)
}

// kidOf returns the key that a token names.
func kidOf(t testing.TB, token string) string {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	kid, _ := parsed.Header["kid"].(string)
	return kid
}
