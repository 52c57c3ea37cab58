package admin

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/problem"
)

//go:embed template
var templateFiles embed.FS

var (
	errNoPage   = auth.NotFound("Page not found.")
	errMethod   = auth.NewError(problem.CodeMethodNotAllowed, "This method is not allowed here.", nil)
	errInternal = auth.NewError(problem.CodeInternal, "Something went wrong on our side. Nothing was saved. Try again.", nil)
)

// page is what the layout sees.
type page struct {
	Title     string
	Crumbs    []Link
	Content   any
	Fault     bool // the title begins with "Error"
	SignedOut bool // a page for people who are not signed in
	// set when it is rendered
	Flash   string
	Warning string
	By      *auth.Principal
	Menu    []menuItem
	Now     time.Time
	Version string
	Home    bool
}

type menuItem struct {
	Label, Path string
	Here        bool
}

// failureView is what the template of an error page sees.
type failureView struct {
	Status int
	Detail string
	Back   string
}

// parseTemplates parses every page, so that a broken one fails at start.
func parseTemplates(link func(name string) (string, error)) (map[string]*template.Template, error) {
	functions := template.FuncMap{
		"asset": link, "ago": ago, "stamp": stamp, "machine": machine, "initials": initials,
		"at": func(now time.Time, t *time.Time) timeView { return timeView{now, t} }, "when": func(now, t time.Time) timeView { return timeView{now, &t} },
		"cell":  func(now time.Time, c Cell) cellView { return cellView{now, c} },
		"event": func(now time.Time, e eventView) eventCell { return eventCell{now, e} },
		"deref": func(b *bool) bool { return *b },
	}
	parsed := map[string]*template.Template{}
	for _, name := range []string{"index.html", "list.html", "form.html", "history.html", "failure.html"} {
		t, err := template.New("layout.html").Funcs(functions).
			ParseFS(templateFiles, "template/layout.html", "template/parts.html", "template/"+name)
		if err != nil {
			return nil, fmt.Errorf("admin: %w", err)
		}
		parsed[name] = t
	}
	return parsed, nil
}

type timeView struct {
	Now  time.Time
	Time *time.Time
}

type cellView struct {
	Now time.Time
	Cell
}

type eventCell struct {
	Now time.Time
	eventView
}

// render answers 200 with a page.
func (req *request) render(name string, p page) error { return req.renderAs(http.StatusOK, name, p) }

// renderAs renders a whole page before it sends any of it.
func (req *request) renderAs(status int, name string, p page) error {
	p.Flash, p.By, p.Now, p.Version = req.takeFlash(), req.by, req.now, req.site.version
	p.Home = name == "index.html"
	if text, is := strings.CutPrefix(p.Flash, warning); is {
		p.Flash, p.Warning = "", text
	}
	if req.by != nil && !p.SignedOut {
		for _, m := range req.site.models {
			if path := Prefix + m.name() + "/"; m.may(req.by.Rights, auth.View) {
				p.Menu = append(p.Menu, menuItem{m.label(), path, strings.HasPrefix(req.URL.Path+"/", path)})
			}
		}
	}
	var body bytes.Buffer
	if err := req.site.templates[name].Execute(&body, p); err != nil {
		return fmt.Errorf("rendering %s: %w", name, err)
	}
	header := req.w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	req.w.WriteHeader(status)
	_, _ = body.WriteTo(req.w) // fails only when the client has gone
	return nil
}

// fail answers with an error page. An error without a code is logged, and the page does
// not show it.
func (req *request) fail(err error) {
	ctx := req.Context()
	problem.Log(ctx, req.site.log, err)
	named, status := problem.Of(err)
	if named.Code == problem.CodeInternal {
		named = errInternal
	}
	problem.SetRetryAfter(req.w.Header(), named)
	detail := named.Detail
	for _, field := range named.Fields {
		detail = strings.TrimSpace(detail + " " + field.Message)
	}
	view := failureView{Status: status, Detail: detail, Back: Prefix}
	if err := req.renderAs(status, "failure.html", page{Title: http.StatusText(status), Content: view, SignedOut: req.by == nil}); err != nil {
		req.site.log.ErrorContext(ctx, "the error page failed", "error", err)
		http.Error(req.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// recover turns a panic into an error page. Nothing has been sent then: pages are
// rendered whole.
func (req *request) recover() {
	panicked := recover()
	if panicked == nil {
		return
	}
	if panicked == http.ErrAbortHandler { //nolint:errorlint // a sentinel that is panicked with, as it is
		panic(panicked)
	}
	req.fail(fmt.Errorf("panic: %v\n%s", panicked, debug.Stack()))
}

// ago returns a time relative to now: "2 hours ago", "3 days from now".
func ago(now, t time.Time) string { return humanize.RelTime(t, now, "ago", "from now") }

// doesNotExist returns the error for an item that is not there.
func doesNotExist(one string) error {
	return auth.NotFound("This " + one + " does not exist, or was deleted.")
}

// stamp returns a time in full, in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") }

// machine returns a time for the datetime attribute.
func machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// initials returns up to two letters for a user: of the first two words of a name, or
// of an e-mail address before the @.
func initials(text string) string {
	text, _, _ = strings.Cut(text, "@")
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	letters := ""
	for _, word := range words[:min(len(words), 2)] {
		r, _ := utf8.DecodeRuneInString(word)
		letters += string(unicode.ToUpper(r))
	}
	if letters == "" {
		return "?"
	}
	return letters
}
