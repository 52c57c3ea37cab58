package authtest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// Who and what there is in a [Staffed] world.
const (
	RootID    int64 = 1 // a superuser
	SamID     int64 = 2 // a member of staff
	AliceID   int64 = 3 // a user
	AsleepID  int64 = 4 // a superuser who is inactive
	SupportID int64 = 1 // a group that may change users
	AdminsID  int64 = 2 // a group that may delete them too
)

// Desk is where staff work.
var Desk = auth.Client{Address: "192.0.2.9", UserAgent: "Firefox"}

// Alice has a password of the current kind.
func Alice() auth.User {
	return auth.User{ID: 1, Email: "alice@example.com", Password: "current$wonderland", IsActive: true}
}

// AliceLogin is what Alice signs in with.
func AliceLogin() signin.Credentials {
	return signin.Credentials{Email: "alice@example.com", Password: "wonderland", Client: auth.Client{Address: "192.0.2.1", UserAgent: "Firefox"}}
}

// CredentialsOf are what somebody in a [Staffed] world signs in with.
func CredentialsOf(email string) signin.Credentials {
	return signin.Credentials{Email: email, Password: "password of " + email, Client: Desk}
}

// Staffed returns a world in which people administer others.
func Staffed(t testing.TB) *World {
	t.Helper()
	user := func(id int64, email string) auth.User {
		return auth.User{ID: id, Email: email, Password: "current$password of " + email, IsActive: true, DateJoined: Noon}
	}
	root, sam, ali, asleep := user(RootID, "root@example.com"), user(SamID, "sam@example.com"), user(AliceID, "alice@example.com"), user(AsleepID, "asleep@example.com")
	root.IsStaff, root.IsSuperuser = true, true
	sam.IsStaff = true
	asleep.IsSuperuser, asleep.IsActive = true, false
	w := New(t, root, sam, ali, asleep)
	for _, model := range []auth.Model{auth.GroupModel, auth.SessionModel, auth.UserModel} {
		for _, verb := range []auth.Verb{auth.Add, auth.Change, auth.Delete, auth.View} {
			w.Store.PermissionRows = append(w.Store.PermissionRows, auth.Permission{
				ID: int64(len(w.Store.PermissionRows) + 1), Model: model, Code: string(verb) + "_" + model.Name,
			})
		}
	}
	w.Store.GroupRows = []auth.Group{
		{ID: SupportID, Name: "support", Permissions: w.IDs("users.change_user", "users.view_user")},
		{ID: AdminsID, Name: "admins", Permissions: w.IDs("users.change_user", "users.delete_user", "users.view_user")},
	}
	return w
}

// IDs returns those of permissions.
func (w *World) IDs(names ...auth.PermissionName) []int64 {
	ids := []int64{}
	for _, p := range w.Store.PermissionRows {
		if slices.Contains(names, p.Name()) {
			ids = append(ids, p.ID)
		}
	}
	if len(ids) != len(names) {
		panic(fmt.Sprint("there is no such permission among ", names))
	}
	return ids
}

// Permit gives a user these permissions and no others.
func (w *World) Permit(userID int64, names ...auth.PermissionName) {
	w.Store.UserPermissions[userID] = w.IDs(names...)
}

// MustSignInAdmin signs somebody in to the admin site, and returns the secret.
func (w *World) MustSignInAdmin(t testing.TB, email string) string {
	t.Helper()
	grant, err := w.LoginAdmin(t.Context(), CredentialsOf(email))
	if err != nil {
		t.Fatal(err)
	}
	return grant.Secret
}

// MustBeAdmin returns who a secret speaks for.
func (w *World) MustBeAdmin(t testing.TB, secret string) *auth.Principal {
	t.Helper()
	by, err := w.AuthenticateAdmin(t.Context(), secret, Desk)
	if err != nil {
		t.Fatal(err)
	}
	return by
}

// MustLogin signs somebody in to the API.
func (w *World) MustLogin(t testing.TB, in signin.Credentials) auth.TokenGrant {
	t.Helper()
	grant, err := w.Login(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return grant
}
