package tests

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// forged is a token that is good but for one thing.
type forged struct {
	name   string
	change change
}

// Each is refused by every operation, and ends nobody's session.
//
// ASVS 9.1.1, 9.1.2, 9.1.3
func TestAForgedToken(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		s := newScene(t, databaseURL)
		me := apptest.Request{Method: "GET", Path: "/users/me/", Token: s.token(t)}
		wantLetIn(t, s.Do(t, me)) // or the cases say nothing
		cases := slicesOf(structureCases(), algorithmCases(), headerCases(), spellingCases(s.aliceSID), s.keyCases(t), timeCases(s.Clock.Now()), nameCases(), s.subjectCases(), s.sessionCases())
		for _, op := range protectedOperations(t) {
			for _, c := range cases {
				t.Run(op.OperationID+": "+c.name, func(t *testing.T) {
					in := op.Example(t)
					in.Token = s.token(t, c.change)
					wantRefusalBy(t, op.Scheme(), s.Do(t, in), gen.ProblemCodeInvalidToken)
					// What ends the session would have the rest refused anyhow.
					if got := s.Do(t, me); got.Status != http.StatusOK {
						t.Error("it ended the session")
						s.aliceSID = sidOf(t, s.Login(t, s.alice))
						me.Token = s.token(t)
					}
				})
			}
		}
	})
}

func slicesOf(tables ...[]forged) []forged {
	var all []forged
	for _, table := range tables {
		all = append(all, table...)
	}
	return all
}

// Unusual, and good by RFC 7519: tokens of a later version may look like this
// while an older one still runs beside it.
func TestAnUnusualTokenIsLetIn(t *testing.T) {
	t.Parallel()
	s := newScene(t, apptest.SQLite(t))
	now := s.Clock.Now()
	for _, c := range []forged{
		{"an exp in a hundred years", claim("exp", now.AddDate(100, 0, 0).Unix())},
		{"one second of life left", claim("exp", now.Unix()+1)},
		{"an iat from a clock that is 30 s ahead", claim("iat", now.Unix()+30)},
		{"an nbf of just now", claim("nbf", now.Unix())},
		{"one aud, not in a list", claim("aud", "latchkey")},
		{"other aud beside ours", claim("aud", []string{"other", "latchkey"})},
		{"no jti", withoutClaim("jti")},
		{"a claim that nobody knows", claim("role", "admin")},
		{"no typ", withoutJoseHeader("typ")},
		{"the typ of new tokens", joseHeader("typ", "at+jwt")},
		{"a header that nobody knows", joseHeader("x", 1)},
		{"spare bits that are zero", withSpareBits},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantLetIn(t, s.Do(t, apptest.Request{Method: "GET", Path: "/users/me/", Token: s.token(t, c.change)}))
		})
	}
}

// structureCases are changed after signing, and so without the key: by whoever
// got hold of a token – or, with a good signature, are no JWT.
func structureCases() []forged {
	standardAlphabet := strings.NewReplacer("-", "+", "_", "/")
	pad := func(segment string) string { return segment + "=" }
	return []forged{
		{"header changed", afterSigning(inSegment(0, flip))},
		{"payload changed", afterSigning(inSegment(1, flip))},
		{"signature changed", afterSigning(inSegment(2, flip))},
		{"payload replaced", afterSigning(inSegment(1, func(string) string { return encodeSegment(`{"sub":"1"}`) }))},
		{"signature empty", afterSigning(inSegment(2, func(string) string { return "" }))},
		{"signature cut", afterSigning(inSegment(2, func(s string) string { return s[:22] }))},
		{"signature longer", afterSigning(inSegment(2, func(s string) string { return s[:42] + "AAA" }))},
		{"other trailing bits in the header", allOf(withSpareBits, afterSigning(inSegment(0, loosen)))},
		{"other trailing bits in the payload", allOf(withSpareBits, afterSigning(inSegment(1, loosen)))},
		{"other trailing bits in the signature", afterSigning(inSegment(2, loosen))},
		{"other trailing bits in the header, signed", allOf(withSpareBits, beforeSigning(inSegment(0, loosen)))},
		{"other trailing bits in the payload, signed", allOf(withSpareBits, beforeSigning(inSegment(1, loosen)))},
		{"padding behind the signature", afterSigning(inSegment(2, pad))},
		{"padding behind the payload, signed", allOf(withSpareBits, beforeSigning(inSegment(1, pad)))},
		{"the other base64 alphabet, signed", allOf(withSpareBits, claim("pad", "\u07ff\u07ff\u07ff"), beforeSigning(standardAlphabet.Replace))},
		{"two segments", afterSigning(func(token string) string { return token[:strings.LastIndex(token, ".")] })},
		{"four segments", afterSigning(func(token string) string { return token + ".x" })},
		{"four segments, the last of them empty", afterSigning(func(token string) string { return token + "." })},
		{"four segments, the first of them empty", afterSigning(func(token string) string { return "." + token })},
		{"five segments, as a JWE has", afterSigning(func(token string) string { return token + ".x.x" })},
		{"over-long, signed", claim("pad", strings.Repeat("x", 5000))},
		{"far over-long, signed", claim("pad", strings.Repeat("x", 200_000))},
		{"payload is text, signed", withPayload(`"x"`)},
		{"payload is null, signed", withPayload(`null`)},
		{"payload is a list, signed", withPayload(`[]`)},
		{"payload is empty, signed", withPayload(`{}`)},
		{"payload is no JSON, signed", withPayload(`{`)},
	}
}

