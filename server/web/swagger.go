package web

import (
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"

	swaggerui "github.com/swaggest/swgui/v5/static"
)

const swaggerPrefix = "/docs/swagger-ui/"

// gzipTrailer is how many bytes end a gzip file: the CRC-32 of what is inside,
// and its length.
const gzipTrailer = 8

// compressed is a file that is embedded compressed and never unpacked, except
// for a client that cannot do that itself.
type compressed struct {
	name        string // in the embedded file system
	contentType string
	checksum    string
	packed      int64
	unpacked    int64
}

// addSwaggerUI adds the two of Swagger UI's files that our page needs, and
// notes in links where they are found.
func addSwaggerUI(routes map[string]http.Handler, links map[string]string) error {
	for _, name := range []string{"swagger-ui.css", "swagger-ui-bundle.js"} {
		file, err := openCompressed(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		links[name] = swaggerPrefix + file.checksum + "/" + name
		routes[links[name]] = file
	}
	return nil
}

// openCompressed learns checksum and length from the file's last bytes: a new
// release of Swagger UI gets a new path, and start-up reads 16 bytes for it.
func openCompressed(name string) (*compressed, error) {
	c := &compressed{name: name + ".gz", contentType: contentTypes[path.Ext(name)]}
	f, err := swaggerui.FS.Open(c.name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it is embedded: nothing can be lost
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	c.packed = info.Size()
	at, ok := f.(io.ReaderAt)
	if !ok || c.packed < gzipTrailer {
		return nil, errors.New("not an embedded gzip file")
	}
	var trailer [gzipTrailer]byte
	if _, err := at.ReadAt(trailer[:], c.packed-gzipTrailer); err != nil {
		return nil, err
	}
	c.checksum = fmt.Sprintf("%08x", binary.LittleEndian.Uint32(trailer[:4]))
	c.unpacked = int64(binary.LittleEndian.Uint32(trailer[4:]))
	return c, nil
}

// ServeHTTP streams the file in the form the client can read.
func (c *compressed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", c.contentType)
	h.Set("Cache-Control", cacheForever)
	h.Set("Vary", "Accept-Encoding")
	etag, length := `"`+c.checksum+`"`, c.unpacked
	zipped := acceptsGzip(r)
	if zipped {
		// Two encodings are two representations, and need two tags.
		etag, length = `"`+c.checksum+`-gzip"`, c.packed
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", etag)
	// The quotes are part of the tag, so finding it in a list is enough.
	if strings.Contains(r.Header.Get("If-None-Match"), etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	if r.Method == http.MethodHead {
		return
	}
	// The status is on its way and the embedded bytes are sound: all that can
	// fail here is the client's connection, and nobody is left to be told.
	_ = c.copyTo(w, zipped)
}

func (c *compressed) copyTo(w io.Writer, zipped bool) error {
	f, err := swaggerui.FS.Open(c.name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it is embedded: nothing can be lost
	if zipped {
		_, err = io.Copy(w, f)
		return err
	}
	return unpack(w, f)
}

func unpack(w io.Writer, f fs.File) error {
	plain, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, plain)
	return err
}
