package admin

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Prefix is where the site is.
const Prefix = "/admin/"

// Static are the site's own files. Whoever serves them tells the site where they are
// found ([Config.Link]).
//
//go:embed static
var Static embed.FS

// Config is what the site has to know.
type Config struct {
	Auth      *auth.Service
	Directory auth.Reader
	// Key authenticates what the site hands out: tokens of forms, messages.
	Key []byte
	// PublicURL is where people reach the server. With https, cookies are for https
	// alone.
	PublicURL string
	// Link returns the path of a static file.
	Link    func(name string) (string, error)
	Version string
	Log     *slog.Logger
}

// Site answers requests below [Prefix]. After the last [Register] it never changes
// and is safe for concurrent use.
type Site struct {
	auth      *auth.Service
	directory auth.Reader
	key       []byte
	secure    bool
	version   string
	log       *slog.Logger
	pages     map[string]*template.Template
	models    []pages
	foreign   *http.CrossOriginProtection
	exports   chan struct{}
	wallClock func() time.Time
}

// maxExports bounds the files that are written at a time: each holds a connection to
// the database for as long as the client takes.
const maxExports = 2

// New returns the site, with users, groups, sessions and events registered. It fails
// only when the files embedded in the binary do not fit together.
func New(cfg Config) (*Site, error) {
	s := &Site{
		auth:      cfg.Auth,
		directory: cfg.Directory,
		key:       cfg.Key,
		secure:    strings.HasPrefix(cfg.PublicURL, "https://"),
		version:   cfg.Version,
		log:       cfg.Log,
		foreign:   http.NewCrossOriginProtection(),
		exports:   make(chan struct{}, maxExports),
		wallClock: time.Now, // deadlines of connections are the machine's, not the domain's
	}
	public, err := url.Parse(cfg.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("admin: the public URL: %w", err)
	}
	if err := s.foreign.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
		return nil, fmt.Errorf("admin: the public URL: %w", err)
	}
	if s.pages, err = parseTemplates(cfg.Link); err != nil {
		return nil, err
	}
	Register(s, s.users())
	Register(s, s.groups())
	Register(s, s.sessions())
	Register(s, s.events())
	return s, nil
}

// Address is where one of a model's pages is.
type Address struct {
	Model string
	Page  string // "list", "add", "one", "history", "export", or an action's name
	Path  string // {key} stands for the key of one
}

// Addresses lists the pages of every model that is registered.
func (s *Site) Addresses() []Address {
	var all []Address
	for _, m := range s.models {
		all = append(all, m.addresses()...)
	}
	return all
}

// pages is a registered model, whatever its type.
type pages interface {
	name() string
	label() string
	may(rights auth.Rights, verb auth.Verb) bool
	canAdd(rights auth.Rights) bool
	total(ctx context.Context) (int, error)
	serve(v *visit, rest []string) error
	addresses() []Address
}

// Register adds a model to the site. Call it before the site serves.
func Register[T any](s *Site, m Model[T]) {
	s.models = append(s.models, &registered[T]{Model: m, site: s})
}

// registered is a model on its site.
type registered[T any] struct {
	Model[T]
	site *Site
}

func (m *registered[T]) name() string  { return m.Name }
func (m *registered[T]) label() string { return m.Many }

// may reports whether somebody may do this with the model, and whether it can be done.
func (m *registered[T]) may(rights auth.Rights, verb auth.Verb) bool {
	return rights.Any(m.Permissions, verb) && (verb != auth.Change || m.Change != nil)
}

func (m *registered[T]) canAdd(rights auth.Rights) bool {
	for _, verb := range append([]auth.Verb{auth.Add}, m.AddNeeds...) {
		if !rights.Has(m.Permissions.May(verb)) {
			return false
		}
	}
	return m.Add != nil
}

func (m *registered[T]) total(ctx context.Context) (int, error) {
	found, err := m.List(ctx, auth.ListParams{})
	return found.Total, err
}

// path returns the path of one of the model's pages.
func (m *registered[T]) path(rest ...string) string {
	return Prefix + strings.Join(append([]string{m.Name}, rest...), "/") + "/"
}

func (m *registered[T]) addresses() []Address {
	all := []Address{{m.Name, "list", m.path()}, {m.Name, "one", m.path("{key}")}}
	if m.Add != nil {
		all = append(all, Address{m.Name, "add", m.path("add")})
	}
	if m.History != "" {
		all = append(all, Address{m.Name, "history", m.path("{key}", "history")})
	}
	if m.Each != nil {
		all = append(all, Address{m.Name, "export", strings.TrimSuffix(m.path("export.csv"), "/")})
	}
	for _, action := range m.Actions {
		all = append(all, Address{m.Name, action.Name, m.path("{key}", action.Name)})
	}
	return all
}

// serve answers a path below the model's own.
func (m *registered[T]) serve(v *visit, rest []string) error {
	switch {
	case len(rest) == 0:
		return m.serveList(v)
	case len(rest) == 1 && rest[0] == "export.csv" && m.Each != nil:
		return m.serveExport(v)
	case len(rest) == 1 && rest[0] == "add" && m.Add != nil:
		return m.serveAdd(v)
	case len(rest) == 1 && rest[0] == "do":
		return m.serveDo(v)
	case len(rest) == 1:
		return m.serveOne(v, rest[0])
	case len(rest) == 2 && rest[1] == "history" && m.History != "":
		return m.serveHistory(v, rest[0])
	case len(rest) == 2:
		return m.serveAction(v, rest[1], rest[:1])
	}
	return errNoPage
}

// mustMay returns an error with CodeForbidden unless the visitor may do this.
func (m *registered[T]) mustMay(v *visit, verb auth.Verb) error {
	if v.staff.Rights.Any(m.Permissions, verb) {
		return nil
	}
	return auth.Forbidden("You have no permission to " + string(verb) + " " + strings.ToLower(m.Many) + ".")
}

// ServeHTTP answers one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header())
	v := newVisit(s, w, r)
	defer v.recover()
	if err := s.serve(v); err != nil {
		v.fail(err)
	}
}

func (s *Site) serve(v *visit) error {
	switch v.r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		if err := s.foreign.Check(v.r); err != nil {
			return errForeignForm
		}
		if err := v.readForm(); err != nil {
			return err
		}
	default:
		v.w.Header().Set("Allow", "GET, HEAD, POST")
		return errMethod
	}
	if err := v.identify(); err != nil {
		return err
	}
	if v.staff == nil {
		v.visitor()
	}
	path := strings.Split(strings.Trim(strings.TrimPrefix(v.r.URL.Path, strings.TrimSuffix(Prefix, "/")), "/"), "/")
	switch path[0] {
	case "login":
		return only(path, v, s.serveLogin)
	case "setup":
		return only(path, v, s.serveSetup)
	}
	if v.staff == nil {
		return s.askToLogIn(v)
	}
	switch path[0] {
	case "":
		return s.serveIndex(v)
	case "logout":
		return only(path, v, s.serveLogout)
	case "password":
		return only(path, v, s.servePassword)
	}
	for _, m := range s.models {
		if m.name() == path[0] {
			return m.serve(v, path[1:])
		}
	}
	return errNoPage
}

// only is for pages that have none below them.
func only(path []string, v *visit, serve func(v *visit) error) error {
	if len(path) > 1 {
		return errNoPage
	}
	return serve(v)
}

// The policy allows our own files and forms, and nothing inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}
