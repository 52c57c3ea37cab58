package admin

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/reqctx"
)

//go:embed template
var templateFiles embed.FS

// Codes of errors that only the site has.
const (
	codeTooLarge auth.Code = "form_too_large"
	codeBroken   auth.Code = "form_broken"
	codeMethod   auth.Code = "method_not_allowed"
	codeInternal auth.Code = "internal"
)

var (
	errNoPage   = auth.NotFound("Page not found.")
	errMethod   = &auth.Error{Code: codeMethod, Detail: "This method is not allowed here."}
	errInternal = &auth.Error{Code: codeInternal, Detail: "Something went wrong on our side. Nothing was saved. Try again."}
)

// statusOf maps the code of an error to the status of its page. A code that is not in
// it is internal.
var statusOf = map[auth.Code]int{
	auth.CodeInvalidCredentials:     http.StatusUnauthorized,
	auth.CodeAuthenticationRequired: http.StatusUnauthorized,
	auth.CodeForbidden:              http.StatusForbidden,
	auth.CodeConfirmationRequired:   http.StatusForbidden,
	auth.CodeNotFound:               http.StatusNotFound,
	codeMethod:                      http.StatusMethodNotAllowed,
	auth.CodeConflict:               http.StatusConflict,
	codeTooLarge:                    http.StatusRequestEntityTooLarge,
	codeBroken:                      http.StatusBadRequest,
	auth.CodeInvalid:                http.StatusUnprocessableEntity,
	auth.CodeTooManyAttempts:        http.StatusTooManyRequests,
	auth.CodeBusy:                   http.StatusServiceUnavailable,
	auth.CodeUnavailable:            http.StatusServiceUnavailable,
}

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
	Staff   *auth.Staff
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
	p.Flash, p.Staff, p.Now, p.Version = req.takeFlash(), req.staff, req.now, req.site.version
	p.Home = name == "index.html"
	if text, is := strings.CutPrefix(p.Flash, warning); is {
		p.Flash, p.Warning = "", text
	}
	if req.staff != nil && !p.SignedOut {
		for _, m := range req.site.models {
			if path := Prefix + m.name() + "/"; m.may(req.staff.Rights, auth.View) {
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

// note records a refusal for the request's line in the log.
func (req *request) note(refused *auth.Error) { reqctx.From(req.Context()).Refused = refused }

// fail answers with an error page. An error whose code is not in statusOf is logged,
// and the page does not show it.
func (req *request) fail(err error) {
	named, status := errInternal, http.StatusInternalServerError
	if found, ok := errors.AsType[*auth.Error](err); ok && statusOf[found.Code] != 0 {
		named, status = found, statusOf[found.Code]
	}
	ctx := req.Context()
	req.note(named)
	switch {
	case ctx.Err() != nil && status >= http.StatusInternalServerError:
		req.site.log.DebugContext(ctx, "the client hung up", "error", err)
	case named == errInternal:
		req.site.log.ErrorContext(ctx, "the page failed", "code", named.Code, "error", err)
	case named.Code == auth.CodeUnavailable:
		req.site.log.WarnContext(ctx, "the page failed", "code", named.Code, "error", err)
	}
	if named.RetryAfter > 0 {
		req.w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(named.RetryAfter.Seconds()))))
	}
	detail := named.Detail
	for _, field := range named.Fields {
		detail = strings.TrimSpace(detail + " " + field.Message)
	}
	view := failureView{Status: status, Detail: detail, Back: Prefix}
	if err := req.renderAs(status, "failure.html", page{Title: http.StatusText(status), Content: view, SignedOut: req.staff == nil}); err != nil {
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
	req.fail(fmt.Errorf("panic: %req\n%s", panicked, debug.Stack()))
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
