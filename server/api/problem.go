package api

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/reqctx"
)

// Codes of failures that only HTTP has.
const (
	codeMethodNotAllowed     auth.Code = "method_not_allowed"
	codeBodyTooLarge         auth.Code = "body_too_large"
	codeUnsupportedMediaType auth.Code = "unsupported_media_type"
	codeInternal             auth.Code = "internal"
	codeNotReady             auth.Code = "not_ready"
)

// statusOf is the one table from a failure's code to its status. What is not in
// it is internal.
var statusOf = map[auth.Code]int{
	auth.CodeAuthenticationRequired: http.StatusUnauthorized,
	auth.CodeInvalidToken:           http.StatusUnauthorized,
	auth.CodeInvalidCredentials:     http.StatusUnauthorized,
	auth.CodeNotFound:               http.StatusNotFound,
	codeMethodNotAllowed:            http.StatusMethodNotAllowed,
	codeBodyTooLarge:                http.StatusRequestEntityTooLarge,
	codeUnsupportedMediaType:        http.StatusUnsupportedMediaType,
	auth.CodeInvalid:                http.StatusUnprocessableEntity,
	auth.CodeTooManyAttempts:        http.StatusTooManyRequests,
	auth.CodeBusy:                   http.StatusServiceUnavailable,
	auth.CodeUnavailable:            http.StatusServiceUnavailable,
	codeNotReady:                    http.StatusServiceUnavailable,
}

var (
	errNotFound             = &auth.Error{Code: auth.CodeNotFound, Detail: "There is nothing at this address."}
	errMethodNotAllowed     = &auth.Error{Code: codeMethodNotAllowed, Detail: "This address does not take that method."}
	errBodyTooLarge         = &auth.Error{Code: codeBodyTooLarge, Detail: "The request is larger than 64 KiB."}
	errUnsupportedMediaType = &auth.Error{Code: codeUnsupportedMediaType, Detail: "Send JSON, with Content-Type: application/json."}
	errInternal             = &auth.Error{Code: codeInternal, Detail: "Something went wrong on our side. Please try again."}
)

func notReady(faults []auth.FieldError) *auth.Error {
	return &auth.Error{Code: codeNotReady, Detail: "The service is not ready.", Fields: faults, RetryAfter: time.Second}
}

// problems turns errors into answers. It is behind every way that an error can
// leave by, so that nothing else decides what a client sees.
type problems struct {
	log *slog.Logger
}

// write answers err as a problem document (RFC 9457), unless an answer has begun
// already. An error without a code in the table is logged and shown as nothing.
func (p problems) write(w http.ResponseWriter, r *http.Request, err error) {
	ctx := r.Context()
	named, status := errInternal, http.StatusInternalServerError
	if found, ok := errors.AsType[*auth.Error](err); ok && statusOf[found.Code] != 0 {
		named, status = found, statusOf[found.Code]
	}
	info := reqctx.From(ctx)
	info.Refused = named
	switch {
	case ctx.Err() != nil && status >= http.StatusInternalServerError:
		// Nobody is left to be answered, and hanging up is no fault of ours.
		p.log.DebugContext(ctx, "the client hung up", "error", err)
	case named == errInternal:
		p.log.ErrorContext(ctx, "the request failed", "code", named.Code, "error", err)
	case named.Code == auth.CodeUnavailable:
		p.log.WarnContext(ctx, "the request failed", "code", named.Code, "error", err)
	}
	if hasBegun(w) {
		return
	}
	writeProblem(w, status, named, info.ID)
}

func writeProblem(w http.ResponseWriter, status int, e *auth.Error, requestID string) {
	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Del("Content-Length")
	if status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", challenge(e.Code))
	}
	if e.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
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
