package web_test

import (
	"regexp"
	"strings"
	"testing"
)

var (
	reference   = regexp.MustCompile(`(?:src|href)="([^"]*)"`)
	inlineStyle = regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:`)
	script      = regexp.MustCompile(`(?is)<script([^>]*)>(.*?)</script>`)
)

func TestEveryAnswerIsGuarded(t *testing.T) {
	site := newSite(t)
	paths := []string{"/", "/docs", "/nope", "/openapi.json", "/openapi.yaml", "/favicon.svg", "/favicon.ico"}
	for _, path := range append(paths, assets(t)...) {
		h := ask(site, "GET", path).Header()
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: policy %q lacks %q", path, policy, part)
			}
		}
		for _, hole := range []string{"unsafe", "*", "http", "script-src data:", "'nonce"} {
			if strings.Contains(policy, hole) {
				t.Errorf("%s: policy %q has %q", path, policy, hole)
			}
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff",
			"X-Frame-Options":        "DENY",
			"Referrer-Policy":        "same-origin",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestOnlyTheDocumentationMayRunScripts(t *testing.T) {
	site := newSite(t)
	for path, want := range map[string]bool{"/": false, "/nope": false, "/docs": true, "/openapi.json": false} {
		policy := ask(site, "GET", path).Header().Get("Content-Security-Policy")
		if got := strings.Contains(policy, "script-src 'self';"); got != want {
			t.Errorf("%s: script-src 'self' is %v in %q", path, got, policy)
		}
	}
}

func TestPagesHoldNothingInline(t *testing.T) {
	site := newSite(t)
	for _, path := range []string{"/", "/docs", "/nope"} {
		body := ask(site, "GET", path).Body.String()
		if found := inlineStyle.FindString(body); found != "" {
			t.Errorf("%s holds %q", path, found)
		}
		for _, tag := range script.FindAllStringSubmatch(body, -1) {
			if !strings.Contains(tag[1], "src=") || strings.TrimSpace(tag[2]) != "" {
				t.Errorf("%s holds an inline script: %s", path, tag[0])
			}
		}
	}
}

func TestEveryReferenceLeadsSomewhere(t *testing.T) {
	site := newSite(t)
	for _, page := range []string{"/", "/docs", "/nope"} {
		body := ask(site, "GET", page).Body.String()
		for _, match := range reference.FindAllStringSubmatch(body, -1) {
			to := match[1]
			if anchor, ok := strings.CutPrefix(to, "#"); ok {
				if !strings.Contains(body, `id="`+anchor+`"`) {
					t.Errorf("%s: nothing has the id %q", page, anchor)
				}
				continue
			}
			if to == "/admin/" { // another handler's
				continue
			}
			if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
				t.Errorf("%s refers to another host: %q", page, to)
				continue
			}
			if w := ask(site, "GET", to); w.Code != 200 || w.Body.Len() == 0 {
				t.Errorf("%s: %s answers %d, %d bytes", page, to, w.Code, w.Body.Len())
			}
		}
	}
}

// assets lists the embedded files that the pages refer to.
func assets(t *testing.T) []string {
	t.Helper()
	site := newSite(t)
	var found []string
	for _, page := range []string{"/", "/docs"} {
		for _, match := range reference.FindAllStringSubmatch(ask(site, "GET", page).Body.String(), -1) {
			if strings.HasPrefix(match[1], "/assets/") || strings.HasPrefix(match[1], "/docs/") {
				found = append(found, match[1])
			}
		}
	}
	if len(found) < 8 {
		t.Fatalf("the pages refer to only %d files: %v", len(found), found)
	}
	return found
}