func withPayload(json string) change { return func(f *forgery) { f.payload = json } }

func beforeSigning(spoil func(string) string) change {
	return func(f *forgery) { f.beforeSigning = spoil }
}

// algorithmCases name another algorithm than ours; what is signed at all, is
// signed with our key.
func algorithmCases() []forged {
	cases := []forged{
		{"alg HS384, and signed so", signedBy(jwt.SigningMethodHS384)},
		{"alg HS512, and signed so", signedBy(jwt.SigningMethodHS512)},
		{"alg HS256, and signed by HS512", allOf(signedBy(jwt.SigningMethodHS512), joseHeader("alg", "HS256"))},
		{"alg missing", withoutJoseHeader("alg")},
		{"alg missing, no signature", allOf(withoutJoseHeader("alg"), unsigned)},
		{"alg null", joseHeader("alg", nil)},
		{"alg is a list", joseHeader("alg", []string{"HS256"})},
	}
	for _, alg := range []string{"HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "hs256", "HS256 ", "unknown"} {
		cases = append(cases, forged{fmt.Sprintf("alg %q, but signed by HS256", alg), joseHeader("alg", alg)})
	}
	for _, none := range []string{"none", "None", "NONE", "nOnE", "none ", ""} {
		cases = append(cases,
			forged{fmt.Sprintf("alg %q, no signature", none), allOf(joseHeader("alg", none), unsigned)},
			forged{fmt.Sprintf("alg %q, signed all the same", none), joseHeader("alg", none)})
	}
	return cases
}

// headerCases ask for what nobody here does, or say that they are no access token; all
// are signed with our key.
func headerCases() []forged {
	cases := []forged{
		{"crit of what nobody knows", allOf(joseHeader("crit", []string{"x"}), joseHeader("x", 1))},
		{"crit of what everybody knows", joseHeader("crit", []string{"exp"})},
		{"crit, empty", joseHeader("crit", []string{})},
		{"b64 false", allOf(joseHeader("crit", []string{"b64"}), joseHeader("b64", false))},
		{"b64 without crit", joseHeader("b64", true)},
		{"zip", joseHeader("zip", "DEF")},
		{"zip null", joseHeader("zip", nil)},
		{"typ null", joseHeader("typ", nil)},
		{"typ is a list", joseHeader("typ", []string{"JWT"})},
	}
	for _, typ := range []string{"", "jwt", "AT+JWT", "id_token", "logout+jwt", "dpop+jwt", "secevent+jwt", "JWE", "JWT "} {
		cases = append(cases, forged{fmt.Sprintf("typ %q", typ), joseHeader("typ", typ)})
	}
	return cases
}

// spellingCases say the same twice, or in another letter case: what one reader takes for
// the name, another does not see.
func spellingCases(sid string) []forged {
	var cases []forged
	for _, name := range []string{"Iss", "SUB", "Aud", "EXP", "Iat", "NBF", "Jti", "Sid", "ſub", "iſſ", "CLIENT_ID"} {
		cases = append(cases, forged{"a claim " + name, claim(name, "11")})
	}
	for _, name := range []string{"Alg", "KID", "\u212aid", "Typ", "CRIT", "Zip"} {
		cases = append(cases, forged{"a header " + name, joseHeader(name, "HS256")})
	}
	twice := func(member string) change {
		return func(f *forgery) {
			text, err := json.Marshal(f.claims)
			if err != nil {
				panic(err)
			}
			f.payload = "{" + member + "," + string(text[1:])
		}
	}
	return append(cases,
		forged{"sid in another case instead", allOf(withoutClaim("sid"), claim("Sid", sid))},
		forged{"sub twice", twice(`"sub":"11"`)},
		forged{"sub twice, escaped", twice(`"\u0073ub":"11"`)},
		forged{"exp twice", twice(`"exp":1`)},
		forged{"an unknown claim with a member twice", twice(`"x":{"y":1,"y":2}`)},
	)
}

