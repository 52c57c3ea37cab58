package accounts_test

import (
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
)

// reads are what can be read, and the permissions of which any one is enough.
var reads = map[string]struct {
	do     func(t *testing.T, w *world, by *auth.Principal) error
	enough []auth.PermissionName
}{
	"users are listed": {func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.ListUsers(t.Context(), by, auth.ListParams{})
		return err
	}, []auth.PermissionName{"users.view_user", "users.change_user"}},
	"users are read one by one": {func(t *testing.T, w *world, by *auth.Principal) error {
		return w.EachUser(t.Context(), by, auth.ListParams{}, func(auth.User) error { return nil })
	}, []auth.PermissionName{"users.view_user", "users.change_user"}},
	"a user is read": {func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.User(t.Context(), by, authtest.AliceID)
		return err
	}, []auth.PermissionName{"users.view_user", "users.change_user", "users.delete_user"}},
	"a user is found": {func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.FindUser(t.Context(), by, "alice@example.com")
		return err
	}, []auth.PermissionName{"users.view_user", "users.change_user"}},
	"what is a user's is counted": {func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.RelatedRows(t.Context(), by, []int64{authtest.AliceID})
		return err
	}, []auth.PermissionName{"users.delete_user"}},
	"groups are listed": {func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.ListGroups(t.Context(), by, auth.ListParams{})
		return err
	}, []auth.PermissionName{"auth.view_group", "auth.change_group"}},
	"a group is read": {func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.Group(t.Context(), by, authtest.SupportID)
		return err
	}, []auth.PermissionName{"auth.view_group", "auth.change_group", "auth.delete_group"}},
	"all groups are named": {func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.Groups(t.Context(), by)
		return err
	}, []auth.PermissionName{
		"users.view_user", "users.change_user", "users.add_user", "auth.view_group", "auth.change_group", "auth.add_group",
	}},
	"all permissions are named": {func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.Permissions(t.Context(), by)
		return err
	}, []auth.PermissionName{
		"users.view_user", "users.change_user", "users.add_user", "auth.view_group", "auth.change_group", "auth.add_group",
	}},
	"sessions are listed": {func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.ListSessions(t.Context(), by, auth.ListParams{})
		return err
	}, []auth.PermissionName{"sessions.view_session", "sessions.change_session"}},
	"a session is read": {func(t *testing.T, w *world, by *auth.Principal) error {
		_, err := w.Session(t.Context(), by, "alice's")
		return err
	}, []auth.PermissionName{"sessions.view_session", "sessions.change_session", "sessions.delete_session"}},
}

// api returns a user as the API knows them: their permissions have not been read.
func (w *world) api(t *testing.T, email string) *auth.Principal {
	t.Helper()
	by, err := w.Authenticate(t.Context(), w.MustLogin(t, authtest.CredentialsOf(email)).AccessToken, authtest.Desk)
	if err != nil {
		t.Fatal(err)
	}
	return by
}

// Who may see what is decided here, whoever asks: a page, the API or a command.
func TestReadingTakesAPermission(t *testing.T) {
	t.Parallel()
	channels := map[string]func(t *testing.T, w *world) *auth.Principal{
		"on the admin site": func(t *testing.T, w *world) *auth.Principal { return w.admin(t, authtest.SamID) },
		"by the API":        func(t *testing.T, w *world) *auth.Principal { return w.api(t, "sam@example.com") },
	}
	for name, test := range reads {
		for channel, principal := range channels {
			t.Run(name+" "+channel, func(t *testing.T) {
				t.Parallel()
				w := staffed(t)
				w.session(authtest.AliceID, "alice's")
				allowed := map[auth.PermissionName]bool{}
				for _, p := range test.enough {
					allowed[p] = true
				}
				for _, p := range w.Store.PermissionRows {
					w.Permit(authtest.SamID, p.Name())
					err := test.do(t, w, principal(t, w))
					switch code := auth.ErrorCode(err); {
					case allowed[p.Name()] && err != nil:
						t.Errorf("with %s: %v", p.Name(), err)
					case !allowed[p.Name()] && code != auth.CodeForbidden:
						t.Errorf("with %s: %v, want forbidden", p.Name(), err)
					}
				}
				w.Permit(authtest.SamID)
				if err := test.do(t, w, principal(t, w)); auth.ErrorCode(err) != auth.CodeForbidden {
					t.Errorf("with nothing: %v", err)
				}
			})
		}
	}
}

