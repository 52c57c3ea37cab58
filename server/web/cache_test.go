package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

func TestFilesWithTheirChecksumInThePathAreKeptForGood(t *testing.T) {
	site := newSite(t)
	for _, path := range assets(t) {
		if got := ask(site, "GET", path).Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
	}
}

func TestWhatMayChangeIsAskedAboutByTag(t *testing.T) {
	site := newSite(t)
	for _, path := range []string{"/", "/docs", "/openapi.json", "/openapi.yaml", "/favicon.svg", "/favicon.ico"} {
		first := ask(site, "GET", path)
		tag := first.Header().Get("ETag")
		if tag == "" || first.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: ETag %q, Cache-Control %q", path, tag, first.Header().Get("Cache-Control"))
		}
		for _, known := range []string{tag, "W/" + tag, `"other", ` + tag} {
			if w := ask(site, "GET", path, "If-None-Match", known); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
				t.Errorf("%s: If-None-Match %s answers %d, %d bytes", path, known, w.Code, w.Body.Len())
			}
		}
		if w := ask(site, "GET", path, "If-None-Match", `"other"`); w.Code != 200 {
			t.Errorf("%s: another tag answers %d", path, w.Code)
		}
	}
}

func TestFailuresAreNotKept(t *testing.T) {
	site := newSite(t)
	for _, w := range []*httptest.ResponseRecorder{
		ask(site, "GET", "/nope"), ask(site, "GET", "/assets/latchkey/style.0.css"), ask(site, "POST", "/"),
	} {
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control %q", got)
		}
	}
}

func TestSwaggerUIIsSentInTheFormTheClientReads(t *testing.T) {
	site := newSite(t)
	tests := map[string]bool{
		"gzip": true, "gzip, deflate, br, zstd": true, "br;q=1, GZIP;q=0.5": true, "*": true, "gzip;q=0.001": true,
		"": false, "identity": false, "br": false, "gzip;q=0": false, "gzip; q=0.000": false, "*;q=0": false, "x-gzipped": false,
	}
	for _, path := range swaggerFiles(t) {
		for accepted, want := range tests {
			w := ask(site, "GET", path, "Accept-Encoding", accepted)
			if got := w.Header().Get("Content-Encoding") == "gzip"; got != want {
				t.Errorf("%s: Accept-Encoding %q: zipped is %v", path, accepted, got)
			}
			if got := w.Header().Get("Content-Length"); got != strconv.Itoa(w.Body.Len()) {
				t.Errorf("%s: Content-Length %s for %d bytes", path, got, w.Body.Len())
			}
			if got := w.Header().Get("Vary"); got != "Accept-Encoding" {
				t.Errorf("%s: Vary %q", path, got)
			}
		}
	}
}

func TestBothFormsOfSwaggerUIHoldTheSame(t *testing.T) {
	site := newSite(t)
	for _, path := range swaggerFiles(t) {
		plain, zipped := ask(site, "GET", path), ask(site, "GET", path, "Accept-Encoding", "gzip")
		reader, err := gzip.NewReader(zipped.Body)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		unzipped, err := io.ReadAll(reader)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if !bytes.Equal(unzipped, plain.Body.Bytes()) {
			t.Errorf("%s: the two forms differ", path)
		}
		if !strings.Contains(plain.Body.String(), "swagger-ui") {
			t.Errorf("%s is not Swagger UI's", path)
		}
		if plain.Header().Get("ETag") == zipped.Header().Get("ETag") {
			t.Errorf("%s: both forms have the tag %s", path, plain.Header().Get("ETag"))
		}
		tag := zipped.Header().Get("ETag")
		again := ask(site, "GET", path, "Accept-Encoding", "gzip", "If-None-Match", tag)
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s: its own tag answers %d, %d bytes", path, again.Code, again.Body.Len())
		}
		if head := ask(site, "HEAD", path); head.Code != 200 || head.Body.Len() != 0 {
			t.Errorf("%s: HEAD answers %d, %d bytes", path, head.Code, head.Body.Len())
		}
	}
}

// swaggerFiles lists Swagger UI's own files.
func swaggerFiles(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, path := range assets(t) {
		if strings.HasPrefix(path, "/docs/swagger-ui/") {
			found = append(found, path)
		}
	}
	if len(found) != 2 {
		t.Fatalf("the page refers to %v", found)
	}
	return found
}
