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

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/request"
)

//go:embed template
var templateFiles embed.FS

// Codes of failures that only the site has.
const (
	codeTooLarge auth.Code = "form_too_large"
	codeBroken   auth.Code = "form_broken"
	codeMethod   auth.Code = "method_not_allowed"
	codeInternal auth.Code = "internal"
)

var (
	errNoPage   = auth.NotFound("There is nothing at this address.")
	errMethod   = &auth.Error{Code: codeMethod, Detail: "This address does not take that method."}
	errInternal = &auth.Error{Code: codeInternal, Detail: "Something went wrong on our side. Nothing was saved. Please try again."}
)

// statusOf is the one table from a failure's code to its status. What is not in it
// is internal.
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
	Fault     bool // the title says so
	SignedOut bool // a page that is shown to who is not signed in
	// set when it is rendered
	Flash   string
	Warning string
	Staff   *auth.Staff
	Menu    []menuItem
	Token   string
	Now     time.Time
	Version string
	Home    bool
}

type menuItem struct {
	Label, Path string
	Here        bool
}

// failureView is what the page for a failure sees.
type failureView struct {
	Status int
	Detail string
	Back   string
}

// parseTemplates reads every page, so that a broken one fails at start.
func parseTemplates(link func(name string) (string, error)) (map[string]*template.Template, error) {
	functions := template.FuncMap{
		"asset": link, "ago": ago, "stamp": stamp, "machine": machine, "initials": initials,
		"at": func(now time.Time, t *time.Time) timeView { return timeView{now, t} }, "when": func(now, t time.Time) timeView { return timeView{now, &t} },
		"cell":  func(now time.Time, c Cell) cellView { return cellView{now, c} },
		"event": func(now time.Time, e eventView) eventCell { return eventCell{now, e} },
		"deref": func(b *bool) bool { return *b },
		"lower": strings.ToLower,
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

// render answers 200.
func (v *visit) render(name string, p page) error { return v.renderAs(http.StatusOK, name, p) }

// renderAs renders all of a page before it sends any of it.
func (v *visit) renderAs(status int, name string, p page) error {
	p.Flash, p.Staff, p.Now, p.Token, p.Version = v.takeFlash(), v.staff, v.now, v.token(), v.site.version
	p.Home = name == "index.html"
	if text, is := strings.CutPrefix(p.Flash, warning); is {
		p.Flash, p.Warning = "", text
	}
	if v.staff != nil && !p.SignedOut {
		for _, m := range v.site.models {
			if path := Prefix + m.name() + "/"; m.may(v.staff.Rights, auth.View) {
				p.Menu = append(p.Menu, menuItem{m.label(), path, strings.HasPrefix(v.r.URL.Path+"/", path)})
			}
		}
	}
	var body bytes.Buffer
	if err := v.site.pages[name].Execute(&body, p); err != nil {
		return fmt.Errorf("rendering %s: %w", name, err)
	}
	header := v.w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	v.w.WriteHeader(status)
	_, _ = body.WriteTo(v.w) // a client that is gone has nobody left to be told
	return nil
}

// note keeps a refusal for the request's line in the log.
func (v *visit) note(refused *auth.Error) { request.From(v.r.Context()).Refused = refused }

// fail answers an error as a page. An error without a code in the table is logged
// and shown as nothing.
func (v *visit) fail(err error) {
	named, status := errInternal, http.StatusInternalServerError
	if found, ok := errors.AsType[*auth.Error](err); ok && statusOf[found.Code] != 0 {
		named, status = found, statusOf[found.Code]
	}
	ctx := v.r.Context()
	v.note(named)
	switch {
	case ctx.Err() != nil && status >= http.StatusInternalServerError:
		v.site.log.DebugContext(ctx, "the client hung up", "error", err)
	case named == errInternal:
		v.site.log.ErrorContext(ctx, "the page failed", "code", named.Code, "error", err)
	case named.Code == auth.CodeUnavailable:
		v.site.log.WarnContext(ctx, "the page failed", "code", named.Code, "error", err)
	}
	if named.RetryAfter > 0 {
		v.w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(named.RetryAfter.Seconds()))))
	}
	detail := named.Detail
	for _, field := range named.Fields {
		detail = strings.TrimSpace(detail + " " + field.Message)
	}
	view := failureView{Status: status, Detail: detail, Back: Prefix}
	if err := v.renderAs(status, "failure.html", page{Title: http.StatusText(status), Content: view, SignedOut: v.staff == nil}); err != nil {
		v.site.log.ErrorContext(ctx, "the page of a failure failed", "error", err)
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// recover answers a panic as a page, while nothing was sent.
func (v *visit) recover() {
	panicked := recover()
	if panicked == nil {
		return
	}
	if panicked == http.ErrAbortHandler { //nolint:errorlint // a sentinel that is panicked with, as it is
		panic(panicked)
	}
	v.fail(fmt.Errorf("panic: %v\n%s", panicked, debug.Stack()))
}

// ago returns a time as people say it.
func ago(now, t time.Time) string {
	d := now.Sub(t)
	future := d < 0
	if future {
		d = -d
	}
	var words string
	switch {
	case d < 45*time.Second:
		if future {
			return "in a moment"
		}
		return "just now"
	case d < 90*time.Second:
		words = "a minute"
	case d < time.Hour:
		words = plural(int(d.Round(time.Minute)/time.Minute), "minute")
	case d < 24*time.Hour:
		words = plural(int(d.Round(time.Hour)/time.Hour), "hour")
	case d < 30*24*time.Hour:
		words = plural(int(d/(24*time.Hour)), "day")
	case d < 365*24*time.Hour:
		words = plural(int(d/(30*24*time.Hour)), "month")
	default:
		words = plural(int(d/(365*24*time.Hour)), "year")
	}
	if future {
		return "in " + words
	}
	return words + " ago"
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}

// stamp returns a time as it is, in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") }

// machine returns a time as programs read it.
func machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// initials returns two letters for somebody: of the first two words of a name, or of
// the parts of an address.
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
