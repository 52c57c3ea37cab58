package admin

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/problem"
)

// formView is what the template of a form sees.
type formView struct {
	Heading     string
	Intro       []string
	Fieldsets   []Fieldset
	Panels      []Panel
	Links       []Link // other actions on the item
	Version     string
	Submit      string // "" when nothing can be saved
	Destructive bool
	Another     bool // offers to save and create another
	Confirm     *Field
	Fault       string // what is wrong with the form as a whole
	Faults      []auth.FieldError
	Detail      string // is shown when none of the faulty fields is on the form
	Action      string // where it is sent; "" for its own address
	Back        string
	Hidden      []hidden
}

// confirmField returns the field that asks for the current password.
func confirmField() *Field {
	return &Field{
		Name: currentPassword, Label: "Your password", Kind: PasswordField, Required: true, Autocomplete: "current-password",
		Help: "Confirm that it is you. You will not be asked again for 10 minutes.",
	}
}

// serveAdd serves the form for a new item, and on POST creates it.
func (m *registered[T]) serveAdd(req *request) error {
	for _, verb := range append([]auth.Verb{auth.Add}, m.AddNeeds...) {
		if !req.by.Rights.Has(m.Permissions.May(verb)) {
			return auth.Forbidden("You do not have permission to create " + m.Many + ". It requires " + string(m.Permissions.May(verb)) + ".")
		}
	}
	view := formView{Heading: "Create " + m.One, Submit: "Create " + m.One, Another: true, Back: m.path()}
	status := http.StatusOK
	if req.isPost() {
		key, err := m.add(req)
		if err == nil {
			next := m.path(url.PathEscape(key))
			if req.form.Flag("another") {
				next = m.path("add")
			}
			req.seeOther(next, "The "+m.One+" was created.")
			return nil
		}
		if status, err = view.take(req, err); err != nil {
			return err
		}
	}
	fieldsets, err := m.Fields(req.Context(), req.by, nil)
	if err != nil {
		return err
	}
	view.Fieldsets = fieldsets
	return req.renderForm(status, view, page{Title: view.Heading, Crumbs: m.crumbs(Link{Label: "Create"})})
}

func (m *registered[T]) add(req *request) (string, error) {
	if err := req.confirm(); err != nil {
		return "", err
	}
	return m.Add(req.Context(), req.by, req.form)
}

// serveOne serves the page of one item, and on POST changes it.
func (m *registered[T]) serveOne(req *request, key string) error {
	if err := m.mustMay(req, auth.View); err != nil {
		return err
	}
	view := formView{Back: m.path()}
	status := http.StatusOK
	if req.isPost() {
		var err error
		if status, err = m.tryChange(req, key, &view); err != nil || status == http.StatusSeeOther {
			return err
		}
	}
	item, err := m.Get(req.Context(), req.by, key)
	if err != nil {
		return err
	}
	view.Heading = m.Title(item)
	mayChange := m.may(req.by.Rights, auth.Change)
	if mayChange {
		view.Submit, view.Version = "Save changes", cmp.Or(view.Version, m.Version(item))
	}
	if m.Fields != nil {
		if view.Fieldsets, err = m.Fields(req.Context(), req.by, &item); err != nil {
			return err
		}
	}
	if !mayChange {
		readOnly(view.Fieldsets)
	}
	if m.Panels != nil {
		if view.Panels, err = m.Panels(req.Context(), req.by, item); err != nil {
			return err
		}
	}
	view.Links = m.links(req, item, key)
	return req.renderForm(status, view, page{Title: view.Heading, Crumbs: m.crumbs(Link{Label: view.Heading})})
}

// tryChange changes an item and redirects to it, or puts into the view why it did not.
func (m *registered[T]) tryChange(req *request, key string, view *formView) (status int, err error) {
	if !m.may(req.by.Rights, auth.Change) {
		return 0, auth.Forbidden("You do not have permission to change " + m.Many + ".")
	}
	err = m.change(req, key)
	switch {
	case err == nil:
		req.seeOther(m.path(url.PathEscape(key)), "Your changes were saved.")
		return http.StatusSeeOther, nil
	case auth.ErrorCode(err) == auth.CodeNotFound:
		return 0, err
	}
	view.Version = req.form.Text("version")
	if status, err = view.take(req, err); status == http.StatusConflict {
		view.Version = "" // that of the item as it is now: once shown, another's change may be overwritten
	}
	return status, err
}

