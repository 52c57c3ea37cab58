package api

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/problem"
)

// codesIn lists the constants of type Code that a file declares.
func codesIn(t *testing.T, path string) []auth.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []auth.Code
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Code") || len(spec.Values) != 1 {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			return true
		}
		code, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, auth.Code(code))
		return true
	})
	return codes
}

// A code that the domain can answer with and the API cannot would be a 500.
func TestEveryCodeHasAStatusAProblemCodeAndASentence(t *testing.T) {
	t.Parallel()
	domain, others := codesIn(t, "../auth/errors.go"), codesIn(t, "../problem/problem.go")
	if len(domain) < 11 || len(others) < 5 {
		t.Fatalf("found are %v and %v", domain, others)
	}
	for _, code := range domain {
		if code.Sentence() == "" {
			t.Errorf("%s has no sentence: auth/errors.go", code)
		}
	}
	for _, code := range slices.Concat(domain, others) {
		if problem.Status(code) == 0 {
			t.Errorf("%s has no status: problem/problem.go", code)
		}
	}
	for _, code := range problem.Codes() {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/api/v1/users/me/", nil)
		problems{log: slog.New(slog.DiscardHandler)}.write(w, r, auth.NewError(code, "A sentence.", nil))
		var got gen.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if w.Code != problem.Status(code) || got.Status != w.Code || got.Code != gen.ProblemCode(code) || got.Detail == "" {
			t.Errorf("%s: %d %+v", code, w.Code, got)
		}
		if !got.Code.Valid() {
			t.Errorf("%s is not in the contract's ProblemCode", code)
		}
		isServers := []int{http.StatusInternalServerError, http.StatusServiceUnavailable}
		if slices.Contains(isServers, w.Code) && !slices.Contains([]auth.Code{problem.CodeInternal, problem.CodeNotReady, auth.CodeBusy, auth.CodeUnavailable}, code) {
			t.Errorf("%s is a fault of ours", code)
		}
	}
}
