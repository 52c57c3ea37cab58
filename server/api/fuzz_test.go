package api

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/problem"
)

// FuzzBearer: whatever the header is, it is read without panic, and what is let
// through is a b64token that stands in the header.
func FuzzBearer(f *testing.F) {
	for _, seed := range []string{"", "Bearer", "Bearer ", "Bearer a.b.c", "BEARER a==", "bearer  a", "Bearer\ta", "Bearer a b", "Basic a", "Bearer a, Basic b", "Bearer é", "Bearer =", "Bearer a\x00", strings.Repeat("B", 5000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		token, err := bearer(http.Header{"Authorization": {value}})
		if err != nil {
			if problem.Status(auth.ErrorCode(err)) != http.StatusUnauthorized {
				t.Errorf("%q: %v", value, err)
			}
			return
		}
		if token == "" || len(token) > maxTokenLength || !strings.Contains(value, token) ||
			strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=") != "" {
			t.Errorf("%q gives the token %q", value, token)
		}
	})
}

// guardedLogin is what stands before a login, by the contract: the handler notes
// what it is given.
func guardedLogin(tb testing.TB) (handler http.Handler, given **gen.LoginRequest) {
	tb.Helper()
	contract, err := gen.GetSpec()
	if err != nil {
		tb.Fatal(err)
	}
	g, err := newGuard(contract, Deps{}.schemes(), problems{log: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	engine := newEngine(g.problems)
	given = new(*gen.LoginRequest)
	engine.Group(g.base, g.handle).POST("/users/login/", func(c *gin.Context) {
		var body gen.LoginRequest
		validated, ok := c.Request.Body.(interface{ ValidatedValue() any })
		if !ok {
			tb.Error("the validated value is not kept")
			return
		}
		members := validated.ValidatedValue().(map[string]any)
		body.Username, body.Password = members["username"].(string), members["password"].(string)
		*given = &body
		c.Status(http.StatusOK)
	})
	return engine, given
}

// FuzzLoginBody: whatever is sent, the answer is 200 or a problem document of a
// client's fault that does not repeat it, and what reaches the handler is what
// encoding/json reads in the body.
func FuzzLoginBody(f *testing.F) {
	for _, seed := range []string{
		"", "null", "[]", `"x"`, "{", "{}", `{"username":"a","password":"b"}`, `{"username":"a","password":"b","more":[{"x":1}]}`,
		`{"username":"a","password":"b"}{}`, `{"username":"a","username":"b","password":"c"}`, `{"Username":"a","password":"b"}`,
		`{"username":null,"password":"b"}`, `{"username":1,"password":{}}`, `{"username":"a\u0000","password":"b"}`,
		`{"username":"\ud800","password":"b"}`, `{"username":"\ud83d\ude00","password":"\u0000"}`, `{"username":"\xff","password":"b"}`,
		"{\"username\":\"\xff\",\"password\":\"b\"}", `{"username":"` + strings.Repeat("a", 10_000) + `","password":"b"}`,
		strings.Repeat("[", 1000), strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), `{"username":"a\ud800\\","password":"\\\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	guarded, given := guardedLogin(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		*given = nil
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/api/v1/users/login/", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		guarded.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			checkRefusal(t, w, body)
			return
		}
		var want struct {
			Username, Password *string
		}
		if err := json.Unmarshal(body, &want); err != nil || want.Username == nil || want.Password == nil {
			t.Fatalf("let through, and encoding/json reads %v: %q", err, body)
		}
		if (*given).Username != *want.Username || (*given).Password != *want.Password {
			t.Errorf("%q gives %q and %q", body, (*given).Username, (*given).Password)
		}
	})
}

func checkRefusal(t *testing.T, w *httptest.ResponseRecorder, body []byte) {
	t.Helper()
	var problem gen.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	switch w.Code {
	case http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
	default:
		t.Errorf("%q: %d", body, w.Code)
	}
	// Long enough not to be there by chance.
	if len(body) > 24 && bytes.Contains(w.Body.Bytes(), body[:24]) {
		t.Errorf("%q is repeated in %s", body, w.Body)
	}
}
