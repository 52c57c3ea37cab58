package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/reqctx"
)

// observed answers a request by next and returns the answer and what is logged.
func observed(t *testing.T, r *http.Request, next http.HandlerFunc) (*httptest.ResponseRecorder, []map[string]any) {
	t.Helper()
	var text bytes.Buffer
	answer := httptest.NewRecorder()
	observe(next, NewLog(&text, slog.LevelInfo), nil).ServeHTTP(answer, r)
	return answer, logged(t, text.String())
}

func logged(t *testing.T, text string) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(text) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%q is not JSON: %v", line, err)
		}
		lines = append(lines, fields)
	}
	return lines
}

func TestARequestIsLoggedOnceWithItsID(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/api/v1/users/login/?token=s3cret&next=%2F", strings.NewReader("the body"))
	r.Header.Set("Authorization", "Bearer s3cret")
	r.Header.Set("Cookie", "session=s3cret")
	r.Header.Set("Referer", "http://example.com/?token=s3cret")
	r.Header.Set("User-Agent", "s3cret")
	r.RemoteAddr = "192.0.2.7:5000"
	var seen string
	answer, lines := observed(t, r, func(w http.ResponseWriter, r *http.Request) {
		seen = reqctx.From(r.Context()).ID
		if client := reqctx.From(r.Context()).Client; client.Address != "192.0.2.7" || client.UserAgent != "s3cret" {
			t.Errorf("the client is %+v", client)
		}
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "hello")
	})
	if len(lines) != 1 {
		t.Fatalf("%d lines", len(lines))
	}
	line := lines[0]
	for field, want := range map[string]any{
		"msg": "request", "method": "POST", "path": "/api/v1/users/login/", "status": 418.0, "bytes": 5.0,
		"client": "192.0.2.7", "request_id": seen,
	} {
		if line[field] != want {
			t.Errorf("%s is %v, want %v", field, line[field], want)
		}
	}
	if id := answer.Header().Get("X-Request-ID"); id != seen || len(id) != 32 {
		t.Errorf("X-Request-ID is %q, and the handler's %q", id, seen)
	}
	if text, _ := json.Marshal(lines); bytes.Contains(text, []byte("s3cret")) || bytes.Contains(text, []byte("body")) {
		t.Errorf("the log tells too much: %s", text)
	}
}

func TestRequestIDsAreOurs(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	for range 100 {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("X-Request-ID", "made up by a client")
		answer, _ := observed(t, r, func(http.ResponseWriter, *http.Request) {})
		ids[answer.Header().Get("X-Request-ID")] = true
	}
	if len(ids) != 100 || ids["made up by a client"] {
		t.Errorf("%d ids for 100 requests", len(ids))
	}
}

func TestThePathIsLoggedInOneLine(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/a%0a%7b%22msg%22:%22forged%22%7d", nil)
	_, lines := observed(t, r, func(http.ResponseWriter, *http.Request) {})
	if len(lines) != 1 || lines[0]["msg"] != "request" {
		t.Errorf("logged %v", lines)
	}
}

func TestTheStatusIsThatOfTheAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		next http.HandlerFunc
		want float64
	}{
		"without a word":            {func(http.ResponseWriter, *http.Request) {}, 200},
		"by writing alone":          {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }, 200},
		"by the first of two":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); w.WriteHeader(200) }, 404},
		"not by what comes before":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(201) }, 201},
		"by an empty answer's code": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 204},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, lines := observed(t, httptest.NewRequest(http.MethodGet, "/", nil), test.next); lines[0]["status"] != test.want {
				t.Errorf("logged %v, want %v", lines[0]["status"], test.want)
			}
		})
	}
}

func TestAPanicIsAnsweredOnceAndTheServerGoesOn(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/?s3cret", nil)
	answer, lines := observed(t, r, func(http.ResponseWriter, *http.Request) { panic("told to nobody") })
	if answer.Code != http.StatusInternalServerError || strings.Contains(answer.Body.String(), "told to nobody") {
		t.Errorf("answers %d %s", answer.Code, answer.Body)
	}
	if len(lines) != 2 || lines[0]["msg"] != "panic" || lines[0]["error"] != "told to nobody" || lines[1]["status"] != 500.0 {
		t.Fatalf("logged %v", lines)
	}
	id := answer.Header().Get("X-Request-ID")
	if stack, _ := lines[0]["stack"].(string); !strings.Contains(stack, "middleware_test.go") || lines[0]["request_id"] != id {
		t.Errorf("the log does not help: %v", lines[0])
	}
}

func TestAPanicInTheMiddleOfAnAnswerAddsNothingToIt(t *testing.T) {
	t.Parallel()
	answer, lines := observed(t, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic(errors.New("no luck"))
	})
	if answer.Code != http.StatusOK || answer.Body.String() != "half" {
		t.Errorf("answers %d %s", answer.Code, answer.Body)
	}
	if len(lines) != 2 || lines[0]["error"] != "no luck" {
		t.Errorf("logged %v", lines)
	}
}

func TestAnAnswerThatIsBrokenOffOnPurposeIsBrokenOff(t *testing.T) {
	t.Parallel()
	defer func() {
		if panicked := recover(); panicked != http.ErrAbortHandler { //nolint:errorlint // it is panicked with as it is
			t.Errorf("panics with %v", panicked)
		}
	}()
	observed(t, httptest.NewRequest(http.MethodGet, "/", nil), func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

func TestTheServersOwnWriterIsFound(t *testing.T) {
	t.Parallel()
	answer, _ := observed(t, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("streaming: %v", err)
		}
	})
	if !answer.Flushed {
		t.Error("nothing was flushed")
	}
}

func TestNewLogOnNoTerminalWritesJSON(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	log := NewLog(&text, slog.LevelInfo)
	ctx := reqctx.With(t.Context(), &reqctx.Info{ID: "id-1"})
	log.InfoContext(ctx, "first", "key", "value")
	log.With("a", 1).WithGroup("group").WarnContext(ctx, "second", "b", 2)
	log.Info("third")
	log.Debug("too much")
	NewLog(&text, slog.LevelWarn).Info("too much as well")
	lines := logged(t, text.String())
	if len(lines) != 3 || lines[0]["msg"] != "first" || lines[0]["request_id"] != "id-1" || lines[0]["key"] != "value" || lines[0]["level"] != "INFO" {
		t.Fatalf("logged %v", lines)
	}
	if second, _ := json.Marshal(lines[1]); !bytes.Contains(second, []byte(`"request_id":"id-1"`)) || lines[1]["a"] != 1.0 {
		t.Errorf("derived: %s", second)
	}
	if _, has := lines[2]["request_id"]; has {
		t.Error("what is logged for no request has a request's id")
	}
	file, err := newTempFile(t)
	if err != nil {
		t.Fatal(err)
	}
	NewLog(file, slog.LevelInfo).Info("to a file", slog.Int("n", 1))
	if content := readAll(t, file); !json.Valid([]byte(content)) || strings.Contains(content, "\x1b") {
		t.Errorf("to a file is written %q", content)
	}
}

// Why a request was refused stands in its line, for whoever looks its id up.
func TestARefusalIsLoggedWithItsCause(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/api/v1/users/login/", nil)
	_, lines := observed(t, r, func(w http.ResponseWriter, r *http.Request) {
		reqctx.From(r.Context()).Refused = auth.InvalidToken(errors.New("the session was ended"))
		w.WriteHeader(http.StatusUnauthorized)
	})
	if len(lines) != 1 || lines[0]["code"] != "invalid_token" || lines[0]["cause"] != "the session was ended" {
		t.Errorf("logs %v", lines)
	}
}
