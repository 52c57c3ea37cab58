package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Who and what there is in an office: a superuser, a member of staff, and a user.
const (
	rootID, samID, aliceID, asleepID int64 = 1, 2, 3, 4
	supportID, adminsID              int64 = 1, 2
)

// office is a world in which people administer others.
func office(t *testing.T) *world {
	t.Helper()
	user := func(id int64, email string) User {
		return User{ID: id, Email: email, Password: "current$password of " + email, IsActive: true, DateJoined: noon}
	}
	root, sam, ali, asleep := user(rootID, "root@example.com"), user(samID, "sam@example.com"), user(aliceID, "alice@example.com"), user(asleepID, "asleep@example.com")
	root.IsStaff, root.IsSuperuser = true, true
	sam.IsStaff = true
	asleep.IsSuperuser, asleep.IsActive = true, false
	w := newWorld(t, root, sam, ali, asleep)
	for _, model := range []Model{GroupModel, SessionModel, UserModel} {
		for _, verb := range []Verb{Add, Change, Delete, View} {
			w.store.permissions = append(w.store.permissions, Permission{
				ID: int64(len(w.store.permissions) + 1), Model: model, Code: string(verb) + "_" + model.Name,
			})
		}
	}
	w.store.groups = []Group{
		{ID: supportID, Name: "support", Permissions: w.ids("users.change_user", "users.view_user")},
		{ID: adminsID, Name: "admins", Permissions: w.ids("users.change_user", "users.delete_user", "users.view_user")},
	}
	return w
}

// ids returns those of permissions.
func (w *world) ids(names ...PermissionName) []int64 {
	ids := []int64{}
	for _, p := range w.store.permissions {
		if slices.Contains(names, p.Name()) {
			ids = append(ids, p.ID)
		}
	}
	if len(ids) != len(names) {
		panic(fmt.Sprint("there is no such permission among ", names))
	}
	return ids
}

// may returns a user these permissions and no others.
func (w *world) may(userID int64, names ...PermissionName) {
	w.store.userPermissions[userID] = w.ids(names...)
}

