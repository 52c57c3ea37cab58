package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/latchkey-auth/latchkey/server/auth"
)

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// prepareBody reads the body and lets through only what every reader understands alike.
func prepareBody(w http.ResponseWriter, r *http.Request, body *openapi3.RequestBody) error {
	if body.Content.Get(formType) != nil {
		return prepareForm(w, r)
	}
	return prepareJSON(w, r, body)
}

// prepareForm takes what WHATWG's URL standard calls application/x-www-form-urlencoded,
// of UTF-8, with no name twice: RFC 6749 forbids that of a parameter (section 3.2).
func prepareForm(w http.ResponseWriter, r *http.Request) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != formType {
		return errWantsForm
	}
	data, err := readBody(w, r)
	if err != nil {
		return err
	}
	values, err := url.ParseQuery(string(data))
	if err != nil {
		return auth.Invalid(auth.FieldError{Field: "body", Message: "This is not a valid form."})
	}
	for name, each := range values {
		if len(each) > 1 {
			return auth.Invalid(auth.FieldError{Field: "body", Message: "A name occurs twice in the form."})
		}
		if !utf8.ValidString(name) || !utf8.ValidString(each[0]) {
			return auth.Invalid(auth.FieldError{Field: "body", Message: errNotUTF8.Error()})
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(data))
	r.ContentLength = int64(len(data))
	r.Header.Set("Content-Type", formType)
	return nil
}

// prepareJSON takes RFC 8259's JSON, as I-JSON (RFC 7493) has it: UTF-8, one document, no
// member twice, no lone surrogate.
func prepareJSON(w http.ResponseWriter, r *http.Request, body *openapi3.RequestBody) error {
	if !isJSON(r.Header.Get("Content-Type")) || body.Content.Get(jsonType) == nil {
		return errUnsupportedMediaType
	}
	data, err := readBody(w, r)
	if err != nil {
		return err
	}
	if err := checkJSON(data); err != nil {
		return auth.Invalid(auth.FieldError{Field: "body", Message: err.Error()})
	}
	r.Body = io.NopCloser(bytes.NewReader(data))
	r.ContentLength = int64(len(data))
	// The validator looks the schema up by it, and application/vnd.api+json is
	// JSON too (RFC 6839, section 3.1).
	r.Header.Set("Content-Type", jsonType)
	return nil
}

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == jsonType || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json"))
}

// readBody reads all of it, in time. What has not come by then is waited for no
// more: neither here nor by the server, which would read the rest before it
// answers.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	// A writer that has no deadlines (in tests) reads from memory.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))

	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, errBodyTooLarge
	}
	if err != nil {
		return nil, auth.Invalid(auth.FieldError{Field: "body", Message: "The body is incomplete."})
	}
	// From here on the server watches whether the client hangs up, and would take
	// the deadline for that.
	_ = control.SetReadDeadline(time.Time{})
	return data, nil
}

// maxDepth is deeper than any body the contract asks for.
const maxDepth = 32

var (
	errNotUTF8 = errors.New("This is not valid UTF-8.")
	errNotJSON = errors.New("This is not valid JSON.")
	errTooDeep = errors.New("This is nested too deeply.")
	errTwice   = errors.New("A name occurs twice in an object.")
	errMore    = errors.New("There is text after the JSON document.")
)

// checkJSON returns an error for what encoding/json, which reads the body after
// it, would let pass or replace: a password would then not be the one that was
// sent. Its errors are sentences for a person, and repeat nothing of the body.
func checkJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errNotUTF8
	}
	decoder := jsontext.NewDecoder(bytes.NewBuffer(data))
	for {
		_, err := decoder.ReadToken()
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			return errTwice
		case err != nil:
			return errNotJSON
		case decoder.StackDepth() > maxDepth:
			return errTooDeep
		case decoder.StackDepth() == 0: // the document is whole
			if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
				return errMore
			}
			return nil
		}
	}
}