// A user of the API changes others by the same rules, and is looked at again in the
// transaction: what they have lost since their request began does not count.
func TestAChangeByTheAPI(t *testing.T) {
	t.Parallel()
	rename := editing(authtest.AliceID, func(f *accounts.UserForm) { f.FirstName = "Alicia" })
	for name, test := range map[string]struct {
		permitted []auth.PermissionName
		meanwhile func(w *world)
		want      auth.Code
	}{
		"without a permission":           {nil, nil, auth.CodeForbidden},
		"with the permission":            {[]auth.PermissionName{"users.change_user"}, nil, ""},
		"after the permission was taken": {[]auth.PermissionName{"users.change_user"}, func(w *world) { w.Permit(authtest.SamID) }, auth.CodeForbidden},
		"after a deactivation": {
			[]auth.PermissionName{"users.change_user"}, func(w *world) { w.Store.User(authtest.SamID).IsActive = false }, auth.CodeInvalidToken,
		},
		"after signing out": {[]auth.PermissionName{"users.change_user"}, func(w *world) { clear(w.Store.Sessions) }, auth.CodeInvalidToken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			w.Permit(authtest.SamID, test.permitted...)
			by := w.api(t, "sam@example.com")
			if test.meanwhile != nil {
				w.Store.OnChange = func() { test.meanwhile(w) }
			}
			if err := rename(t, w, by); auth.ErrorCode(err) != test.want || (err == nil) != (test.want == "") {
				t.Errorf("answers %v, want %q", err, test.want)
			}
			if changed := w.Store.User(authtest.AliceID).FirstName == "Alicia"; changed != (test.want == "") {
				t.Errorf("changed: %v", changed)
			}
		})
	}
}

// Nobody is taken for the machine itself because their session was forgotten.
func TestAPrincipalOfAChannelWithSessionsNeedsOne(t *testing.T) {
	t.Parallel()
	for _, channel := range []auth.Channel{auth.ChannelAPI, auth.ChannelAdmin, ""} {
		w := staffed(t)
		by := &auth.Principal{Channel: channel, User: *w.Store.User(authtest.RootID), Rights: auth.Everything()}
		if by.IsConfirmed(authtest.Noon) {
			t.Errorf("%q: is confirmed", channel)
		}
		w.MustChangeNothing(t, auth.CodeInvalidToken, func() error {
			return w.edit(t, by, authtest.AliceID, func(f *accounts.UserForm) { f.FirstName = "x" })
		})
	}
}

// Being made active again revives no session, not even the one in which somebody has
// deactivated themselves.
func TestWhoDeactivatesThemselvesIsSignedOutToo(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.Permit(authtest.SamID, "users.change_user")
	by := w.admin(t, authtest.SamID)
	if err := activating(false, authtest.SamID)(t, w, by); err != nil {
		t.Fatal(err)
	}
	w.Store.User(authtest.SamID).IsActive = true
	if w.goesOn(t, by) {
		t.Error("the session goes on")
	}
}

// An encoding that nothing can match lets nobody in, so its owner is no superuser who
// could help.
func TestASuperuserWithABrokenPasswordDoesNotCount(t *testing.T) {
	t.Parallel()
	for _, encoded := range []string{"", "broken$x", "!unusable"} {
		w := staffed(t)
		other := auth.User{ID: 5, Email: "other@example.com", Password: encoded, IsActive: true, IsStaff: true, IsSuperuser: true}
		w.Store.UserRows = append(w.Store.UserRows, other)
		w.MustChangeNothing(t, auth.CodeInvalid, func() error {
			return promoting(authtest.RootID, false)(t, w, auth.CommandLine("test"))
		})
	}
}

// Of two who change a password with the same old one, the later has proved nothing.
func TestAProofIsOfThePasswordThatIsChanged(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	by := w.api(t, "sam@example.com")
	w.Store.OnChange = func() {
		w.Store.OnChange = nil
		w.Store.User(authtest.SamID).Password = "current$another"
		session := w.Store.Sessions[by.Session.ID]
		session.PasswordMark = auth.PasswordMark("current$another") // by a change in this very session
		w.Store.Sessions[session.ID] = session
	}
	err := w.ChangeOwnPassword(t.Context(), by, auth.PasswordProof("password of sam@example.com"), "correct horse")
	if auth.ErrorCode(err) != auth.CodeInvalid || w.Store.User(authtest.SamID).Password == "current$correct horse" {
		t.Errorf("answers %v, and the password is %s", err, w.Store.User(authtest.SamID).Password)
	}
}

func TestASuperuserIsMadeByASuperuserAlone(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.Permit(authtest.SamID, "users.add_user", "users.change_user")
	for _, by := range []*auth.Principal{w.admin(t, authtest.SamID), w.api(t, "sam@example.com")} {
		w.MustChangeNothing(t, auth.CodeForbidden, func() error {
			_, err := w.CreateSuperuser(t.Context(), by, first)
			return err
		})
	}
	root := w.api(t, "root@example.com")
	w.confirmed(root, nil)
	w.MustChangeNothing(t, auth.CodeConfirmationRequired, func() error {
		_, err := w.CreateSuperuser(t.Context(), root, first)
		return err
	})
	another := first
	another.Email = "another@example.com"
	if _, err := w.CreateSuperuser(t.Context(), w.api(t, "root@example.com"), another); err != nil {
		t.Error(err)
	}
}
