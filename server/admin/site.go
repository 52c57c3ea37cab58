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
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/audit"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// Prefix is where the site is.
const Prefix = "/admin/"

// Static holds the site's own files. Whoever serves them says where in [Config.Link].
//
//go:embed static
var Static embed.FS

// Config configures a [Site].
type Config struct {
	SignIn   *signin.Service
	Accounts *accounts.Service
	Audit    *audit.Log
	Clock    auth.Clock
	// Key authenticates the messages that a page leaves for the next one.
	Key []byte
	// PublicURL is the server's URL for browsers. If it is https, cookies are Secure.
	PublicURL string
	// OnlyPublic says that browsers reach the server by its public URL alone, and
	// not by whatever the Host header says: a form must come from there.
	OnlyPublic bool
	// Link returns the path of a static file.
	Link    func(name string) (string, error)
	Version string
	Log     *slog.Logger
}

// Site answers requests below [Prefix]. After the last [Register] it never changes
// and is safe for concurrent use.
type Site struct {
	signIn     *signin.Service
	accounts   *accounts.Service
	audit      *audit.Log
	clock      auth.Clock
	key        []byte
	secure     bool
	version    string
	log        *slog.Logger
	templates  map[string]*template.Template
	models     []modelHandler
	origin     string // of the public URL
	onlyPublic bool
	exports    chan struct{}
	wallClock  func() time.Time
}

// maxExports bounds the exports that run at a time: each holds a connection to the
// database for as long as the client takes.
const maxExports = 2

// New returns the site, with users, groups, sessions and the audit log registered. It
// fails when the public URL is not one, or when a template is broken.
func New(cfg Config) (*Site, error) {
	s := &Site{
		signIn:    cfg.SignIn,
		accounts:  cfg.Accounts,
		audit:     cfg.Audit,
		clock:     cfg.Clock,
		key:       cfg.Key,
		secure:    strings.HasPrefix(cfg.PublicURL, "https://"),
		version:   cfg.Version,
		log:       cfg.Log,
		exports:   make(chan struct{}, maxExports),
		wallClock: time.Now, // deadlines of connections are the machine's, not the domain's
	}
	public, err := url.Parse(cfg.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("admin: the public URL: %w", err)
	}
	s.origin, s.onlyPublic = strings.ToLower(public.Scheme+"://"+public.Host), cfg.OnlyPublic
	if s.templates, err = parseTemplates(cfg.Link); err != nil {
		return nil, err
	}
	Register(s, s.users())
	Register(s, s.groups())
	Register(s, s.sessions())
	Register(s, s.auditLog())
	return s, nil
}

// Address is the path of a page of a model.
type Address struct {
	Model string
	Page  string // "list", "add", "one", "history", "export", or an action's name
	Path  string // {key} stands for an item's key
}

// Addresses lists the pages of every model that is registered.
func (s *Site) Addresses() []Address {
	var all []Address
	for _, m := range s.models {
		all = append(all, m.addresses()...)
	}
	return all
}

// modelHandler answers the requests for a registered model, whatever its type.
type modelHandler interface {
	name() string
	label() string
	one() string
	many() string
	may(rights auth.Rights, verb auth.Verb) bool
	canAdd(rights auth.Rights) bool
	total(ctx context.Context, by *auth.Principal) (int, error)
	serve(req *request, rest []string) error
	addresses() []Address
}

// Register adds a model to the site. Call it before the site serves.
func Register[T any](s *Site, m Model[T]) {
	s.models = append(s.models, &registered[T]{Model: m, site: s})
}

// registered is a model with its site.
type registered[T any] struct {
	Model[T]
	site *Site
}

func (m *registered[T]) name() string  { return m.Name }
func (m *registered[T]) label() string { return m.Label }
func (m *registered[T]) one() string   { return m.One }
func (m *registered[T]) many() string  { return m.Many }

// may reports whether rights allow this with the model, and the model can do it.
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

func (m *registered[T]) total(ctx context.Context, by *auth.Principal) (int, error) {
	found, err := m.List(ctx, by, auth.ListParams{})
	return found.Total, err
}

// path returns the path of a page of the model.
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

// serve answers a request below the model's path.
func (m *registered[T]) serve(req *request, rest []string) error {
	switch {
	case len(rest) == 0:
		return m.serveList(req)
	case len(rest) == 1 && rest[0] == "export.csv" && m.Each != nil:
		return m.serveExport(req)
	case len(rest) == 1 && rest[0] == "add" && m.Add != nil:
		return m.serveAdd(req)
	case len(rest) == 1 && rest[0] == "do":
		return m.serveDo(req)
	case len(rest) == 1:
		return m.serveOne(req, rest[0])
	case len(rest) == 2 && rest[1] == "history" && m.History != "":
		return m.serveHistory(req, rest[0])
	case len(rest) == 2:
		return m.serveAction(req, rest[1], rest[:1])
	}
	return errNoPage
}

// mustMay returns an error with CodeForbidden unless whoever is signed in may do this.
func (m *registered[T]) mustMay(req *request, verb auth.Verb) error {
	if req.by.Rights.Any(m.Permissions, verb) {
		return nil
	}
	return auth.Forbidden("You do not have permission to " + string(verb) + " " + m.Many + ".")
}

// ServeHTTP answers one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header())
	req := newRequest(s, w, r)
	defer req.recover()
	if err := s.serve(req); err != nil {
		req.fail(err)
	}
}

func (s *Site) serve(req *request) error {
	switch req.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		if err := req.checkOrigin(); err != nil {
			return err
		}
		if err := req.readForm(); err != nil {
			return err
		}
	default:
		req.w.Header().Set("Allow", "GET, HEAD, POST")
		return errMethod
	}
	if err := req.identify(); err != nil {
		return err
	}
	path := strings.Split(strings.Trim(strings.TrimPrefix(req.URL.Path, strings.TrimSuffix(Prefix, "/")), "/"), "/")
	switch path[0] {
	case "login":
		return only(path, req, s.serveLogin)
	case "setup":
		return only(path, req, s.serveSetup)
	}
	if req.by == nil {
		return s.askToLogIn(req)
	}
	switch path[0] {
	case "":
		return s.serveIndex(req)
	case "logout":
		return only(path, req, s.serveLogout)
	case "password":
		return only(path, req, s.servePassword)
	}
	for _, m := range s.models {
		if m.name() == path[0] {
			return m.serve(req, path[1:])
		}
	}
	return errNoPage
}

// only serves a page that has no pages below it.
func only(path []string, req *request, serve func(req *request) error) error {
	if len(path) > 1 {
		return errNoPage
	}
	return serve(req)
}

// policy allows our own files and forms, and nothing inline.
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
