package auth

import (
	"errors"
	"time"
)

// Code names a kind of failure. Codes are stable: programs compare them.
type Code string

// The kinds of failure that the domain itself can name. Any other error is an
// internal one: logged whole and shown as nothing.
const (
	CodeAuthenticationRequired Code = "authentication_required"
	CodeInvalidToken           Code = "invalid_token"
	CodeInvalidCredentials     Code = "invalid_credentials"
	CodeTooManyAttempts        Code = "too_many_attempts"
	CodeBusy                   Code = "busy"
	CodeUnavailable            Code = "unavailable"
	CodeInvalid                Code = "invalid_request"
	CodeNotFound               Code = "not_found"
	CodeForbidden              Code = "forbidden"
	CodeConflict               Code = "conflict"
	CodeConfirmationRequired   Code = "confirmation_required"
)

// Error is a failure that has a name. Detail and Fields are fit for a person's
// eyes and never repeat what was sent; cause is for the log alone.
type Error struct {
	Code       Code
	Detail     string
	Fields     []FieldError
	RetryAfter time.Duration // 0: nothing is gained by waiting
	cause      error
}

// FieldError says what one part of the input must be.
type FieldError struct {
	Field   string
	Message string
}

// Error is for logs: it holds the cause, so it is not for answers.
func (e *Error) Error() string {
	text := string(e.Code) + ": " + e.Detail
	for _, f := range e.Fields {
		text += " " + f.Field + ": " + f.Message
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// ErrorCode returns err's code, or "" when it has none and so is internal.
func ErrorCode(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// Unavailable says that something the service needs cannot be reached.
func Unavailable(cause error) *Error {
	return &Error{
		Code:       CodeUnavailable,
		Detail:     "The service cannot be reached right now. Please try again in a moment.",
		RetryAfter: time.Second,
		cause:      cause,
	}
}

// Busy says that more passwords wait to be checked than the machine can check.
func Busy(cause error) *Error {
	return &Error{
		Code:       CodeBusy,
		Detail:     "Many people are signing in right now. Please try again in a moment.",
		RetryAfter: time.Second,
		cause:      cause,
	}
}

// AuthenticationRequired says that no token was sent.
func AuthenticationRequired() *Error {
	return &Error{Code: CodeAuthenticationRequired, Detail: "Sign in to do this."}
}

// InvalidToken says that a token was sent that is not, or no longer, good. The
// cause is for the log: an answer that told which check failed would help
// whoever forges tokens.
func InvalidToken(cause error) *Error {
	return &Error{Code: CodeInvalidToken, Detail: "You are signed out. Sign in again.", cause: cause}
}

// Forbidden says that somebody who is known may not do this.
func Forbidden(detail string) *Error { return &Error{Code: CodeForbidden, Detail: detail} }

// NotFound says that what was asked about is not there, or no longer.
func NotFound(detail string) *Error { return &Error{Code: CodeNotFound, Detail: detail} }

func conflict(detail string, cause error) *Error {
	return &Error{Code: CodeConflict, Detail: detail, cause: cause}
}

// Invalid says what is wrong with which parts of the input.
func Invalid(fields ...FieldError) *Error {
	return &Error{Code: CodeInvalid, Detail: "The request is not valid.", Fields: fields}
}

func invalidCredentials(cause error) *Error {
	return &Error{Code: CodeInvalidCredentials, Detail: "The e-mail address or the password is not right.", cause: cause}
}
