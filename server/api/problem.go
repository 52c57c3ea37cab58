package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/problem"
	"github.com/latchkey-auth/latchkey/server/reqctx"
)

var (
	errNotFound             = auth.NotFound("Nothing was found at this address.")
	errMethodNotAllowed     = auth.NewError(problem.CodeMethodNotAllowed, "This method is not allowed here.", nil)
	errBodyTooLarge         = auth.NewError(problem.CodeBodyTooLarge, "The request is larger than 64 KiB.", nil)
	errWantsForm            = auth.NewError(problem.CodeUnsupportedMediaType, "Send a form, with Content-Type: application/x-www-form-urlencoded.", nil)
	errUnsupportedMediaType = auth.NewError(problem.CodeUnsupportedMediaType, "Send JSON, with Content-Type: application/json.", nil)
)

func notReady(faults []auth.FieldError) *auth.Error {
	return &auth.Error{Code: problem.CodeNotReady, Detail: "The service is not ready.", Fields: faults, RetryAfter: time.Second}
}

// problems turns errors into answers. It is behind every way that an error can leave by,
// so that nothing else decides what a client sees.
type problems struct {
	log *slog.Logger
}

// write answers err as a problem document (RFC 9457), unless an answer has begun
// already. An error without a code is logged and shown as nothing.
func (p problems) write(w http.ResponseWriter, r *http.Request, err error) {
	problem.Log(r.Context(), p.log, err)
	if hasBegun(w) {
		return
	}
	named, status := problem.Of(err)
	writeProblem(w, status, named, reqctx.From(r.Context()).ID)
}

func writeProblem(w http.ResponseWriter, status int, e *auth.Error, requestID string) {
	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Del("Content-Length")
	if status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", challenge(e.Code))
	}
	problem.SetRetryAfter(header, e)
	w.WriteHeader(status)
	// A client that is gone does not read it; there is nobody else to tell.
	_ = json.NewEncoder(w).Encode(gen.Problem{
		Type:      "about:blank",
		Title:     http.StatusText(status),
		Status:    status,
		Detail:    e.Detail,
		Code:      gen.ProblemCode(e.Code),
		RequestID: requestID,
		Errors:    toFieldErrors(e.Fields),
	})
}

// challenge is RFC 6750, section 3: without an error when nothing was sent.
func challenge(code auth.Code) string {
	if code == auth.CodeInvalidToken {
		return `Bearer realm="latchkey", error="invalid_token"`
	}
	return `Bearer realm="latchkey"`
}

func hasBegun(w http.ResponseWriter) bool {
	writer, ok := w.(interface{ Written() bool })
	return ok && writer.Written()
}
