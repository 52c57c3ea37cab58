package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/problem"
)

// A code that the domain can answer with and the API cannot would be a 500.
func TestEveryCodeHasAStatusAProblemCodeAndASentence(t *testing.T) {
	t.Parallel()
	for _, code := range auth.Codes() {
		if problem.Status(code) == 0 {
			t.Errorf("%s has no status", code)
		}
		if code.Sentence() == "" {
			t.Errorf("%s has no sentence", code)
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
