package api

import (
	"errors"
	"strings"
	"testing"
)

// The library's defaults are part of what a body has to be: an upgrade that
// changes one of them fails here.
func TestCheckJSON(t *testing.T) {
	t.Parallel()
	nested := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	tests := map[string]struct {
		data string
		want error
	}{
		"an object":                             {`{"a":[1,"two",null,{}]}`, nil},
		"a scalar between white space":          {" \t\r\n5\n", nil},
		"both halves of a character":            {`"\ud83d\uDE00"`, nil},
		"an escaped backslash before a u":       {`"\\ud800"`, nil},
		"the same name in two objects":          {`{"a":{"b":1},"c":[{"b":1}]}`, nil},
		"names that differ in letter case":      {`{"a":1,"A":2}`, nil},
		"as deep as it may be":                  {nested(maxDepth), nil},
		"one deeper":                            {nested(maxDepth + 1), errTooDeep},
		"deep beside a fault":                   {strings.Repeat("[", maxDepth+1), errTooDeep},
		"nothing":                               {"", errNotJSON},
		"white space":                           {" \n", errNotJSON},
		"half of a document":                    {`{"a":[1`, errNotJSON},
		"a comma too many":                      {`[1,]`, errNotJSON},
		"a leading zero":                        {`01`, errMore},
		"a comment":                             {`{}//`, errMore},
		"a byte order mark":                     {"\ufeff{}", errNotJSON},
		"a control character":                   {"\"\x01\"", errNotJSON},
		"invalid UTF-8":                         {"\"\xff\"", errNotUTF8},
		"an overlong encoding":                  {"\"\xc0\xaf\"", errNotUTF8},
		"a surrogate as UTF-8":                  {"\"\xed\xa0\x80\"", errNotUTF8},
		"a first half":                          {`"\ud800"`, errNotJSON},
		"a first half before another character": {`"\ud800x"`, errNotJSON},
		"two first halves":                      {`"\ud800\ud800"`, errNotJSON},
		"a second half":                         {`"\udc00"`, errNotJSON},
		"half of a character in a name":         {`{"\ud800":1}`, errNotJSON},
		"a member twice":                        {`{"a":1,"a":1}`, errTwice},
		"a member twice, once escaped":          {`{"a":1,"\u0061":1}`, errTwice},
		"a member twice, deep inside":           {`{"a":[{"b":1,"b":2}]}`, errTwice},
		"a member without a name, twice":        {`{"":1,"":2}`, errTwice},
		"a second document":                     {`{}{}`, errMore},
		"a second document on its own line":     {"{}\n{}", errMore},
		"a closing bracket too many":            {`[]]`, errMore},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := []byte(test.data)
			if got := checkJSON(data); !errors.Is(got, test.want) {
				t.Errorf("%.60q: %v, want %v", test.data, got, test.want)
			}
			if string(data) != test.data {
				t.Errorf("%.60q was changed to %.60q", test.data, data)
			}
		})
	}
}
