// Package problem is what errors are on HTTP, for the API and the admin site alike: one
// table from code to status, the codes that only HTTP has, and one way to log a failure.
// How an answer looks is theirs: a problem document there, a page here.
package problem

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/reqctx"
)

// The codes of failures that only HTTP has.
const (
	CodeMethodNotAllowed     auth.Code = "method_not_allowed"
	CodeBodyTooLarge         auth.Code = "body_too_large"
	CodeUnsupportedMediaType auth.Code = "unsupported_media_type"
	CodeNotReady             auth.Code = "not_ready"
	CodeInternal             auth.Code = "internal"
)

// statusOf is the one table from a failure's code to its status.
var statusOf = map[auth.Code]int{
	auth.CodeAuthenticationRequired: http.StatusUnauthorized,
	auth.CodeInvalidToken:           http.StatusUnauthorized,
	auth.CodeInvalidCredentials:     http.StatusUnauthorized,
	auth.CodeForbidden:              http.StatusForbidden,
	auth.CodeConfirmationRequired:   http.StatusForbidden,
	auth.CodeNotFound:               http.StatusNotFound,
	CodeMethodNotAllowed:            http.StatusMethodNotAllowed,
	auth.CodeConflict:               http.StatusConflict,
	CodeBodyTooLarge:                http.StatusRequestEntityTooLarge,
	CodeUnsupportedMediaType:        http.StatusUnsupportedMediaType,
	auth.CodeInvalid:                http.StatusUnprocessableEntity,
	auth.CodeTooManyAttempts:        http.StatusTooManyRequests,
	CodeInternal:                    http.StatusInternalServerError,
	auth.CodeBusy:                   http.StatusServiceUnavailable,
	auth.CodeUnavailable:            http.StatusServiceUnavailable,
	CodeNotReady:                    http.StatusServiceUnavailable,
}

// errInternal is what anybody is told of an error without a code.
var errInternal = auth.NewError(CodeInternal, "Something went wrong on our side. Try again.", nil)

// Codes lists every code that has a status.
func Codes() []auth.Code { return slices.Sorted(maps.Keys(statusOf)) }

// Status returns a code's status, or 0 when it has none.
func Status(code auth.Code) int { return statusOf[code] }

// Of returns the error that err is to whoever is answered, and its status. One without a
// code in the table is internal.
func Of(err error) (*auth.Error, int) {
	if named, ok := errors.AsType[*auth.Error](err); ok && statusOf[named.Code] != 0 {
		return named, statusOf[named.Code]
	}
	return errInternal, statusOf[CodeInternal]
}

// Note keeps a refusal for the request's line in the log.
func Note(ctx context.Context, refused *auth.Error) { reqctx.From(ctx).Refused = refused }

// Log logs why a request failed, where more than its own line is worth it. To hang up
// is no fault of ours.
func Log(ctx context.Context, log *slog.Logger, err error) {
	named, status := Of(err)
	Note(ctx, named)
	switch {
	case ctx.Err() != nil && status >= http.StatusInternalServerError:
		log.DebugContext(ctx, "the client hung up", "error", err)
	case named.Code == CodeInternal:
		log.ErrorContext(ctx, "the request failed", "code", named.Code, "error", err)
	case named.Code == auth.CodeUnavailable:
		log.WarnContext(ctx, "the request failed", "code", named.Code, "error", err)
	}
}

// SetRetryAfter sets the header that says when to try again, if that gains anything.
func SetRetryAfter(header http.Header, e *auth.Error) {
	if e.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
}