func (m *registered[T]) change(req *request, key string) error {
	if err := req.confirm(); err != nil {
		return err
	}
	return m.Change(req.Context(), req.by, key, req.form.Text("version"), req.form)
}

// links returns what can be done with an item beside changing it.
func (m *registered[T]) links(req *request, item T, key string) []Link {
	var links []Link
	if m.History != "" {
		links = append(links, Link{Label: "History", Path: m.path(url.PathEscape(key), "history")})
	}
	for _, action := range m.Actions {
		if action.OnOne && holds(req.by.Rights, action.Needs) && (action.Offer == nil || action.Offer(item)) {
			links = append(links, Link{Label: action.Label, Path: m.path(url.PathEscape(key), action.Name), Destructive: action.Destructive})
		}
	}
	return links
}

// readOnly makes every field of a form read-only.
func readOnly(fieldsets []Fieldset) {
	for i := range fieldsets {
		for j := range fieldsets[i].Fields {
			fieldsets[i].Fields[j].ReadOnly = true
		}
	}
}

// take puts an error into the form and returns the status to answer with. It returns
// an error that has no place on a form as it is.
func (view *formView) take(req *request, err error) (int, error) {
	named, ok := errors.AsType[*auth.Error](err)
	if !ok {
		return 0, err
	}
	status := problem.Status(named.Code)
	switch named.Code {
	case auth.CodeInvalid:
		view.Fault = "Nothing was saved. Correct the errors below."
		if len(named.Fields) == 0 {
			view.Fault = named.Detail
		}
		view.Faults, view.Detail = named.Fields, named.Detail
	case auth.CodeConfirmationRequired:
		view.Fault = "Nothing was saved. " + named.Detail
		view.Confirm = confirmField()
	case auth.CodeConflict:
		view.Fault = named.Detail
		if view.Version != "" {
			view.Fault += " Your changes are below and not saved yet. Save again to overwrite."
		}
	case auth.CodeForbidden, auth.CodeTooManyAttempts, auth.CodeBusy:
		view.Fault = named.Detail
	default:
		return 0, err
	}
	problem.Note(req.Context(), named)
	problem.SetRetryAfter(req.w.Header(), named)
	if slices.ContainsFunc(named.Fields, func(f auth.FieldError) bool { return f.Field == currentPassword }) || named.Code == auth.CodeTooManyAttempts {
		view.Confirm = confirmField()
	}
	return status, nil
}

// renderForm renders a form with what was typed, and with the errors beside their fields.
func (req *request) renderForm(status int, view formView, p page) error {
	placed := map[string]bool{}
	for i := range view.Fieldsets {
		for j := range view.Fieldsets[i].Fields {
			field := &view.Fieldsets[i].Fields[j]
			if req.isPost() && !field.ReadOnly {
				field.take(req.form)
			}
			placed[field.Name] = field.takeFault(view.Faults) || placed[field.Name]
		}
	}
	if view.Confirm != nil {
		placed[currentPassword] = view.Confirm.takeFault(view.Faults)
	}
	elsewhere := slices.DeleteFunc(slices.Clone(view.Faults), func(f auth.FieldError) bool { return placed[f.Field] })
	if len(elsewhere) > 0 && len(elsewhere) == len(view.Faults) { // no field shows one
		view.Fault = "Nothing was saved."
		if view.Detail != auth.Invalid().Detail { // it says more than the messages do
			view.Fault, elsewhere = view.Fault+" "+view.Detail, nil
		}
	}
	for _, fault := range elsewhere {
		view.Fault += " " + fault.Message
	}
	p.Content = view
	p.Fault = view.Fault != ""
	return req.renderAs(status, "form.html", p)
}

// take sets the field to what was typed.
func (f *Field) take(form Form) {
	switch f.Kind {
	case TextField, EmailField:
		f.Value = strings.ToValidUTF8(strings.ReplaceAll(form.Text(f.Name), "\x00", ""), "")
	case CheckField:
		f.On = form.Flag(f.Name)
	case PickField, RadioField:
		for i := range f.Options {
			f.Options[i].On = slices.Contains(form.values[f.Name], f.Options[i].Value)
		}
	case PasswordField, ShownField:
	}
}

func (f *Field) takeFault(faults []auth.FieldError) bool {
	for _, fault := range faults {
		if fault.Field == f.Name {
			f.Error = fault.Message
			return true
		}
	}
	return false
}
