package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// sample is a contract with one operation of each kind of access.
const sample = `
openapi: 3.0.3
info: { title: sample, version: 1.0.0 }
servers: [{ url: /api/v1 }]
paths:
  /my-api-route/:
    post:
      operationId: mine
      security: [{ bearerAuth: [] }]
      responses: { '200': { description: it }}
  /my-optional-route/:
    get:
      operationId: optional
      security: [{ bearerAuth: [] }, {}]
      responses: { '200': { description: it }}
  /anybodys/{id}:
    get:
      operationId: anybodys
      security: []
      parameters:
        - { name: id, in: path, required: true, schema: { type: integer, maximum: 5 }}
      responses: { '200': { description: it }}
  /silent:
    get:
      operationId: silent
      responses: { '200': { description: it }}
components:
  securitySchemes:
    bearerAuth: { type: http, scheme: bearer }
`

// serveSample serves the sample by the product's own guard and engine. Handlers
// answer the e-mail address of who makes the request, or nothing.
func serveSample(t *testing.T, authenticate func(context.Context, string, auth.Client) (*auth.Principal, error)) http.Handler {
	t.Helper()
	contract, err := openapi3.NewLoader().LoadFromData([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGuard(contract, map[string]scheme{bearerScheme: {authenticate: authenticate}}, problems{log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	engine := newEngine(g.problems)
	routes := engine.Group(g.base, g.handle)
	answer := func(c *gin.Context) {
		email := ""
		if id := principal(c); id != nil {
			email = id.User.Email
		}
		c.String(http.StatusOK, email)
	}
	routes.POST("/my-api-route/", answer)
	routes.GET("/my-optional-route/", answer)
	routes.GET("/anybodys/:id", answer)
	routes.GET("/silent", answer)
	addOtherSlashes(engine, routes, g.base)
	return engine
}

// known knows one token.
func known(_ context.Context, token string, _ auth.Client) (*auth.Principal, error) {
	switch token {
	case "good":
		return &auth.Principal{User: auth.User{ID: 3, Email: "alice@example.com"}}, nil
	case "lost":
		return nil, auth.Unavailable(errors.New("the database is gone"))
	case "broken":
		return nil, errors.New("a fault of ours")
	}
	return nil, auth.InvalidToken(errors.New("expired, or of nobody"))
}

// The tutorial's get_current_user and get_optional_current_user.
func TestOptionalUser(t *testing.T) {
	t.Parallel()
	handler := serveSample(t, known)
	const mine, optional, anybodys, silent = "POST /my-api-route/", "GET /my-optional-route/", "GET /anybodys/5", "GET /silent"
	for name, test := range map[string]struct {
		operation     string
		authorization string
		status        int
		body          string // all of it, or a problem's code
	}{
		"a protected route, signed in":                      {mine, "Bearer good", 200, "alice@example.com"},
		"a protected route, without its slash":              {strings.TrimSuffix(mine, "/"), "Bearer good", 200, "alice@example.com"},
		"a protected route, without a token":                {mine, "", 401, "authentication_required"},
		"a protected route, with an expired token":          {mine, "Bearer old", 401, "invalid_token"},
		"a protected route, and no database":                {mine, "Bearer lost", 503, "unavailable"},
		"an optional route, signed in":                      {optional, "Bearer good", 200, "alice@example.com"},
		"an optional route, without a token":                {optional, "", 200, ""},
		"an optional route, with another scheme":            {optional, "Basic Zm9v", 200, ""},
		"an optional route, with an expired token":          {optional, "Bearer old", 200, ""},
		"an optional route, with what is no token":          {optional, "Bearer ü", 200, ""},
		"an optional route, and no database: not anonymous": {optional, "Bearer lost", 503, "unavailable"},
		"an optional route, and a fault: not anonymous":     {optional, "Bearer broken", 500, "internal"},
		"a public route, which looks at no token":           {anybodys, "Bearer lost", 200, ""},
		"a public route with a parameter that is no number": {"GET /anybodys/x", "", 422, "invalid_request"},
		"a public route with a parameter out of range":      {"GET /anybodys/6", "", 422, `"field":"id"`},
		"a route that says nothing is protected":            {silent, "", 401, "authentication_required"},
		"a route that says nothing, signed in":              {silent, "Bearer good", 200, "alice@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(test.operation, " ")
			r := httptest.NewRequest(method, "/api/v1"+path, nil)
			if test.authorization != "" {
				r.Header.Set("Authorization", test.authorization)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != test.status {
				t.Fatalf("answers %d, want %d: %s", w.Code, test.status, w.Body)
			}
			if got := w.Body.String(); test.status == 200 && got != test.body || !strings.Contains(got, test.body) {
				t.Errorf("answers %q, want %q", got, test.body)
			}
		})
	}
}

func TestAContractThatTheGuardWouldNotEnforceIsRefused(t *testing.T) {
	t.Parallel()
	for name, security := range map[string]string{
		"another scheme":             "[{ cookieAuth: [] }]",
		"two schemes at once":        "[{ bearerAuth: [], cookieAuth: [] }]",
		"scopes":                     "[{ bearerAuth: [admin] }]",
		"another scheme, or anybody": "[{ cookieAuth: [] }, {}]",
		"another scheme beside ours": "[{ bearerAuth: [] }, { cookieAuth: [] }]",
		"either of ours":             "[{ bearerAuth: [] }, { introspectionSecret: [] }]",
		"both of ours":               "[{ bearerAuth: [], introspectionSecret: [] }]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contract, err := openapi3.NewLoader().LoadFromData([]byte(strings.Replace(sample, "[{ bearerAuth: [] }, {}]", security, 1)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := newGuard(contract, map[string]scheme{bearerScheme: {authenticate: known}, introspectionScheme: {}}, problems{}); err == nil {
				t.Error("it is served")
			}
		})
	}
}
