package admin

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// formView is what the template of a form sees.
type formView struct {
	Heading    string
	Intro      []string
	Fieldsets  []Fieldset
	Panels     []Panel
	Links      []Link // what else can be done
	Token      string
	Version    string
	Keys       []string // of an action
	Submit     string   // "": nothing can be saved
	Grave      bool
	Another    bool // offers to save and add another
	Confirm    *Field
	Fault      string // what is wrong with the whole
	Faults     []auth.FieldError
	Detail     string // says it when none of the faulty fields is on the form
	Action     string // where it is sent; "": to its own address
	Back       string
	Hidden     []hidden
	WithPerson bool
}

// confirmField asks for one's own password.
func confirmField() *Field {
	return &Field{
		Name: "confirm", Label: "Your own password", Kind: PasswordField, Required: true, Autocomplete: "current-password",
		Help: "To be sure that it is you. It is then not asked for again for ten minutes.",
	}
}

// serveAdd makes a new one.
func (m *registered[T]) serveAdd(v *visit) error {
	for _, verb := range append([]auth.Verb{auth.Add}, m.AddNeeds...) {
		if !v.staff.Rights.Has(m.Permissions.May(verb)) {
			return auth.Forbidden("You have no permission to add " + strings.ToLower(m.Many) + ". It takes " + string(m.Permissions.May(verb)) + ".")
		}
	}
	view := formView{Heading: "Add a " + m.One, Submit: "Save", Another: true, Back: m.path()}
	status := http.StatusOK
	if v.isPost() {
		key, err := m.add(v)
		if err == nil {
			next := m.path(url.PathEscape(key))
			if v.form.Flag("another") {
				next = m.path("add")
			}
			v.seeOther(next, "The "+m.One+" was added.")
			return nil
		}
		if status, err = view.take(v, err); err != nil {
			return err
		}
	}
	fieldsets, err := m.Fields(v.r.Context(), v.staff, nil)
	if err != nil {
		return err
	}
	view.Fieldsets = fieldsets
	return v.renderForm(status, view, page{Title: view.Heading, Crumbs: m.crumbs(Link{Label: "Add"})})
}

func (m *registered[T]) add(v *visit) (string, error) {
	if err := v.ready(); err != nil {
		return "", err
	}
	return m.Add(v.r.Context(), v.actor(), v.form)
}

// serveOne shows one, and changes it.
func (m *registered[T]) serveOne(v *visit, key string) error {
	if err := m.mustMay(v, auth.View); err != nil {
		return err
	}
	item, err := m.Get(v.r.Context(), key)
	if err != nil {
		return err
	}
	view := formView{Heading: m.Title(item), Back: m.path()}
	mayChange := m.may(v.staff.Rights, auth.Change)
	if mayChange {
		view.Submit, view.Version = "Save", m.Version(item)
	}
	status := http.StatusOK
	if v.isPost() {
		if status, err = m.tryChange(v, key, &view); err != nil || status == http.StatusSeeOther {
			return err
		}
	}
	if m.Fields != nil {
		if view.Fieldsets, err = m.Fields(v.r.Context(), v.staff, &item); err != nil {
			return err
		}
	}
	if !mayChange {
		readOnly(view.Fieldsets)
	}
	if m.Panels != nil {
		if view.Panels, err = m.Panels(v.r.Context(), v.staff, item); err != nil {
			return err
		}
	}
	view.Links = m.links(v, item, key)
	return v.renderForm(status, view, page{Title: view.Heading, Crumbs: m.crumbs(Link{Label: view.Heading})})
}

// tryChange changes one and leads on, or puts into the view why it did not.
func (m *registered[T]) tryChange(v *visit, key string, view *formView) (status int, err error) {
	if !m.may(v.staff.Rights, auth.Change) {
		return 0, auth.Forbidden("You have no permission to change " + strings.ToLower(m.Many) + ".")
	}
	err = m.change(v, key)
	switch {
	case err == nil:
		v.seeOther(m.path(url.PathEscape(key)), "Your changes were saved.")
		return http.StatusSeeOther, nil
	case auth.ErrorCode(err) == auth.CodeNotFound:
		return 0, err
	}
	if status, err = view.take(v, err); err == nil && status != http.StatusConflict {
		view.Version = v.form.Text("version") // who is told of another's change may save over it
	}
	return status, err
}

func (m *registered[T]) change(v *visit, key string) error {
	if err := v.ready(); err != nil {
		return err
	}
	return m.Change(v.r.Context(), v.actor(), key, v.form.Text("version"), v.form)
}

// links are what can be done with one, beside changing it.
func (m *registered[T]) links(v *visit, item T, key string) []Link {
	var links []Link
	if m.History != "" {
		links = append(links, Link{Label: "History", Path: m.path(url.PathEscape(key), "history")})
	}
	for _, action := range m.Actions {
		if action.OnOne && holds(v.staff.Rights, action.Needs) && (action.Offer == nil || action.Offer(item)) {
			links = append(links, Link{Label: action.Label, Path: m.path(url.PathEscape(key), action.Name), Grave: action.Grave})
		}
	}
	return links
}

// readOnly makes of a form something to look at.
func readOnly(fieldsets []Fieldset) {
	for i := range fieldsets {
		for j := range fieldsets[i].Fields {
			fieldsets[i].Fields[j].ReadOnly = true
		}
	}
}

// take makes of an error what is shown on the form, and returns the answer's status;
// an error that is none of the form's comes back.
func (view *formView) take(v *visit, err error) (int, error) {
	named, ok := errors.AsType[*auth.Error](err)
	if !ok {
		return 0, err
	}
	status := statusOf[named.Code]
	switch named.Code {
	case auth.CodeInvalid:
		view.Fault = "Nothing was saved yet. Please mend what is marked below."
		if len(named.Fields) == 0 {
			view.Fault = named.Detail
		}
		view.Faults, view.Detail = named.Fields, named.Detail
	case auth.CodeConfirmationRequired:
		view.Fault = "Nothing was saved yet. " + named.Detail
		view.Confirm = confirmField()
	case auth.CodeConflict:
		view.Fault = named.Detail
		if view.Version != "" {
			view.Fault += " Below is what you typed, and it is not saved. Save again to have it your way."
		}
	case auth.CodeForbidden, auth.CodeTooManyAttempts, auth.CodeBusy:
		view.Fault = named.Detail
	default:
		return 0, err
	}
	v.note(named)
	if slices.ContainsFunc(named.Fields, func(f auth.FieldError) bool { return f.Field == "confirm" }) || named.Code == auth.CodeTooManyAttempts {
		view.Confirm = confirmField()
	}
	return status, nil
}

// renderForm puts what was typed into the form, and the faults beside their fields.
func (v *visit) renderForm(status int, view formView, p page) error {
	view.Token = v.token()
	placed := map[string]bool{}
	for i := range view.Fieldsets {
		for j := range view.Fieldsets[i].Fields {
			field := &view.Fieldsets[i].Fields[j]
			if v.isPost() && !field.ReadOnly {
				field.take(v.form)
			}
			placed[field.Name] = field.takeFault(view.Faults) || placed[field.Name]
		}
	}
	if view.Confirm != nil {
		placed["confirm"] = view.Confirm.takeFault(view.Faults)
	}
	elsewhere := slices.DeleteFunc(slices.Clone(view.Faults), func(f auth.FieldError) bool { return placed[f.Field] })
	if len(elsewhere) > 0 && len(elsewhere) == len(view.Faults) { // nothing is marked below
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
	return v.renderAs(status, "form.html", p)
}

// take puts what was typed into the field.
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
