package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/latchkey-auth/latchkey/server/auth"
)

const jsonType = "application/json"

// prepareBody reads the body and lets through only what every reader of JSON
// understands alike (RFC 8259 and I-JSON, RFC 7493): UTF-8, one document, no
// member twice, no lone surrogate.
func prepareBody(w http.ResponseWriter, r *http.Request, body *openapi3.RequestBody) error {
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
		return nil, auth.Invalid(auth.FieldError{Field: "body", Message: "The body did not arrive whole."})
	}
	// From here on the server watches whether the client hangs up, and would take
	// the deadline for that.
	_ = control.SetReadDeadline(time.Time{})
	return data, nil
}

// maxDepth is deeper than any body the contract asks for.
const maxDepth = 32

var (
	errNotUTF8   = errors.New("This is not UTF-8.")
	errNotJSON   = errors.New("This is not JSON.")
	errTooDeep   = errors.New("This is nested too deeply.")
	errTwice     = errors.New("A member stands here twice.")
	errMore      = errors.New("There is more after the JSON document.")
	errSurrogate = errors.New("A \\u escape is half of a character.")
)

// checkJSON finds what encoding/json would let pass. Its errors are sentences
// for a person.
func checkJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errNotUTF8
	}
	if hasLoneSurrogate(data) {
		return errSurrogate
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := checkValue(decoder, 0); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errMore
	}
	return nil
}

func checkValue(decoder *json.Decoder, depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	token, err := decoder.Token()
	if err != nil {
		return errNotJSON
	}
	switch token {
	case json.Delim('{'):
		return checkMembers(decoder, depth)
	case json.Delim('['):
		for decoder.More() {
			if err := checkValue(decoder, depth+1); err != nil {
				return err
			}
		}
		return checkEnd(decoder)
	}
	return nil
}

func checkMembers(decoder *json.Decoder, depth int) error {
	seen := map[json.Token]struct{}{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return errNotJSON
		}
		if _, twice := seen[name]; twice {
			return errTwice
		}
		seen[name] = struct{}{}
		if err := checkValue(decoder, depth+1); err != nil {
			return err
		}
	}
	return checkEnd(decoder)
}

func checkEnd(decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil {
		return errNotJSON
	}
	return nil
}

// hasLoneSurrogate finds \ud800 without its other half, which encoding/json
// would replace by another character: a password would then not be the one that
// was sent.
func hasLoneSurrogate(data []byte) bool {
	high := false // the escape before this one was a first half
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' || i+1 >= len(data) {
			if high {
				return true
			}
			continue
		}
		unit, isUnit := escapedUnit(data[i:])
		isLow := isUnit && 0xdc00 <= unit && unit <= 0xdfff
		if high != isLow {
			return true
		}
		high = isUnit && 0xd800 <= unit && unit <= 0xdbff
		i += escapeLength(isUnit) - 1
	}
	return high
}

func escapeLength(isUnit bool) int {
	if isUnit {
		return len(`\u0000`)
	}
	return len(`\n`)
}

func escapedUnit(escape []byte) (unit uint32, ok bool) {
	if len(escape) < len(`\u0000`) || escape[1] != 'u' {
		return 0, false
	}
	for _, digit := range escape[2:6] {
		value := strings.IndexByte("0123456789abcdef", digit|0x20)
		if value < 0 {
			return 0, false
		}
		unit = unit<<4 | uint32(value)
	}
	return unit, true
}
