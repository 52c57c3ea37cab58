package tests

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/server/config"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// Nobody finds out by reading code who may call an operation: it says so itself.
func TestEveryOperationStatesItsSecurity(t *testing.T) {
	t.Parallel()
	for _, op := range apptest.Operations() {
		if op.Security == nil {
			t.Errorf("%s states no security: write [] if anybody may call it", op.OperationID)
			continue
		}
		for _, requirement := range *op.Security {
			for name := range requirement {
				if refusals[name] == nil {
					t.Errorf("%s asks for %s", op.OperationID, name)
				}
			}
		}
	}
	schemes := apptest.Contract().Components.SecuritySchemes
	for name, scheme := range schemes {
		if refusals[name] == nil || scheme.Value.Type != "http" || scheme.Value.Scheme != "bearer" {
			t.Errorf("the contract has the security scheme %s, %v", name, scheme.Value)
		}
	}
	if len(schemes) != len(refusals) {
		t.Errorf("the contract's security schemes are %v", schemes)
	}
}

// protectedOperations returns those whose security demands a credential.
func protectedOperations(t *testing.T) []apptest.Operation {
	t.Helper()
	var found []apptest.Operation
	for _, op := range apptest.Operations() {
		if op.Scheme() != "" {
			found = append(found, op)
		}
	}
	if len(found) < 3 {
		t.Fatalf("the contract protects only %d operations", len(found))
	}
	return found
}

// usersOperations returns those that are protected by an access token.
func usersOperations(t *testing.T) []apptest.Operation {
	t.Helper()
	return slices.DeleteFunc(protectedOperations(t), func(op apptest.Operation) bool { return op.Scheme() != bearerAuth })
}

const bearerAuth = "bearerAuth"

// refusal is a way to be told to show another credential.
type refusal struct{ challenge, detail string }

// refusals are the two ways for each security scheme. There is one text for whatever is
// wrong with a credential: more would help whoever forges them.
var refusals = map[string]map[gen.ProblemCode]refusal{
	bearerAuth: {
		gen.ProblemCodeAuthenticationRequired: {`Bearer realm="latchkey"`, "Sign in to do this."},
		gen.ProblemCodeInvalidToken:           {`Bearer realm="latchkey", error="invalid_token"`, "You are signed out. Sign in again."},
	},
	"introspectionSecret": {
		gen.ProblemCodeAuthenticationRequired: {`Bearer realm="latchkey"`, "Send the introspection secret as a bearer token."},
		gen.ProblemCodeInvalidToken:           {`Bearer realm="latchkey", error="invalid_token"`, "This is not the introspection secret."},
	},
}

func wantRefusal(t *testing.T, got apptest.Response, code gen.ProblemCode) {
	t.Helper()
	wantRefusalBy(t, bearerAuth, got, code)
}

// wantRefusalBy wants the answer of an operation that a security scheme protects.
func wantRefusalBy(t *testing.T, scheme string, got apptest.Response, code gen.ProblemCode) {
	t.Helper()
	if got.Status != http.StatusUnauthorized {
		t.Errorf("answers %d, want 401: %.300s", got.Status, got.Body)
		return
	}
	problem, want := got.Problem(t), refusals[scheme][code]
	if problem.Code != code || problem.Detail != want.detail || problem.Errors != nil {
		t.Errorf("answers %s, want %s", got.Body, code)
	}
	if challenges := got.Header.Values("WWW-Authenticate"); !slices.Equal(challenges, []string{want.challenge}) {
		t.Errorf("WWW-Authenticate is %q, want %q", challenges, want.challenge)
	}
}

func wantLetIn(t *testing.T, got apptest.Response) {
	t.Helper()
	if got.Status < 200 || got.Status > 299 {
		t.Errorf("answers %d: %.300s", got.Status, got.Body)
	}
}

func TestAGoodTokenIsLetIn(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		s := newScene(t, databaseURL)
		for _, op := range protectedOperations(t) {
			t.Run(op.OperationID, func(t *testing.T) {
				in := op.Example(t)
				// Of its own, since an operation may change whoever calls it; the password is the contract's example.
				user := s.AddUser(t, apptest.User{Email: op.OperationID + "@example.com", Password: "wonderland-42"})
				in.Token = op.Credential(s.Login(t, user))
				got := s.Do(t, in)
				if op.TakesPathParameters() && got.Status == http.StatusNotFound {
					return // nobody made what the example names: whoever says so has let it in
				}
				wantLetIn(t, got)
			})
		}
	})
}

