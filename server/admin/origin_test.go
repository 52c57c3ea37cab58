package admin

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Where the public URL is set, it alone says whether a form is ours; a browser's word
// that it is (Sec-Fetch-Site) holds everywhere. The cause, for the log, names the header.
// ASVS 7.6.2
func TestCheckOrigin(t *testing.T) {
	t.Parallel()
	const public, host = "https://app.example.com", "127.0.0.1:8080"
	for name, test := range map[string]struct {
		header     map[string]string
		onlyPublic string // part of the cause, or "": accepted
		anyName    string
	}{
		"the public URL":              {map[string]string{"Origin": public}, "", ""},
		"in capitals":                 {map[string]string{"Origin": "HTTPS://APP.example.com"}, "", ""},
		"with a browser's word":       {map[string]string{"Origin": public, "Sec-Fetch-Site": "same-origin"}, "", ""},
		"a browser's word alone":      {map[string]string{"Sec-Fetch-Site": "same-origin"}, "", ""},
		"the person's own doing":      {map[string]string{"Sec-Fetch-Site": "none"}, "", ""},
		"the Host":                    {map[string]string{"Origin": "http://" + host}, `Origin is "http://127.0.0.1:8080", want "https://app.example.com"`, ""},
		"the public name, but http":   {map[string]string{"Origin": "http://app.example.com"}, "Origin is", "Origin is"},
		"another site":                {map[string]string{"Origin": "https://evil.example"}, `Origin is "https://evil.example"`, "LATCHKEY_PUBLIC_URL is not set"},
		"the Host, from another site": {map[string]string{"Origin": "http://" + host, "Sec-Fetch-Site": "cross-site"}, "Origin is", "Origin is"},
		"nobody":                      {map[string]string{"Origin": "null"}, `Origin is "null"`, `Origin is "null"`},
		"a sister site":               {map[string]string{"Sec-Fetch-Site": "same-site"}, `Sec-Fetch-Site is "same-site"`, `Sec-Fetch-Site is "same-site"`},
		"neither header":              {nil, "neither Origin nor Sec-Fetch-Site", "neither Origin nor Sec-Fetch-Site"},
		"a long one":                  {map[string]string{"Origin": "https://" + strings.Repeat("x", 10_000)}, "Origin is", "Origin is"},
	} {
		for onlyPublic, want := range map[bool]string{true: test.onlyPublic, false: test.anyName} {
			req := &request{Request: httptest.NewRequest(http.MethodPost, "/admin/login/", nil), site: &Site{origin: public, onlyPublic: onlyPublic}}
			req.Host = host
			for key, value := range test.header {
				req.Header.Set(key, value)
			}
			err := req.checkOrigin()
			if want == "" {
				if err != nil {
					t.Errorf("%s, %v: %v", name, onlyPublic, errors.Unwrap(err))
				}
				continue
			}
			if auth.ErrorCode(err) != auth.CodeForbidden || errors.Unwrap(err) == nil {
				t.Errorf("%s, %v: %v, want a refusal", name, onlyPublic, err)
			} else if cause := errors.Unwrap(err).Error(); !strings.Contains(cause, want) || len(cause) > 500 {
				t.Errorf("%s, %v: the log says %.600q, want %q", name, onlyPublic, cause, want)
			}
		}
	}
}
