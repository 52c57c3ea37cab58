package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// serveDo leads from a list, where some were ticked, to the page of an action.
func (m *registered[T]) serveDo(v *visit) error {
	values := v.r.URL.Query()
	if v.isPost() {
		values = v.form.values
	}
	keys := values["key"]
	name := values.Get("action")
	if err := m.mustMay(v, auth.View); err != nil {
		return err
	}
	refusal := ""
	switch {
	case name == "":
		refusal = "Choose what is to be done with those ticked."
	case len(keys) == 0:
		refusal = "Tick those first that it is to be done with."
	case len(keys) > pageSize:
		refusal = fmt.Sprintf("Tick %d at most.", pageSize)
	}
	if refusal != "" {
		v.seeOther(m.listFrom(values.Get("from")), warning+refusal)
		return nil
	}
	return m.serveAction(v, name, keys)
}

// listFrom is the list as somebody has left it, with their search and filters.
func (m *registered[T]) listFrom(from string) string {
	if path := localPath(from); strings.HasPrefix(path, m.path()) {
		return path
	}
	return m.path()
}

// serveAction says what an action will do, and does it.
func (m *registered[T]) serveAction(v *visit, name string, keys []string) error {
	i := slices.IndexFunc(m.Actions, func(a Action[T]) bool { return a.Name == name })
	if i < 0 {
		return errNoPage
	}
	action := m.Actions[i]
	for _, permission := range action.Needs {
		if !v.staff.Rights.Has(permission) {
			return auth.Forbidden("You have no permission to do this. It takes " + string(permission) + ".")
		}
	}
	if !m.owns(action) {
		if err := m.mustMay(v, auth.View); err != nil {
			return err
		}
	}
	items, err := m.getAll(v, keys)
	if err != nil {
		return err
	}
	view := formView{
		Heading: action.Label, Submit: action.Label, Grave: action.Grave, Back: m.path(),
		Hidden: []hidden{{"action", action.Name}},
	}
	if len(items) == 1 {
		view.Heading = action.Label + ": " + m.Title(items[0])
		view.Back = m.path(url.PathEscape(keys[0]))
	}
	for _, key := range keys {
		view.Hidden = append(view.Hidden, hidden{"key", key})
	}
	from := v.r.URL.Query().Get("from")
	if v.isPost() {
		from = v.form.Text("from")
	}
	if from != "" {
		view.Back = m.listFrom(from)
		view.Hidden = append(view.Hidden, hidden{"from", view.Back})
	}
	status := http.StatusOK
	if v.isPost() {
		done, err := m.run(v, action, items)
		if err == nil {
			v.seeOther(m.after(v, action, keys), done)
			return nil
		}
		if status, err = view.take(v, err); err != nil {
			return err
		}
	}
	if view.Intro, err = m.explain(v, action, items); err != nil {
		return err
	}
	if action.Fields != nil {
		view.Fieldsets = action.Fields(items)
	}
	if action.Confirm && !v.staff.IsConfirmed(v.now) {
		view.Confirm = confirmField()
	}
	return v.renderForm(status, view, page{Title: view.Heading, Crumbs: m.crumbs(Link{Label: view.Heading})})
}

// owns reports whether an action takes a permission on this very model, as deleting does.
// Any other shows its page, which names what it is about, to those alone who may see it.
func (m *registered[T]) owns(action Action[T]) bool {
	return slices.ContainsFunc(action.Needs, func(p auth.PermissionName) bool {
		return slices.ContainsFunc([]auth.Verb{auth.View, auth.Add, auth.Change, auth.Delete}, func(verb auth.Verb) bool {
			return p == m.Permissions.May(verb)
		})
	})
}

func (m *registered[T]) run(v *visit, action Action[T], items []T) (string, error) {
	if err := v.ready(); err != nil {
		return "", err
	}
	return action.Run(v.r.Context(), v.staff, v.actor(), items, v.form)
}

// after is where an action leads: back to the list that one came from, else to the
// one it was done with, if that is still there.
func (m *registered[T]) after(v *visit, action Action[T], keys []string) string {
	if from := v.form.Text("from"); from != "" {
		return m.listFrom(from)
	}
	if len(keys) == 1 && action.OnOne && v.staff.Rights.Any(m.Permissions, auth.View) {
		if _, err := m.Get(v.r.Context(), keys[0]); err == nil {
			return m.path(url.PathEscape(keys[0]))
		}
	}
	if v.staff.Rights.Any(m.Permissions, auth.View) {
		return m.path()
	}
	return Prefix
}

func (m *registered[T]) explain(v *visit, action Action[T], items []T) ([]string, error) {
	var lines []string
	if len(items) > 1 {
		titles := make([]string, 0, len(items))
		for _, item := range items {
			titles = append(titles, m.Title(item))
		}
		lines = append(lines, fmt.Sprintf("This is about %d %s: %s.", len(items), strings.ToLower(m.Many), strings.Join(titles, ", ")))
	}
	more, err := action.Explain(v.r.Context(), items)
	return append(lines, more...), err
}

// getAll reads those that an action is to be done with. One that is gone meanwhile
// is a reason to stop.
func (m *registered[T]) getAll(v *visit, keys []string) ([]T, error) {
	items := make([]T, 0, len(keys))
	seen := map[string]bool{}
	for _, key := range keys {
		if seen[key] {
			continue
		}
		seen[key] = true
		item, err := m.Get(v.r.Context(), key)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}