// An operation for anybody does not look at tokens: one that is over must not
// keep anybody from signing in.
func TestAPublicOperationDoesNotLookAtTokens(t *testing.T) {
	t.Parallel()
	s := newScene(t, apptest.SQLite(t))
	for _, op := range apptest.Operations() {
		if op.Security == nil || len(*op.Security) > 0 {
			continue
		}
		for name, token := range map[string]string{"no token": "", "an expired token": s.token(t, claim("exp", 1)), "no token at all, but its scheme": "é"} {
			in := op.Example(t)
			if op.OperationID == "login" { // whose example is nobody here
				in = apptest.LoginRequest(s.alice.Email, s.alice.Password)
			}
			in.Token = token
			t.Run(op.OperationID+" with "+name, func(t *testing.T) { wantLetIn(t, s.Do(t, in)) })
		}
	}
}

// sending is one way to send a token, or not to.
type sending struct {
	name    string
	headers func(token string) []string // of Authorization; nil: none
	query   func(token string) string
	other   func(token string) http.Header
	code    gen.ProblemCode
}

func authorization(format ...string) func(string) []string {
	return func(token string) []string {
		values := slices.Clone(format)
		for i := range values {
			values[i] = strings.ReplaceAll(values[i], "TOKEN", token)
		}
		return values
	}
}

var sendings = []sending{
	{name: "no header", code: gen.ProblemCodeAuthenticationRequired},
	{name: "an empty header", headers: authorization(""), code: gen.ProblemCodeAuthenticationRequired},
	{name: "the scheme Basic", headers: authorization("Basic YWxpY2U6d29uZGVybGFuZC00Mg=="), code: gen.ProblemCodeAuthenticationRequired},
	{name: "the scheme Token", headers: authorization("Token TOKEN"), code: gen.ProblemCodeAuthenticationRequired},
	{name: "the scheme alone", headers: authorization("Bearer"), code: gen.ProblemCodeAuthenticationRequired},
	{name: "the scheme and spaces", headers: authorization("Bearer   "), code: gen.ProblemCodeAuthenticationRequired},
	{name: "a scheme that only ends like ours", headers: authorization("XBearer TOKEN"), code: gen.ProblemCodeAuthenticationRequired},
	{name: "a scheme with a colon", headers: authorization("Bearer: TOKEN"), code: gen.ProblemCodeAuthenticationRequired},
	{name: "the token without a scheme", headers: authorization("TOKEN"), code: gen.ProblemCodeAuthenticationRequired},
	{name: "a tab before the token", headers: authorization("Bearer\tTOKEN"), code: gen.ProblemCodeAuthenticationRequired},
	{name: "a space before the scheme's end", headers: authorization("Bea rer TOKEN"), code: gen.ProblemCodeAuthenticationRequired},
	{name: "the token in the query only", query: func(token string) string { return "?access_token=" + token }, code: gen.ProblemCodeAuthenticationRequired},
	{name: "the token in a cookie only", other: elsewhere("Cookie", "access_token=TOKEN"), code: gen.ProblemCodeAuthenticationRequired},
	{name: "the token for a proxy", other: elsewhere("Proxy-Authorization", "Bearer TOKEN"), code: gen.ProblemCodeAuthenticationRequired},
	{name: "the token twice", headers: authorization("Bearer TOKEN", "Bearer TOKEN"), code: gen.ProblemCodeInvalidToken},
	{name: "another header before the token's", headers: authorization("Basic x", "Bearer TOKEN"), code: gen.ProblemCodeInvalidToken},
	{name: "another header behind the token's", headers: authorization("Bearer TOKEN", "Basic x"), code: gen.ProblemCodeInvalidToken},
	{name: "junk behind the token", headers: authorization("Bearer TOKEN x"), code: gen.ProblemCodeInvalidToken},
	{name: "a tab behind the token, and junk", headers: authorization("Bearer TOKEN\tx"), code: gen.ProblemCodeInvalidToken},
	{name: "a list with a comma", headers: authorization("Bearer TOKEN, Basic x"), code: gen.ProblemCodeInvalidToken},
	{name: "a comma", headers: authorization("Bearer TOKEN,"), code: gen.ProblemCodeInvalidToken},
	{name: "a parameter", headers: authorization(`Bearer token="TOKEN"`), code: gen.ProblemCodeInvalidToken},
	{name: "quotes", headers: authorization(`Bearer "TOKEN"`), code: gen.ProblemCodeInvalidToken},
	{name: "a letter outside ASCII", headers: authorization("Bearer é"), code: gen.ProblemCodeInvalidToken},
	{name: "a letter outside ASCII behind the token", headers: authorization("Bearer TOKENé"), code: gen.ProblemCodeInvalidToken},
	{name: "bytes that are no UTF-8", headers: authorization("Bearer TOKEN\xff"), code: gen.ProblemCodeInvalidToken},
	{name: "an equals sign", headers: authorization("Bearer ="), code: gen.ProblemCodeInvalidToken},
	{name: "an equals sign before the token", headers: authorization("Bearer =TOKEN"), code: gen.ProblemCodeInvalidToken},
}

