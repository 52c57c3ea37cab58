package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// invalid says in our words what the validator found. Its own words repeat what
// was sent, passwords included.
func invalid(err error) error {
	if err == nil {
		return nil
	}
	if lacksPathParameter(err) {
		return errNotFound
	}
	faults := faultsOf(err, "body")
	if len(faults) == 0 {
		faults = []auth.FieldError{{Field: "body", Message: "This does not match the contract."}}
	}
	return auth.Invalid(faults...)
}

// lacksPathParameter reports whether a path has nothing where it should have an id: there is
// nothing at that path, and nothing else that is wrong with the request matters.
func lacksPathParameter(err error) bool {
	if several, ok := err.(openapi3.MultiError); ok { //nolint:errorlint // as in faultsOf
		return slices.ContainsFunc(several, lacksPathParameter)
	}
	inRequest, ok := errors.AsType[*openapi3filter.RequestError](err)
	return ok && inRequest.Parameter != nil && inRequest.Parameter.In == openapi3.ParameterInPath &&
		errors.Is(inRequest.Err, openapi3filter.ErrInvalidRequired)
}

func faultsOf(err error, where string) []auth.FieldError {
	if several, ok := err.(openapi3.MultiError); ok { //nolint:errorlint // As would take its first alone
		var faults []auth.FieldError
		for _, each := range several {
			faults = append(faults, faultsOf(each, where)...)
		}
		return faults
	}
	if inRequest, ok := errors.AsType[*openapi3filter.RequestError](err); ok {
		return faultsOfRequest(inRequest)
	}
	if inSchema, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		return []auth.FieldError{{Field: fieldOf(inSchema, where), Message: messageOf(inSchema)}}
	}
	return nil
}

func faultsOfRequest(err *openapi3filter.RequestError) []auth.FieldError {
	where := "body"
	if err.Parameter != nil {
		where = err.Parameter.Name
	}
	if faults := faultsOf(err.Err, where); len(faults) > 0 {
		return faults
	}
	if errors.Is(err.Err, openapi3filter.ErrInvalidRequired) {
		return []auth.FieldError{{Field: where, Message: "This is required."}}
	}
	return []auth.FieldError{{Field: where, Message: "This does not match the contract."}}
}

// fieldOf names the member, or where it should be.
func fieldOf(err *openapi3.SchemaError, where string) string {
	if path := strings.Join(err.JSONPointer(), "."); path != "" {
		return path
	}
	return where
}

func messageOf(err *openapi3.SchemaError) string {
	schema := err.Schema
	switch err.SchemaField {
	case "required":
		return "This is required."
	case "nullable":
		return "This must not be null."
	case "type":
		if schema.Type != nil && len(schema.Type.Slice()) == 1 {
			return fmt.Sprintf("This must be of type %s.", schema.Type.Slice()[0])
		}
	case "minLength":
		return fmt.Sprintf("This must have at least %d characters.", schema.MinLength)
	case "maxLength":
		return fmt.Sprintf("Use at most %d characters.", *schema.MaxLength)
	case "pattern":
		return "This has characters that it must not have."
	}
	return "This does not match the contract."
}
