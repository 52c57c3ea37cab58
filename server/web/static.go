package web

import (
	"embed"
	"fmt"
	"io/fs"
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

// addStatic adds the files of the directory static, and notes where each of them is
// found. No two have the same name.
func addStatic(routes map[string]http.Handler, links map[string]string, files fs.FS) error {
	entries, err := fs.ReadDir(files, "static")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		body, err := fs.ReadFile(files, "static/"+name)
		if err != nil {
			return err
		}
		contentType, known := contentTypes[path.Ext(name)]
		if !known {
			return fmt.Errorf("%s: no content type for this kind of file", name)
		}
		if links[name] != "" {
			return fmt.Errorf("%s: there are two", name)
		}
		links[name] = staticPrefix + hashedName(name, body)
		hashed := newDocument(contentType, body)
		hashed.cache = cacheForever
		routes[links[name]] = hashed
		if strings.HasPrefix(name, "favicon.") {
			routes["/"+name] = newDocument(contentType, body)
		}
	}
	return nil
}

// hashedName puts the checksum before the extension: style.1f3a….css.
func hashedName(name string, body []byte) string {
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + "." + checksum(body) + ext
}
