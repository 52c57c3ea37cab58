package apptest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/latchkey-auth/latchkey/gen"
)

// Contract is api/openapi.yaml as the generated code has it.
var Contract = sync.OnceValue(func() *openapi3.T {
	contract, err := gen.GetSpec()
	if err != nil {
		panic(err) // the generated file is broken; nothing can be tested
	}
	return contract
})

// Operation is one of the contract's.
type Operation struct {
	*openapi3.Operation
	Method string
	Path   string
	Item   *openapi3.PathItem
}

// Operations returns the contract's operations, in a fixed order.
func Operations() []Operation {
	var all []Operation
	for path, item := range Contract().Paths.Map() {
		for method, op := range item.Operations() {
			all = append(all, Operation{Operation: op, Method: method, Path: path, Item: item})
		}
	}
	slices.SortFunc(all, func(a, b Operation) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	return all
}

// Scheme returns the security scheme that the operation demands; "" where anybody may
// call it.
func (op Operation) Scheme() string {
	if op.Security == nil || len(*op.Security) != 1 {
		return ""
	}
	for name := range (*op.Security)[0] {
		return name
	}
	return ""
}

// Credential returns what lets somebody call the operation: their access token, or the
// secret of another service.
func (op Operation) Credential(accessToken string) string {
	if op.Scheme() == "introspectionSecret" {
		return IntrospectionSecret
	}
	return accessToken
}

// find returns the operation that a request is for. A path without parameters goes
// before one that has some.
func find(method, path string) (Operation, bool) {
	var found Operation
	for _, op := range Operations() {
		if op.Method != method || !isLike(path, Base+op.Path) {
			continue
		}
		if !op.TakesPathParameters() {
			return op, true
		}
		found = op
	}
	return found, found.Operation != nil
}

// isLike reports whether a path is one of the contract's, in which {name} stands for
// one segment.
func isLike(path, declared string) bool {
	segments, want := strings.Split(strings.TrimSuffix(path, "/"), "/"), strings.Split(strings.TrimSuffix(declared, "/"), "/")
	return slices.EqualFunc(segments, want, func(is, declared string) bool {
		return is == declared || strings.HasPrefix(declared, "{") && is != ""
	})
}

// seen notes which answers of which operation a test has seen.
var seen = struct {
	sync.Mutex
	answers map[string]bool
}{answers: map[string]bool{}}

func noteSeen(op Operation, status int) {
	seen.Lock()
	defer seen.Unlock()
	seen.answers[op.OperationID+" "+strconv.Itoa(status)] = true
}

// CheckCoverage returns an error that names every declared answer that no test of
// this run has seen.
func CheckCoverage() error {
	seen.Lock()
	defer seen.Unlock()
	var missing []string
	for _, op := range Operations() {
		for status := range op.Responses.Map() {
			if name := op.OperationID + " " + status; !seen.answers[name] {
				missing = append(missing, name)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return fmt.Errorf("declared answers that no test has seen: %s", strings.Join(missing, ", "))
}

// checkAnswer fails the test when an answer is not as declared: status, headers
// and body. What no operation declares must still be a problem document.
func checkAnswer(t testing.TB, req *http.Request, answer *http.Response, body []byte) {
	t.Helper()
	if answer.Header.Get("X-Request-ID") == "" {
		t.Errorf("%s %s: %d without X-Request-ID", req.Method, req.URL.Path, answer.StatusCode)
	}
	op, found := find(req.Method, req.URL.Path)
	if !found {
		checkUndeclared(t, req, answer, body)
		return
	}
	noteSeen(op, answer.StatusCode)
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: req,
			Route:   &routers.Route{Spec: Contract(), Path: op.Path, PathItem: op.Item, Method: op.Method, Operation: op.Operation},
		},
		Status:  answer.StatusCode,
		Header:  answer.Header,
		Body:    io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if err := openapi3filter.ValidateResponse(t.Context(), input); err != nil {
		t.Errorf("%s %s answers %d, which is not as the contract declares it: %v\n%s", req.Method, req.URL.Path, answer.StatusCode, err, body)
	}
	if answer.StatusCode >= http.StatusBadRequest {
		checkProblem(t, req, answer, body)
	}
}

func checkUndeclared(t testing.TB, req *http.Request, answer *http.Response, body []byte) {
	t.Helper()
	if !slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed}, answer.StatusCode) {
		t.Errorf("%s %s is in no contract and answers %d", req.Method, req.URL.Path, answer.StatusCode)
	}
	if req.Method != http.MethodHead {
		checkProblem(t, req, answer, body)
	}
}

// checkProblem holds a failure against RFC 9457 and RFC 6750.
func checkProblem(t testing.TB, req *http.Request, answer *http.Response, body []byte) {
	t.Helper()
	var problem gen.Problem
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	where := fmt.Sprintf("%s %s: %d", req.Method, req.URL.Path, answer.StatusCode)
	if err := decoder.Decode(&problem); err != nil {
		t.Errorf("%s: not a problem document: %v\n%s", where, err, body)
		return
	}
	switch {
	case answer.Header.Get("Content-Type") != "application/problem+json":
		t.Errorf("%s: Content-Type %q", where, answer.Header.Get("Content-Type"))
	case problem.Status != answer.StatusCode:
		t.Errorf("%s: the document says %d", where, problem.Status)
	case !problem.Code.Valid():
		t.Errorf("%s: code %q is not in the contract", where, problem.Code)
	case problem.RequestID != answer.Header.Get("X-Request-ID"):
		t.Errorf("%s: request_id is not X-Request-ID", where)
	case answer.StatusCode == http.StatusUnauthorized && answer.Header.Get("WWW-Authenticate") == "":
		t.Errorf("%s: without WWW-Authenticate", where)
	case answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") == "":
		t.Errorf("%s: without Retry-After", where)
	}
}
