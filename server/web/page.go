package web

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

//go:embed template
var templateFiles embed.FS

// renderer turns templates into pages. It keeps the first error, so that New
// reads as a list of pages.
type renderer struct {
	cfg   Config
	links map[string]string
	err   error
}

// view is what a template sees.
type view struct {
	Title  string
	Name   string // of the template, to mark the current link
	Config Config
	Origin string // where the example calls
	Status int    // of a failure, else 0
	Detail string // of a failure, else empty
}

// document renders a page that answers 200.
func (p *renderer) document(name, title, policy string) *document {
	d := newDocument(typeHTML, p.render(view{Name: name, Title: title}))
	d.policy = policy
	return d
}

// failure renders the page for a status.
func (p *renderer) failure(status int, detail string) *failure {
	title := http.StatusText(status)
	v := view{Name: "failure.html", Title: title + " · latchkey", Status: status, Detail: detail}
	return &failure{status: status, body: p.render(v)}
}

// render fills in what all pages share. Nothing of a request reaches a page.
func (p *renderer) render(v view) []byte {
	if p.err != nil {
		return nil
	}
	v.Config = p.cfg
	v.Origin = strings.TrimRight(cmp.Or(p.cfg.PublicURL, "http://localhost:8080"), "/")
	page, err := template.New("layout.html").
		Funcs(template.FuncMap{"asset": p.asset, "statusText": http.StatusText}).
		ParseFS(templateFiles, "template/layout.html", "template/mark.html", "template/"+v.Name)
	if err != nil {
		p.err = err
		return nil
	}
	var out bytes.Buffer
	if err := page.Execute(&out, v); err != nil {
		p.err = err
	}
	return out.Bytes()
}

// asset is the path of an embedded file; a name that is misspelt in a template
// fails at start.
func (p *renderer) asset(name string) (string, error) {
	link, known := p.links[name]
	if !known {
		return "", fmt.Errorf("no embedded file %q", name)
	}
	return link, nil
}
