package web

import (
	"embed"
	"fmt"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// staticPrefix is where our own files are served. It names the product, so
// that it never collides with the files of an app behind the same address.
const staticPrefix = "/assets/latchkey/"

const typeHTML = "text/html; charset=utf-8"

// contentTypes is spelled out because package mime reads the types of the
// machine it runs on, and nosniff makes a wrong one fatal.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".ico": "image/x-icon",
}

// addStatic adds our own files, and returns where each of them is found.
func addStatic(routes map[string]http.Handler) (map[string]string, error) {
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		return nil, err
	}
	links := make(map[string]string)
	for _, entry := range entries {
		name := entry.Name()
		body, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			return nil, err
		}
		contentType, known := contentTypes[path.Ext(name)]
		if !known {
			return nil, fmt.Errorf("%s: no content type for this kind of file", name)
		}
		links[name] = staticPrefix + hashedName(name, body)
		hashed := newDocument(contentType, body)
		hashed.cache = cacheForever
		routes[links[name]] = hashed
		if strings.HasPrefix(name, "favicon.") {
			routes["/"+name] = newDocument(contentType, body)
		}
	}
	return links, nil
}

// hashedName puts the checksum before the extension: style.1f3a….css.
func hashedName(name string, body []byte) string {
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + "." + checksum(body) + ext
}