func (s *scene) keyCases(t *testing.T) []forged {
	other := newForger(t, "another-secret-than-the-app-has-0123456789abc")
	return []forged{
		{"another key under our kid", signedWith(other.key)},
		{"another key under its own kid", allOf(joseHeader("kid", other.kid), signedWith(other.key))},
		{"our key under another kid", joseHeader("kid", other.kid)},
		{"the secret itself is the key", signedWith([]byte(apptest.Secret))},
		{"an empty key", signedWith([]byte{})},
		{"no kid", withoutJoseHeader("kid")},
		{"an empty kid", joseHeader("kid", "")},
		{"kid null", joseHeader("kid", nil)},
		{"kid is a number", joseHeader("kid", 1)},
		{"kid in capitals, if it has letters", joseHeader("kid", strings.ToUpper(s.kid)+"x")},
		{"kid is a path", joseHeader("kid", "../../../dev/null")},
		{"another key under no kid", allOf(withoutJoseHeader("kid"), signedWith(other.key))},
		{"a key that the header brings along", allOf(signedWith(other.key), withoutJoseHeader("kid"),
			joseHeader("jwk", map[string]string{"kty": "oct", "k": base64.RawURLEncoding.EncodeToString(other.key)}))},
	}
}

func timeCases(clock time.Time) []forged {
	now := clock.Unix()
	return []forged{
		{"expired a second ago", claim("exp", now-1)},
		{"expired exactly now", claim("exp", now)},
		{"expired a fraction of a second ago", claim("exp", float64(now)-0.5)},
		{"expired long ago", claim("exp", 1)},
		{"no exp", withoutClaim("exp")},
		{"exp null", claim("exp", nil)},
		{"exp is text", claim("exp", fmt.Sprint(now+3600))},
		{"exp is a date", claim("exp", clock.Add(time.Hour).Format(time.RFC3339))},
		{"exp is a list", claim("exp", []int64{now + 3600})},
		{"exp 0", claim("exp", 0)},
		{"exp negative", claim("exp", -now)},
		{"exp 1e300", claim("exp", 1e300)},
		{"exp -1e300", claim("exp", -1e300)},
		{"no iat", withoutClaim("iat")},
		{"iat null", claim("iat", nil)},
		{"iat is text", claim("iat", fmt.Sprint(now))},
		{"iat in the future", claim("iat", now+31)},
		{"iat in the far future", claim("iat", 1e300)},
		{"nbf in the future", claim("nbf", now+1)},
		{"nbf in the far future", claim("nbf", 1e300)},
		{"nbf is text", claim("nbf", fmt.Sprint(now))},
		{"nbf is no number", claim("nbf", "x")},
	}
}

// nameCases are tokens of other programs that share the secret.
func nameCases() []forged {
	return []forged{
		{"no iss", withoutClaim("iss")},
		{"another iss", claim("iss", "other")},
		{"iss empty", claim("iss", "")},
		{"iss in another case", claim("iss", "Latchkey")},
		{"iss is a list", claim("iss", []string{"latchkey"})},
		{"no aud", withoutClaim("aud")},
		{"another aud", claim("aud", "other")},
		{"aud empty", claim("aud", "")},
		{"aud is an empty list", claim("aud", []string{})},
		{"aud is a list of others", claim("aud", []string{"other", "latchkey2"})},
		{"aud is a number", claim("aud", 1)},
		{"jti is a number", claim("jti", 5)},
	}
}

// subjectCases are spellings of alice's id, 11, that some language reads as a
// number, and what is no id at all.
func (s *scene) subjectCases() []forged {
	cases := []forged{
		{"no sub", withoutClaim("sub")},
		{"sub null", claim("sub", nil)},
		{"sub is a number", claim("sub", s.alice.ID)},
		{"sub is a list", claim("sub", []string{fmt.Sprint(s.alice.ID)})},
		{"sub of 5000 digits", claim("sub", strings.Repeat("9", 5000))},
		{"sub is another user's, sid alice's", claim("sub", fmt.Sprint(s.bob.ID))},
		{"sub is nobody's, sid alice's", claim("sub", "999999")},
	}
	for _, sub := range []string{
		"", "0", "-1", "-11", "011", "0011", "1_1", "+11", " 11", "11 ", "11\n", "11\x00", "11.0", "1.1e1", "0xb", "0b1011", "0o13",
		"１１", "alice", s.alice.Email, "03", "+3", " 3", "9223372036854775807", "9223372036854775808", "18446744073709551627",
		strings.Repeat("9", 400),
	} {
		cases = append(cases, forged{fmt.Sprintf("sub %.24q", sub), claim("sub", sub)})
	}
	return cases
}

func (s *scene) sessionCases() []forged {
	return []forged{
		{"no sid", withoutClaim("sid")},
		{"sid null", claim("sid", nil)},
		{"sid empty", claim("sid", "")},
		{"sid is a number", claim("sid", 1)},
		{"sid is a list", claim("sid", []string{s.aliceSID})},
		{"unknown sid", claim("sid", "aaaaaaaaaaaaaaaaaaaaaaaaaa")},
		{"sid in capitals", claim("sid", strings.ToUpper(s.aliceSID))},
		{"sid with a space", claim("sid", s.aliceSID+" ")},
		{"sid that is SQL", claim("sid", "' OR '1'='1")},
		{"sid that is a pattern", claim("sid", "%")},
		{"sid with a backslash", claim("sid", s.aliceSID+`\`)},
		{"sid with a NUL", claim("sid", s.aliceSID+"\x00")},
		{"sid of another user's session", claim("sid", s.bobSID)},
	}
}
