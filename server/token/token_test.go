package token

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/latchkey-auth/latchkey/server/auth"
)

var (
	secret = []byte("the secret of these tests, 32 bytes and more")
	old    = []byte("the secret of last year, 32 bytes and more...")
	noon   = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
)

func newCodec(t testing.TB, now time.Time, secret []byte, fallbacks ...[]byte) *Codec {
	t.Helper()
	codec, err := New(Config{Alg: HS256, Secret: secret, Fallbacks: fallbacks}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

func sample() auth.AccessToken {
	return auth.AccessToken{ID: "jti-1", UserID: 42, SessionID: "sid1", IssuedAt: noon, ExpiresAt: noon.Add(24 * time.Hour)}
}

func mustIssue(t testing.TB, codec *Codec, token auth.AccessToken) string {
	t.Helper()
	raw, err := codec.Issue(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestWhatIsIssuedIsRead(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, noon, secret)
	for _, userID := range []int64{1, 42, 1<<63 - 1, 0, -1} {
		token := sample()
		token.UserID = userID
		got, err := codec.Parse(t.Context(), mustIssue(t, codec, token))
		if err != nil {
			t.Fatal(err)
		}
		if !got.IssuedAt.Equal(token.IssuedAt) || !got.ExpiresAt.Equal(token.ExpiresAt) {
			t.Errorf("lives from %v to %v", got.IssuedAt, got.ExpiresAt)
		}
		got.IssuedAt, got.ExpiresAt = token.IssuedAt, token.ExpiresAt
		if got != token {
			t.Errorf("%+v became %+v", token, got)
		}
	}
}

// ASVS 9.2.2
func TestATokenSaysWhatItMust(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, noon, secret)
	parsed, _, err := jwt.NewParser().ParseUnverified(mustIssue(t, codec, sample()), jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	claims := slices.Sorted(maps.Keys(parsed.Claims.(jwt.MapClaims)))
	if want := []string{"aud", "exp", "iat", "iss", "jti", "sid", "sub"}; !slices.Equal(claims, want) {
		t.Errorf("it says %v, want %v", claims, want)
	}
	header := slices.Sorted(maps.Keys(parsed.Header))
	if want := []string{"alg", "kid", "typ"}; !slices.Equal(header, want) {
		t.Errorf("its header says %v, want %v", header, want)
	}
	if parsed.Header["alg"] != "HS256" {
		t.Errorf("alg is %v", parsed.Header["alg"])
	}
}

// ASVS 9.1.3
func TestRotation(t *testing.T) {
	t.Parallel()
	before, during, after := newCodec(t, noon, old), newCodec(t, noon, secret, old), newCodec(t, noon, secret)
	fromOld := mustIssue(t, before, sample())
	fromNew := mustIssue(t, during, sample())
	for name, test := range map[string]struct {
		codec *Codec
		raw   string
		want  bool
	}{
		"an old token is good while its secret is a fallback": {during, fromOld, true},
		"and not after that":                        {after, fromOld, false},
		"a new token is signed with the new secret": {after, fromNew, true},
		"and is not the old server's":               {before, fromNew, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := test.codec.Parse(t.Context(), test.raw); (err == nil) != test.want {
				t.Errorf("answers %v", err)
			}
		})
	}
}

func TestTheKeyIDTellsNothing(t *testing.T) {
	t.Parallel()
	one, err := deriveKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	same, _ := deriveKey(slices.Clone(secret))
	other, _ := deriveKey(old)
	if one.id != same.id || !bytes.Equal(one.secret, same.secret) {
		t.Error("two instances with one secret do not accept each other's tokens")
	}
	if one.id == other.id || bytes.Equal(one.secret, other.secret) {
		t.Error("two secrets make one key")
	}
	if len(one.id) != 8 || strings.Trim(one.id, "0123456789abcdef") != "" {
		t.Errorf("the kid is %q", one.id)
	}
	digest := sha256.Sum256(secret)
	for what, text := range map[string]string{
		"the secret": hex.EncodeToString(secret), "its digest": hex.EncodeToString(digest[:]), "the signing key": hex.EncodeToString(one.secret),
	} {
		if strings.Contains(text, one.id) {
			t.Errorf("the kid is a part of %s", what)
		}
	}
	if bytes.Equal(one.secret, secret) || len(one.secret) != sha256.Size {
		t.Error("tokens are signed with the secret itself: what it signs elsewhere could be a token")
	}
}

// forged is a token that holds in every respect but in what change changes.
func forged(t *testing.T, codec *Codec, change func(token *jwt.Token, claims jwt.MapClaims) (method jwt.SigningMethod, key any)) string {
	t.Helper()
	claims := jwt.MapClaims{
		"iss": "latchkey", "aud": "latchkey", "sub": "42", "sid": "sid1", "jti": "jti-1",
		"iat": noon.Unix(), "exp": noon.Add(time.Hour).Unix(),
	}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
	token.Header["kid"] = codec.signing.id
	method, key := change(token, claims)
	token.Method = method
	token.Header["alg"] = method.Alg()
	raw, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// ASVS 9.1.1, 9.1.2, 9.2.1, 9.2.2
func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, noon, secret)
	good := codec.signing.secret
	set := func(name string, value any) func(*jwt.Token, jwt.MapClaims) (jwt.SigningMethod, any) {
		return func(_ *jwt.Token, c jwt.MapClaims) (jwt.SigningMethod, any) {
			c[name] = value
			return jwt.SigningMethodHS256, good
		}
	}
	drop := func(name string) func(*jwt.Token, jwt.MapClaims) (jwt.SigningMethod, any) {
		return func(_ *jwt.Token, c jwt.MapClaims) (jwt.SigningMethod, any) {
			delete(c, name)
			return jwt.SigningMethodHS256, good
		}
	}
	signed := func(method jwt.SigningMethod, key any) func(*jwt.Token, jwt.MapClaims) (jwt.SigningMethod, any) {
		return func(*jwt.Token, jwt.MapClaims) (jwt.SigningMethod, any) { return method, key }
	}
	header := func(name string, value any) func(*jwt.Token, jwt.MapClaims) (jwt.SigningMethod, any) {
		return func(token *jwt.Token, _ jwt.MapClaims) (jwt.SigningMethod, any) {
			token.Header[name] = value
			return jwt.SigningMethodHS256, good
		}
	}
	kid := func(value any) func(*jwt.Token, jwt.MapClaims) (jwt.SigningMethod, any) {
		return func(token *jwt.Token, _ jwt.MapClaims) (jwt.SigningMethod, any) {
			token.Header["kid"] = value
			return jwt.SigningMethodHS256, good
		}
	}
	tests := map[string]struct {
		change func(*jwt.Token, jwt.MapClaims) (jwt.SigningMethod, any)
		want   bool
	}{
		"a token like ours (so the others are refused for what they are)": {signed(jwt.SigningMethodHS256, good), true},
		"an audience among others":                                        {set("aud", []string{"other", "latchkey"}), true},
		"unsigned":                                                        {signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), false},
		"signed with the secret itself":                                   {signed(jwt.SigningMethodHS256, secret), false},
		"signed with nothing":                                             {signed(jwt.SigningMethodHS256, []byte{}), false},
		"signed with HS384":                                               {signed(jwt.SigningMethodHS384, good), false},
		"signed with HS512":                                               {signed(jwt.SigningMethodHS512, good), false},
		"of the type of before":                                           {header("typ", "JWT"), true},
		"of the type of now":                                              {header("typ", "at+jwt"), true},
		"of another type":                                                 {header("typ", "id_token"), false},
		"with crit":                                                       {header("crit", []string{"x"}), false},
		"with b64":                                                        {header("b64", true), false},
		"with zip":                                                        {header("zip", "DEF"), false},
		"with a header in another case":                                   {header("Alg", "HS256"), false},
		"with a claim in another case":                                    {set("Sub", "42"), false},
		"with a claim that folds to another":                              {set("\u017fub", "42"), false},
		"of an unknown kid":                                               {kid("00000000"), false},
		"of an empty kid":                                                 {kid(""), false},
		"of a kid that is a number":                                       {kid(1), false},
		"of a kid in a list":                                              {kid([]string{codec.signing.id}), false},
		"of another issuer":                                               {set("iss", "other"), false},
		"of no issuer":                                                    {drop("iss"), false},
		"for another audience":                                            {set("aud", "other"), false},
		"for no audience":                                                 {drop("aud"), false},
		"for an empty audience":                                           {set("aud", []string{}), false},
		"without an end":                                                  {drop("exp"), false},
		"with an end in words":                                            {set("exp", "tomorrow"), false},
		"with an end of 0":                                                {set("exp", 0), false},
		"without a beginning":                                             {drop("iat"), false},
		"with a beginning of 0, long ago":                                 {set("iat", 0), true},
		"not to be used yet":                                              {set("nbf", noon.Add(time.Hour).Unix()), false},
		"without a user":                                                  {drop("sub"), false},
		"of a user with a name":                                           {set("sub", "alice"), false},
		"of a user with a plus":                                           {set("sub", "+42"), false},
		"of a user with a zero in front":                                  {set("sub", "042"), false},
		"of a user with a space":                                          {set("sub", "42 "), false},
		"of a user beyond 64 bits":                                        {set("sub", "9223372036854775808"), false},
		"of a user that is a number, not a string":                        {set("sub", 42), false},
		"of no session":                                                   {drop("sid"), false},
		"of an empty session":                                             {set("sid", ""), false},
		"of a session with a NUL":                                         {set("sid", "sid1\x00"), false},
		"of a session with a space":                                       {set("sid", "sid 1"), false},
		"of a session beyond ASCII":                                       {set("sid", "sïd1"), false},
		"of a session of 32 characters":                                   {set("sid", strings.Repeat("a", 32)), true},
		"of a session of 33 characters":                                   {set("sid", strings.Repeat("a", 33)), false},
		"with an end in a text":                                           {set("exp", "1795694400"), false},
		"with an end beyond all times":                                    {set("exp", 1e300), false},
		"with an end in the year 10000":                                   {set("exp", int64(253402300800)), false},
		"with an end in the year 9999":                                    {set("exp", int64(253402300799)), true},
		"with a beginning before 1970":                                    {set("iat", -1), false},
		"of a session that is no string":                                  {set("sid", 1), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := codec.Parse(t.Context(), forged(t, codec, test.change))
			if (err == nil) != test.want {
				t.Errorf("reads %+v, %v", got, err)
			}
			if err != nil && got != (auth.AccessToken{}) {
				t.Errorf("an error comes with %+v", got)
			}
		})
	}
}

