package accounts_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
)

type world struct{ *authtest.World }

func newWorld(t *testing.T, users ...auth.User) *world { return &world{authtest.New(t, users...)} }

// staffed is a world in which people administer others.
func staffed(t *testing.T) *world { return &world{authtest.Staffed(t)} }

// admin returns who acts on the admin site, in a session of their own, having proved just
// now that it is them.
func (w *world) admin(t *testing.T, id int64) *auth.Principal {
	t.Helper()
	user := *w.Store.User(id)
	rights, err := auth.RightsOf(t.Context(), w.Store, user)
	if err != nil {
		t.Fatal(err)
	}
	return auth.InSession(user, w.adminSession(id), authtest.Desk, rights)
}

func adminSessionID(id int64) string { return fmt.Sprintf("session %d on the admin site", id) }

// adminSession begins a session on the admin site, now.
func (w *world) adminSession(id int64) auth.Session {
	now := w.Clock.At
	session := auth.Session{
		ID: adminSessionID(id), UserID: id, Channel: auth.ChannelAdmin, CreatedAt: now, RenewedAt: now,
		ExpiresAt: now.Add(auth.AdminLifetime), PasswordMark: auth.PasswordMark(w.Store.User(id).Password), ConfirmedAt: &now,
	}
	if user := w.Store.User(id); user.IsStaff && user.IsActive {
		w.Store.Sessions[session.ID] = session
	}
	return session
}

// MustChangeNothing is [authtest.World.MustChangeNothing], but for the sessions that admin
// begins meanwhile.
func (w *world) MustChangeNothing(t *testing.T, want auth.Code, do func() error) *auth.Error {
	t.Helper()
	for _, id := range []int64{authtest.RootID, authtest.SamID} {
		if user := w.Store.User(id); user == nil || !user.IsStaff {
			continue
		}
		if _, has := w.Store.Sessions[adminSessionID(id)]; !has {
			defer delete(w.Store.Sessions, w.adminSession(id).ID)
		}
	}
	return w.World.MustChangeNothing(t, want, do)
}

// confirmed changes when a principal has last proved that it is them.
func (w *world) confirmed(by *auth.Principal, at *time.Time) {
	by.Session.ConfirmedAt = at
	w.Store.Sessions[by.Session.ID] = by.Session
}

// actsIn puts a principal into a session in which they have just proved that it is them.
func (w *world) actsIn(by *auth.Principal, id string) *auth.Principal {
	delete(w.Store.Sessions, by.Session.ID)
	session := w.Store.Sessions[id]
	session.Channel, session.ConfirmedAt = by.Channel, &w.Clock.At
	w.Store.Sessions[id] = session
	by.Session = session
	return by
}

// form returns a user's as it is, changed.
func (w *world) form(t *testing.T, id int64, change func(f *accounts.UserForm)) (version string, form accounts.UserForm) {
	t.Helper()
	account, err := w.Store.Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	form = accounts.UserFormOf(account)
	version = form.Version()
	form.Groups, form.Permissions = slices.Clone(form.Groups), slices.Clone(form.Permissions)
	change(&form)
	return version, form
}

// edit edits a user from the form as it is now.
func (w *world) edit(t *testing.T, by *auth.Principal, id int64, change func(f *accounts.UserForm)) error {
	t.Helper()
	version, form := w.form(t, id, change)
	_, err := w.UpdateUser(t.Context(), by, id, version, func(f *accounts.UserForm) { *f = form })
	return err
}

// operation is one of the things that an actor does.
type operation func(t *testing.T, w *world, by *auth.Principal) error

func editing(id int64, change func(f *accounts.UserForm)) operation {
	return func(t *testing.T, w *world, by *auth.Principal) error { return w.edit(t, by, id, change) }
}

func adding(change func(f *accounts.UserForm)) operation {
	return func(t *testing.T, w *world, by *auth.Principal) error {
		form := accounts.UserForm{Email: "new@example.com", IsActive: true}
		change(&form)
		_, err := w.CreateUser(t.Context(), by, form, new("correct horse"))
		return err
	}
}

func activating(active bool, ids ...int64) operation {
	return func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.SetActive(t.Context(), by, ids, active)
		return err
	}
}

func promoting(id int64, super bool) operation {
	return func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.SetSuperuser(t.Context(), by, id, super)
		return err
	}
}

func deleting(ids ...int64) operation {
	return func(t *testing.T, w *world, by *auth.Principal) error { return w.DeleteUsers(t.Context(), by, ids) }
}

func settingPassword(id int64, password *string) operation {
	return func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.SetPassword(t.Context(), by, id, password)
		return err
	}
}

func endingSessions(ids ...int64) operation {
	return func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.EndSessions(t.Context(), by, ids)
		return err
	}
}

func endingSession(id string) operation {
	return func(t *testing.T, w *world, by *auth.Principal) error { return w.EndSession(t.Context(), by, id) }
}

func addingGroup(name string, permissions ...auth.PermissionName) operation {
	return func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.CreateGroup(t.Context(), by, accounts.GroupForm{Name: name, Permissions: w.IDs(permissions...)})
		return err
	}
}

func editingGroup(id int64, name string, permissions ...auth.PermissionName) operation {
	return func(t *testing.T, w *world, by *auth.Principal) error {
		group, err := w.Store.Group(t.Context(), id)
		if err != nil {
			return err
		}
		_, err = w.UpdateGroup(t.Context(), by, id, accounts.GroupFormOf(group).Version(), accounts.GroupForm{Name: name, Permissions: w.IDs(permissions...)})
		return err
	}
}

func deletingGroups(ids ...int64) operation {
	return func(t *testing.T, w *world, by *auth.Principal) error { return w.DeleteGroups(t.Context(), by, ids) }
}

// session lets a user have one.
func (w *world) session(userID int64, id string) {
	w.Store.Sessions[id] = auth.Session{
		ID: id, UserID: userID, Channel: auth.ChannelAPI, CreatedAt: authtest.Noon, RenewedAt: authtest.Noon, ExpiresAt: authtest.Noon.Add(authtest.SessionLifetime),
		PasswordMark: auth.PasswordMark(w.Store.User(userID).Password),
	}
}

// to returns an edit that makes of a form another.
func to(form accounts.UserForm) func(*accounts.UserForm) {
	return func(f *accounts.UserForm) { *f = form }
}

// mustAuthenticate fails unless a token of the API is good.
func (w *world) mustAuthenticate(t *testing.T, raw string) {
	t.Helper()
	if _, err := w.Authenticate(t.Context(), raw, authtest.Desk); err != nil {
		t.Fatal(err)
	}
}
