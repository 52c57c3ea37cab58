package apptest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// Example returns a request that the contract allows: with the required parameters,
// and with a body where the operation takes one. Values are the contract's examples;
// where it has none they are made from the schema.
func (op Operation) Example(t testing.TB) Request {
	t.Helper()
	in := Request{Method: op.Method, Path: op.Path, Header: map[string][]string{}}
	query := url.Values{}
	for _, ref := range append(slices.Clone(op.Item.Parameters), op.Parameters...) {
		parameter := ref.Value
		if !parameter.Required && parameter.In != openapi3.ParameterInPath {
			continue
		}
		value := fmt.Sprint(exampleOf(t, op, parameter.Example, parameter.Examples, parameter.Schema))
		switch parameter.In {
		case openapi3.ParameterInPath:
			in.Path = strings.ReplaceAll(in.Path, "{"+parameter.Name+"}", url.PathEscape(value))
		case openapi3.ParameterInQuery:
			query.Set(parameter.Name, value)
		case openapi3.ParameterInHeader:
			in.Header.Set(parameter.Name, value)
		}
	}
	if len(query) > 0 {
		in.Path += "?" + query.Encode()
	}
	if op.RequestBody == nil {
		return in
	}
	if media := op.RequestBody.Value.Content.Get(formType); media != nil {
		form := url.Values{}
		fields, _ := exampleOf(t, op, media.Example, media.Examples, media.Schema).(map[string]any)
		for name, value := range fields {
			form.Set(name, fmt.Sprint(value))
		}
		in.Body = form.Encode()
		in.Header.Set("Content-Type", formType)
		return in
	}
	media := op.RequestBody.Value.Content.Get("application/json")
	if media == nil {
		t.Fatalf("%s takes a body that is no JSON: teach apptest to make one", op.OperationID)
	}
	body, err := json.Marshal(exampleOf(t, op, media.Example, media.Examples, media.Schema))
	if err != nil {
		t.Fatal(err)
	}
	in.Body = string(body)
	return in
}

const formType = "application/x-www-form-urlencoded"

// TakesPathParameters reports whether an example may be of something that is not
// there.
func (op Operation) TakesPathParameters() bool { return strings.Contains(op.Path, "{") }

// Success returns the status with which the operation succeeds.
func (op Operation) Success(t testing.TB) int {
	t.Helper()
	for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		if strings.HasPrefix(status, "2") {
			code, err := strconv.Atoi(status)
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
	}
	t.Fatalf("%s never succeeds", op.OperationID)
	return 0
}

func exampleOf(t testing.TB, op Operation, example any, examples openapi3.Examples, schema *openapi3.SchemaRef) any {
	t.Helper()
	if example != nil {
		return example
	}
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		if value := examples[name].Value; value != nil && value.Value != nil {
			return value.Value
		}
	}
	if schema == nil || schema.Value == nil {
		t.Fatalf("%s has neither an example nor a schema", op.OperationID)
	}
	made := fromSchema(schema.Value)
	if err := schema.Value.VisitJSON(made, openapi3.VisitAsRequest()); err != nil {
		t.Fatalf("%s needs an example in the contract: %v", op.OperationID, err)
	}
	return made
}

// texts are what formats look like.
var texts = map[string]string{
	"email": "grace@example.com", "date-time": "2026-11-24T12:00:00Z", "date": "2026-11-24",
	"uuid": "0b9f9f7e-5c0e-4a57-9d3b-0d2f6f3c1a11", "uri": "https://example.com/",
}

// fromSchema makes a value from a schema, as far as that can be done without luck.
func fromSchema(s *openapi3.Schema) any {
	switch {
	case s.Example != nil:
		return s.Example
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.OneOf) > 0:
		return fromSchema(s.OneOf[0].Value)
	case len(s.AnyOf) > 0:
		return fromSchema(s.AnyOf[0].Value)
	case s.Type.Is("array"):
		items := make([]any, s.MinItems)
		for i := range items {
			items[i] = fromSchema(s.Items.Value)
		}
		return items
	case s.Type.Is("boolean"):
		return true
	case s.Type.Is("integer"), s.Type.Is("number"):
		if s.Min != nil {
			return *s.Min + 1
		}
		return float64(1)
	case s.Type.Is("string"):
		text := texts[s.Format]
		if text == "" {
			text = "example"
		}
		if missing := int(s.MinLength) - len(text); missing > 0 {
			text += strings.Repeat("x", missing)
		}
		if s.MaxLength != nil && uint64(len(text)) > *s.MaxLength {
			text = text[:*s.MaxLength]
		}
		return text
	}
	object := map[string]any{}
	for _, part := range s.AllOf {
		if fields, ok := fromSchema(part.Value).(map[string]any); ok {
			maps.Copy(object, fields)
		}
	}
	for _, name := range s.Required {
		if property := s.Properties[name]; property != nil {
			object[name] = fromSchema(property.Value)
		}
	}
	return object
}
