package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// serveDo serves the page of an action on the rows that were selected in a list.
func (m *registered[T]) serveDo(req *request) error {
	values := req.URL.Query()
	if req.isPost() {
		values = req.form.values
	}
	keys := values["key"]
	name := values.Get("action")
	if err := m.mustMay(req, auth.View); err != nil {
		return err
	}
	refusal := ""
	switch {
	case name == "":
		refusal = "Select an action."
	case len(keys) == 0:
		refusal = "Select at least one " + m.One + "."
	case len(keys) > pageSize:
		refusal = fmt.Sprintf("Select at most %d %s.", pageSize, m.Many)
	}
	if refusal != "" {
		req.seeOther(m.listFrom(values.Get("from")), warning+refusal)
		return nil
	}
	return m.serveAction(req, name, keys)
}

// listFrom returns the path of the list as it was left, with its search and filters.
func (m *registered[T]) listFrom(from string) string {
	if path := localPath(from); strings.HasPrefix(path, m.path()) {
		return path
	}
	return m.path()
}

// serveAction serves the page that says what an action will do, and on POST does it.
func (m *registered[T]) serveAction(req *request, name string, keys []string) error {
	i := slices.IndexFunc(m.Actions, func(a Action[T]) bool { return a.Name == name })
	if i < 0 {
		return errNoPage
	}
	action := m.Actions[i]
	for _, permission := range action.Needs {
		if !req.by.Rights.Has(permission) {
			return auth.Forbidden("You do not have permission to do this. It requires " + string(permission) + ".")
		}
	}
	if !m.owns(action) {
		if err := m.mustMay(req, auth.View); err != nil {
			return err
		}
	}
	items, err := m.getAll(req, keys)
	if err != nil {
		return err
	}
	view := m.actionView(req, action, keys, items)
	status := http.StatusOK
	if req.isPost() {
		done, err := m.run(req, action, items)
		if err == nil {
			req.seeOther(m.after(req, action, keys), done)
			return nil
		}
		if status, err = view.take(req, err); err != nil {
			return err
		}
	}
	if view.Intro, err = m.explain(req, action, items); err != nil {
		return err
	}
	if action.Fields != nil {
		view.Fieldsets = action.Fields(items)
	}
	if action.Confirm && !req.by.IsConfirmed(req.now) {
		view.Confirm = confirmField()
	}
	return req.renderForm(status, view, page{Title: view.Heading, Crumbs: m.crumbs(Link{Label: view.Heading})})
}

// actionView returns the form of an action, as it is before anything was sent.
func (m *registered[T]) actionView(req *request, action Action[T], keys []string, items []T) formView {
	view := formView{
		Heading: action.Label, Submit: action.Label, Destructive: action.Destructive, Back: m.path(),
		Hidden: []hidden{{"action", action.Name}},
	}
	if len(items) > 1 {
		view.Heading = fmt.Sprintf("%s: %d %s", action.Label, len(items), m.Many)
	} else {
		view.Heading = action.Label + ": " + m.Title(items[0])
		view.Back = m.path(url.PathEscape(keys[0]))
	}
	for _, key := range keys {
		view.Hidden = append(view.Hidden, hidden{"key", key})
	}
	from := req.URL.Query().Get("from")
	if req.isPost() {
		from = req.form.Text("from")
	}
	if from != "" {
		view.Back = m.listFrom(from)
		view.Hidden = append(view.Hidden, hidden{"from", view.Back})
	}
	return view
}

// owns reports whether an action needs a permission on this very model, as deleting
// does. The page of any other names items, so it needs the permission to view them too.
func (m *registered[T]) owns(action Action[T]) bool {
	return slices.ContainsFunc(action.Needs, func(p auth.PermissionName) bool {
		return slices.ContainsFunc([]auth.Verb{auth.View, auth.Add, auth.Change, auth.Delete}, func(verb auth.Verb) bool {
			return p == m.Permissions.May(verb)
		})
	})
}

func (m *registered[T]) run(req *request, action Action[T], items []T) (string, error) {
	if err := req.confirm(); err != nil {
		return "", err
	}
	return action.Run(req.Context(), req.by, items, req.form)
}

// after returns the path to go to after an action: the list it was started from, else
// the item's page if the item still exists.
func (m *registered[T]) after(req *request, action Action[T], keys []string) string {
	if from := req.form.Text("from"); from != "" {
		return m.listFrom(from)
	}
	if len(keys) == 1 && action.OnOne && req.by.Rights.Any(m.Permissions, auth.View) {
		if _, err := m.Get(req.Context(), req.by, keys[0]); err == nil {
			return m.path(url.PathEscape(keys[0]))
		}
	}
	if req.by.Rights.Any(m.Permissions, auth.View) {
		return m.path()
	}
	return Prefix
}

func (m *registered[T]) explain(req *request, action Action[T], items []T) ([]string, error) {
	var lines []string
	if len(items) > 1 {
		titles := make([]string, 0, len(items))
		for _, item := range items {
			titles = append(titles, m.Title(item))
		}
		lines = append(lines, fmt.Sprintf("%d %s are selected: %s.", len(items), m.Many, strings.Join(titles, ", ")))
	}
	more, err := action.Explain(req.Context(), req.by, items)
	return append(lines, more...), err
}

// getAll reads the items of an action. It fails when one of them does not exist any
// more, so that an action is done on all or on none.
func (m *registered[T]) getAll(req *request, keys []string) ([]T, error) {
	items := make([]T, 0, len(keys))
	seen := map[string]bool{}
	for _, key := range keys {
		if seen[key] {
			continue
		}
		seen[key] = true
		item, err := m.Get(req.Context(), req.by, key)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}
