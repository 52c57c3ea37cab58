package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// document is something small that is kept in memory as it is sent.
type document struct {
	contentType string
	cache       string
	policy      string // replaces the strict one when set
	etag        string
	body        []byte
}

// newDocument makes a document that is revalidated by the checksum of its body.
func newDocument(contentType string, body []byte) *document {
	return &document{
		contentType: contentType,
		cache:       cacheRevalidate,
		etag:        `"` + checksum(body) + `"`,
		body:        body,
	}
}

// ServeHTTP sends the document, or 304 to a client that has it already.
func (d *document) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", d.contentType)
	h.Set("Cache-Control", d.cache)
	h.Set("ETag", d.etag)
	if d.policy != "" {
		h.Set("Content-Security-Policy", d.policy)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(d.body))
}

// failure is a page that goes with a status other than 200.
type failure struct {
	status int
	body   []byte
}

// ServeHTTP sends the page whatever the method; net/http drops it for HEAD.
func (f *failure) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", typeHTML)
	h.Set("Cache-Control", cacheNever)
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	w.WriteHeader(f.status)
	// A client that hangs up has nobody left to be told.
	_, _ = w.Write(f.body)
}

// addContract adds the contract in both notations.
func addContract(routes map[string]http.Handler, cfg Config) {
	routes["/openapi.yaml"] = newDocument("application/yaml", cfg.ContractYAML)
	routes["/openapi.json"] = newDocument("application/json", cfg.ContractJSON)
}

// checksum is short enough for a path and long enough to tell versions apart.
func checksum(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}