func elsewhere(name, value string) func(string) http.Header {
	return func(token string) http.Header {
		return http.Header{name: {strings.ReplaceAll(value, "TOKEN", token)}}
	}
}

// A good token, sent in a wrong way.
func TestAGoodTokenSentWrongly(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		s := newScene(t, databaseURL)
		mine := s.token(t)
		for _, op := range protectedOperations(t) {
			token := op.Credential(mine)
			for _, how := range sendings {
				t.Run(op.OperationID+": "+how.name, func(t *testing.T) {
					in := op.Example(t)
					if how.other != nil {
						maps.Copy(in.Header, how.other(token))
					}
					if how.headers != nil {
						in.Header["Authorization"] = how.headers(token)
					}
					if how.query != nil {
						path, query, _ := strings.Cut(in.Path, "?")
						in.Path = path + how.query(token) + "&" + query
					}
					wantRefusalBy(t, op.Scheme(), s.Do(t, in), how.code)
				})
			}
		}
		wantLetIn(t, s.Do(t, apptest.Request{Method: "GET", Path: "/users/me/", Token: mine}))
	})
}

// RFC 9110 (11.1, 11.4) leaves the scheme's letter case free, and the number of
// spaces.
func TestAGoodTokenSentUnusually(t *testing.T) {
	t.Parallel()
	s := newScene(t, apptest.SQLite(t))
	for _, header := range []string{"bearer TOKEN", "BEARER TOKEN", "Bearer    TOKEN", "Bearer TOKEN  "} {
		t.Run(header, func(t *testing.T) {
			in := apptest.Request{Method: "GET", Path: "/users/me/", Header: http.Header{"Authorization": authorization(header)(s.token(t))}}
			wantLetIn(t, s.Do(t, in))
		})
	}
}

// A secret is replaced by another without signing anybody out: the old one goes
// on to be accepted, under its own name alone, and signs no more.
//
// ASVS 9.1.3
func TestAnOldSecretIsAcceptedAndSignsNoMore(t *testing.T) {
	t.Parallel()
	const older, old = "the-secret-before-the-last-one-0123456789", "the-secret-before-this-one-0123456789abc"
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		s := newScene(t, databaseURL, func(c *config.Config) { c.SecretKeyFallbacks = [][]byte{[]byte(old), []byte(older)} })
		oldKey, olderKey := newForger(t, old), newForger(t, older)
		me := func(token string) apptest.Response {
			return s.Do(t, apptest.Request{Method: "GET", Path: "/users/me/", Token: token})
		}
		for _, fallback := range []forger{oldKey, olderKey} {
			wantLetIn(t, me(s.token(t, joseHeader("kid", fallback.kid), signedWith(fallback.key))))
			wantRefusal(t, me(s.token(t, signedWith(fallback.key))), gen.ProblemCodeInvalidToken)
			wantRefusal(t, me(s.token(t, joseHeader("kid", fallback.kid))), gen.ProblemCodeInvalidToken)
			wantRefusal(t, me(s.token(t, signedWith(fallback.key), withoutJoseHeader("kid"))), gen.ProblemCodeInvalidToken)
		}
		wantRefusal(t, me(s.token(t, joseHeader("kid", oldKey.kid), signedWith(olderKey.key))), gen.ProblemCodeInvalidToken)

		due := s.token(t, joseHeader("kid", oldKey.kid), signedWith(oldKey.key), claim("exp", s.Clock.Now().Add(time.Hour).Unix()))
		renewed := s.Do(t, apptest.Request{Method: "POST", Path: "/users/session/", Token: due}).Token(t).AccessToken
		if kid := kidOf(t, renewed); kid != s.kid {
			t.Errorf("a token of the old secret is renewed under the kid %q, not the new secret's", kid)
		}
	})
}