// staff returns who acts at the admin site, having given the password just now.
func (w *world) staff(t *testing.T, id int64) Actor {
	t.Helper()
	user := *w.store.user(id)
	rights := Everything()
	if !user.IsSuperuser {
		held, err := w.store.RightsOf(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		rights = Holding(held...)
	}
	return Actor{Channel: ChannelAdmin, UserID: id, Name: user.Email, Address: "192.0.2.9", Rights: rights, Confirmed: true}
}

// form returns a user's as it is, changed.
func (w *world) form(t *testing.T, id int64, change func(f *UserForm)) (version string, form UserForm) {
	t.Helper()
	account, err := w.store.Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	form = account.Form()
	version = form.Version()
	form.Groups, form.Permissions = slices.Clone(form.Groups), slices.Clone(form.Permissions)
	change(&form)
	return version, form
}

// edit edits a user from the form as it is now.
func (w *world) edit(t *testing.T, by Actor, id int64, change func(f *UserForm)) error {
	t.Helper()
	version, form := w.form(t, id, change)
	_, err := w.EditUser(t.Context(), by, id, version, form)
	return err
}

// deed is one of the things that an actor does.
type deed func(t *testing.T, w *world, by Actor) error

func editing(id int64, change func(f *UserForm)) deed {
	return func(t *testing.T, w *world, by Actor) error { return w.edit(t, by, id, change) }
}

func adding(change func(f *UserForm)) deed {
	return func(t *testing.T, w *world, by Actor) error {
		form := UserForm{Email: "new@example.com", IsActive: true}
		change(&form)
		_, err := w.AddUser(t.Context(), by, form, new("correct horse"))
		return err
	}
}

func activating(active bool, ids ...int64) deed {
	return func(t *testing.T, w *world, by Actor) error {
		_, err := w.SetActive(t.Context(), by, ids, active)
		return err
	}
}

func promoting(id int64, super bool) deed {
	return func(t *testing.T, w *world, by Actor) error {
		_, err := w.SetSuperuser(t.Context(), by, id, super)
		return err
	}
}

func deleting(ids ...int64) deed {
	return func(t *testing.T, w *world, by Actor) error { return w.DeleteUsers(t.Context(), by, ids) }
}

func settingPassword(id int64, password *string) deed {
	return func(t *testing.T, w *world, by Actor) error {
		_, err := w.SetPassword(t.Context(), by, id, password, "")
		return err
	}
}

func endingSessions(ids ...int64) deed {
	return func(t *testing.T, w *world, by Actor) error {
		_, err := w.EndSessions(t.Context(), by, ids, "")
		return err
	}
}

func endingSession(id string) deed {
	return func(t *testing.T, w *world, by Actor) error { return w.EndSession(t.Context(), by, id) }
}

func addingGroup(name string, permissions ...PermissionName) deed {
	return func(t *testing.T, w *world, by Actor) error {
		_, err := w.AddGroup(t.Context(), by, GroupForm{Name: name, Permissions: w.ids(permissions...)})
		return err
	}
}

func editingGroup(id int64, name string, permissions ...PermissionName) deed {
	return func(t *testing.T, w *world, by Actor) error {
		group, err := w.store.Group(t.Context(), id)
		if err != nil {
			return err
		}
		_, err = w.EditGroup(t.Context(), by, id, group.Form().Version(), GroupForm{Name: name, Permissions: w.ids(permissions...)})
		return err
	}
}

func deletingGroups(ids ...int64) deed {
	return func(t *testing.T, w *world, by Actor) error { return w.DeleteGroups(t.Context(), by, ids) }
}

// session lets a user have one.
func (w *world) session(userID int64, id string) {
	w.store.sessions[id] = Session{
		ID: id, UserID: userID, Channel: ChannelAPI, CreatedAt: noon, RenewedAt: noon, ExpiresAt: noon.Add(w.cfg.SessionLifetime),
		PasswordMark: passwordMark(w.store.user(userID).Password),
	}
}

// mustChangeNothing does something that is refused with a code, and returns the refusal.
func (w *world) mustChangeNothing(t *testing.T, want Code, do func() error) *Error {
	t.Helper()
	before, sessions := w.store.clone(), maps.Clone(w.store.sessions)
	err := do()
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Code != want {
		t.Fatalf("answers %v, want %s", err, want)
	}
	if !reflect.DeepEqual(before, w.store.fakeRows) || !reflect.DeepEqual(sessions, w.store.sessions) {
		t.Error("something has changed all the same")
	}
	return refusal
}

// told returns the events in words, one a line.
func told(events []Event) string {
	var lines strings.Builder
	for _, e := range events {
		fmt.Fprintf(&lines, "%s %s %s %s", e.Actor, e.Action, e.Kind, e.Subject)
		for _, change := range e.Changes {
			fmt.Fprintf(&lines, "; %s: %q → %q", change.Field, change.Before, change.After)
		}
		lines.WriteString("\n")
	}
	return lines.String()
}

// fieldsOf names the fields that an error finds fault with.
func fieldsOf(err *Error) string {
	fields := make([]string, 0, len(err.Fields))
	for _, f := range err.Fields {
		fields = append(fields, f.Field)
	}
	return strings.Join(fields, " ")
}

// mustHoldNoSecret fails when events hold what nobody may read.
func (w *world) mustHoldNoSecret(t *testing.T, secrets ...string) {
	t.Helper()
	text, err := json.Marshal(w.store.events)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range w.store.users {
		secrets = append(secrets, user.Password)
	}
	for id := range w.store.sessions {
		secrets = append(secrets, id)
	}
	for _, secret := range append(secrets, "current$", "correct horse", "password of") {
		if strings.Contains(string(text), secret) {
			t.Errorf("events hold %q: %s", secret, text)
		}
	}
}
