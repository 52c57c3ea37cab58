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

// sentences say what each code means, where an error has nothing better to say.
var sentences = map[Code]string{
	CodeAuthenticationRequired: "Sign in to do this.",
	CodeInvalidToken:           "You are signed out. Sign in again.",
	CodeInvalidCredentials:     "Incorrect e-mail address or password.",
	CodeTooManyAttempts:        "Too many failed attempts. Try again later.",
	CodeBusy:                   "Many people are signing in right now. Try again in a moment.",
	CodeUnavailable:            "The service cannot be reached right now. Try again in a moment.",
	CodeInvalid:                "The request is not valid.",
	CodeNotFound:               "There is nothing here.",
	CodeForbidden:              "You do not have permission to do this.",
	CodeConflict:               "Somebody else has changed this.",
	CodeConfirmationRequired:   "Enter your password to confirm.",
}

// Sentence returns what a code means, for a person; "" for one that is not the domain's.
func (c Code) Sentence() string { return sentences[c] }

// Error is a failure that has a name. Detail and Fields are fit for a person's
// eyes and never repeat what was sent; the cause is for the log alone.
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

// NewError returns an error with a code. detail is for a person; when it is empty, the
// code's own sentence stands in for it.
func NewError(code Code, detail string, cause error) *Error {
	if detail == "" {
		detail = code.Sentence()
	}
	return &Error{Code: code, Detail: detail, cause: cause}
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

// The errors of a store. It wraps them; everything else that it answers is internal, or
// an [Error] with [CodeUnavailable].
var (
	// ErrNoRow says that nothing matches.
	ErrNoRow = errors.New("no such row")
	// ErrChanged says that the row to be changed is no longer as it was read.
	ErrChanged = errors.New("the row changed meanwhile")
	// ErrTaken says that an e-mail address or a name already belongs to another.
	ErrTaken = errors.New("the e-mail address or name is taken")
	// ErrReferred says that rows which the store does not know refer to a row that was to
	// be deleted.
	ErrReferred = errors.New("rows of another table refer to it")
)

// Unavailable says that something the service needs cannot be reached.
func Unavailable(cause error) *Error {
	e := NewError(CodeUnavailable, "", cause)
	e.RetryAfter = time.Second
	return e
}

// Busy says that more passwords wait to be checked than the machine can check.
func Busy(cause error) *Error {
	e := NewError(CodeBusy, "", cause)
	e.RetryAfter = time.Second
	return e
}

// AuthenticationRequired says that no token was sent.
func AuthenticationRequired() *Error { return NewError(CodeAuthenticationRequired, "", nil) }

// InvalidToken says that a token or a session was named that is not, or no longer, good.
// The cause is for the log: an answer that told which check failed would help whoever
// forges tokens.
func InvalidToken(cause error) *Error { return NewError(CodeInvalidToken, "", cause) }

// InvalidCredentials says that a login was refused, whatever the cause.
func InvalidCredentials(cause error) *Error { return NewError(CodeInvalidCredentials, "", cause) }

// Forbidden says that somebody who is known may not do this.
func Forbidden(detail string) *Error { return NewError(CodeForbidden, detail, nil) }

// NotFound says that what was asked about is not there, or no longer.
func NotFound(detail string) *Error { return NewError(CodeNotFound, detail, nil) }

// Conflict says that things are not as whoever asks believes.
func Conflict(detail string, cause error) *Error { return NewError(CodeConflict, detail, cause) }

// Invalid says what is wrong with which parts of the input.
func Invalid(fields ...FieldError) *Error {
	e := NewError(CodeInvalid, "", nil)
	e.Fields = fields
	return e
}

// Faults collects what is wrong with the fields of an input.
type Faults []FieldError

// Add notes a fault, unless message is empty.
func (f *Faults) Add(field, message string) {
	if message != "" {
		*f = append(*f, FieldError{field, message})
	}
}

// Err returns them as one error, or nil when there is none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return Invalid(f...)
}