// ASVS 9.2.1
func TestTheEdgesOfALife(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		now  time.Time
		want bool
	}{
		"when it is issued":                                {noon, true},
		"in its last nanosecond":                           {noon.Add(24*time.Hour - 1), true},
		"at its end":                                       {noon.Add(24 * time.Hour), false},
		"by a clock that is 30 seconds behind":             {noon.Add(-30 * time.Second), true},
		"by a clock that is behind by a nanosecond more":   {noon.Add(-30*time.Second - 1), false},
		"by a clock that is a day behind":                  {noon.Add(-24 * time.Hour), false},
		"by a clock that is ahead, but for its whole life": {noon.Add(23 * time.Hour), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := mustIssue(t, newCodec(t, noon, secret), sample())
			if _, err := newCodec(t, test.now, secret).Parse(t.Context(), raw); (err == nil) != test.want {
				t.Errorf("answers %v", err)
			}
		})
	}
}

// Base64 of a length that is no multiple of four has bits that carry nothing:
// two spellings of one token, of which a list of strings would know one.
//
// ASVS 9.1.1
func TestATokenHasOneSpelling(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, noon, secret)
	raw := mustIssue(t, codec, sample())
	parts := strings.Split(raw, ".")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	changed := []string{
		raw + "=", raw + ".", "." + raw, raw + "\n", " " + raw, raw + "\x00", strings.ToUpper(raw), raw + parts[2], parts[0] + "." + parts[1], parts[0] + "." + parts[1] + ".",
		"Bearer " + raw, strings.Join(parts, "\n."),
	}
	for i, part := range parts {
		last := strings.IndexByte(alphabet, part[len(part)-1])
		for bit := range 6 {
			other := slices.Clone(parts)
			other[i] = part[:len(part)-1] + string(alphabet[last^1<<bit])
			changed = append(changed, strings.Join(other, "."))
		}
	}
	for _, each := range changed {
		if _, err := codec.Parse(t.Context(), each); err == nil {
			t.Errorf("%q is good too", each)
		}
	}
}

func TestAnErrorDoesNotRepeatTheToken(t *testing.T) {
	t.Parallel()
	raw := mustIssue(t, newCodec(t, noon, old), sample())
	_, err := newCodec(t, noon, secret).Parse(t.Context(), raw)
	if err == nil || strings.Contains(err.Error(), raw[:20]) || strings.Contains(err.Error(), raw[len(raw)-20:]) {
		t.Errorf("answers %v", err)
	}
}

// FuzzParse: whatever is sent, reading it never panics, and nothing is good but
// what was issued, as it was issued.
func FuzzParse(f *testing.F) {
	codec := newCodec(f, noon, secret, old)
	issued := []string{mustIssue(f, codec, sample()), mustIssue(f, newCodec(f, noon, old), sample())}
	for _, raw := range append(issued, "", ".", "..", "...", "a.b.c", "e30.e30.", issued[0]+"=", issued[0][1:],
		"eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9.", "eyJhbGciOiJIUzI1NiIsImtpZCI6bnVsbH0.bnVsbA.AAAA") {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := codec.Parse(t.Context(), raw); err == nil && !slices.Contains(issued, raw) {
			t.Errorf("%q is good, and nobody issued it", raw)
		}
	})
}
