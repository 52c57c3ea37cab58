package apptest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/gen"
)

// Base is the contract's server URL.
const Base = "/api/v1"

// Request is one to be sent to the API.
type Request struct {
	Method string
	Path   string // below Base, with a query if there is one
	Token  string // sent as Authorization: Bearer …
	Body   string // sent as JSON, unless Header says otherwise
	// Header replaces headers; a nil value sends none of that name.
	Header http.Header
}

// Response is what came back.
type Response struct {
	Status int
	Header http.Header
	Body   string
}

// Do sends a request, and fails the test when the answer is not what the
// contract declares.
func (a *App) Do(t testing.TB, in Request) Response {
	t.Helper()
	out, err := a.Try(t, in)
	if err != nil {
		t.Fatalf("%s %s: %v", in.Method, in.Path, err)
	}
	return out
}

// Try is Do for a request that may fail to be answered.
func (a *App) Try(t testing.TB, in Request) (Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), in.Method, a.URL+Base+in.Path, strings.NewReader(in.Body))
	if err != nil {
		return Response{}, err
	}
	if in.Body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if in.Token != "" {
		req.Header.Set("Authorization", "Bearer "+in.Token)
	}
	for name, values := range in.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	answer, err := a.Transport.RoundTrip(req)
	if err != nil {
		return Response{}, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return Response{}, err
	}
	if err := answer.Body.Close(); err != nil {
		return Response{}, err
	}
	checkAnswer(t, req, answer, body)
	return Response{Status: answer.StatusCode, Header: answer.Header, Body: string(body)}, nil
}

// Token reads the body as a Token.
func (r Response) Token(t testing.TB) Token {
	t.Helper()
	var token Token
	r.into(t, &token)
	return token
}

// Problem reads the body as a problem document.
func (r Response) Problem(t testing.TB) gen.Problem {
	t.Helper()
	var problem gen.Problem
	r.into(t, &problem)
	return problem
}

func (r Response) into(t testing.TB, target any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.Body), target); err != nil {
		t.Fatalf("%d %s: %v", r.Status, r.Body, err)
	}
}
