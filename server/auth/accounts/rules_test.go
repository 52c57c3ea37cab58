package accounts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
)

func demote(f *accounts.UserForm)     { f.IsSuperuser = false }
func deactivate(f *accounts.UserForm) { f.IsActive = false }

func TestTheLastActiveSuperuserStaysOne(t *testing.T) {
	t.Parallel()
	channels := map[string]func(t *testing.T, w *world) *auth.Principal{
		"by themselves":       func(t *testing.T, w *world) *auth.Principal { return w.admin(t, authtest.RootID) },
		"on the command line": func(*testing.T, *world) *auth.Principal { return auth.CommandLine("test") },
		// Who was a superuser when their page was made, and is gone meanwhile.
		"by one who was a superuser": func(*testing.T, *world) *auth.Principal {
			by := auth.Background("a job")
			by.User.ID = 99
			return by
		},
	}
	operations := map[string]struct {
		do     operation
		fields string
	}{
		"is not demoted":                           {editing(authtest.RootID, demote), "is_superuser"},
		"is not demoted and made inactive":         {editing(authtest.RootID, func(f *accounts.UserForm) { demote(f); deactivate(f) }), "is_superuser"},
		"is not made inactive":                     {editing(authtest.RootID, deactivate), "is_active"},
		"is not made inactive from the list":       {activating(false, authtest.RootID), "is_active"},
		"is not made inactive with others":         {activating(false, authtest.AliceID, authtest.SamID, authtest.RootID), "is_active"},
		"is not demoted by a word":                 {promoting(authtest.RootID, false), "is_superuser"},
		"is not deleted":                           {deleting(authtest.RootID), "is_superuser"},
		"is not deleted with others":               {deleting(authtest.AliceID, authtest.RootID), "is_superuser"},
		"is not locked out without a password":     {settingPassword(authtest.RootID, nil), "password"},
		"is not locked out as no member of staff":  {editing(authtest.RootID, func(f *accounts.UserForm) { f.IsStaff = false }), "is_staff"},
		"is not made inactive with a sleeping one": {activating(false, authtest.AsleepID, authtest.RootID), "is_active"},
	}
	for channel, actor := range channels {
		for name, test := range operations {
			t.Run(name+" "+channel, func(t *testing.T) {
				t.Parallel()
				w := staffed(t)
				for _, id := range []int64{authtest.RootID, authtest.AliceID} {
					w.session(id, "session of "+w.Store.User(id).Email)
				}
				by, want := actor(t, w), auth.CodeInvalid
				if by.User.ID == authtest.RootID && test.fields == "is_superuser" && (name == "is not deleted" || name == "is not deleted with others") {
					want, test.fields = auth.CodeConflict, "" // nobody deletes themselves
				}
				refusal := w.MustChangeNothing(t, want, func() error { return test.do(t, w, by) })
				if authtest.FieldsOf(refusal) != test.fields {
					t.Errorf("finds fault with %q, want %q", authtest.FieldsOf(refusal), test.fields)
				}
			})
		}
	}
}

func TestOfTwoSuperusersOneMayGoAndNotBoth(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ one, other, both operation }{
		"demoted":       {promoting(authtest.RootID, false), promoting(authtest.SamID, false), nil},
		"made inactive": {activating(false, authtest.RootID), activating(false, authtest.SamID), activating(false, authtest.RootID, authtest.SamID)},
		"deleted":       {deleting(authtest.RootID), deleting(authtest.SamID), deleting(authtest.SamID, authtest.RootID)},
		"edited":        {editing(authtest.RootID, deactivate), editing(authtest.SamID, demote), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			by := auth.CommandLine("test")
			if err := promoting(authtest.SamID, true)(t, w, by); err != nil {
				t.Fatal(err)
			}
			if test.both != nil {
				w.MustChangeNothing(t, auth.CodeInvalid, func() error { return test.both(t, w, by) })
			}
			if err := test.one(t, w, by); err != nil {
				t.Fatal(err)
			}
			w.MustChangeNothing(t, auth.CodeInvalid, func() error { return test.other(t, w, by) })
		})
	}
}

func TestWhatTheLastSuperuserMayBeDone(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]operation{
		"renamed":                          editing(authtest.RootID, func(f *accounts.UserForm) { f.FirstName, f.Email = "Ruth", "ruth@example.com" }),
		"given a password":                 settingPassword(authtest.RootID, new("correct horse")),
		"signed out":                       endingSessions(authtest.RootID),
		"outlived by nobody who is asleep": deleting(authtest.AsleepID),
		"put into a group":                 editing(authtest.RootID, func(f *accounts.UserForm) { f.Groups = []int64{authtest.SupportID} }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			if err := do(t, w, w.admin(t, authtest.RootID)); err != nil {
				t.Error(err)
			}
		})
	}
}

// limited is what sam may do in the tests of what nobody may grant.
var limited = []auth.PermissionName{
	"users.add_user", "users.change_user", "users.view_user", "auth.add_group", "auth.change_group", "auth.delete_group", "auth.view_group",
	"sessions.delete_session", "sessions.view_session",
}

func TestNobodyGrantsWhatTheyMayNotDo(t *testing.T) {
	t.Parallel()
	super := func(f *accounts.UserForm) { f.IsSuperuser = true }
	mayDelete := func(w *world) func(f *accounts.UserForm) {
		return func(f *accounts.UserForm) { f.Permissions = append(f.Permissions, w.IDs("users.delete_user")...) }
	}
	join := func(f *accounts.UserForm) { f.Groups = append(f.Groups, authtest.AdminsID) }
	for name, test := range map[string]struct {
		do     func(w *world) operation
		fields string
	}{
		"themselves, by being a superuser": {func(*world) operation { return editing(authtest.SamID, super) }, "is_superuser"},
		"themselves, by a permission":      {func(w *world) operation { return editing(authtest.SamID, mayDelete(w)) }, "permissions"},
		"themselves, by a group":           {func(*world) operation { return editing(authtest.SamID, join) }, "groups"},
		"themselves, by everything at once": {func(w *world) operation {
			return editing(authtest.SamID, func(f *accounts.UserForm) { super(f); join(f); mayDelete(w)(f) })
		}, "is_superuser groups permissions"},
		"themselves, by a word":               {func(*world) operation { return promoting(authtest.SamID, true) }, "is_superuser"},
		"another, by being a superuser":       {func(*world) operation { return editing(authtest.AliceID, super) }, "is_superuser"},
		"another, by a permission":            {func(w *world) operation { return editing(authtest.AliceID, mayDelete(w)) }, "permissions"},
		"another, by a group":                 {func(*world) operation { return editing(authtest.AliceID, join) }, "groups"},
		"another, by a word":                  {func(*world) operation { return promoting(authtest.AliceID, true) }, "is_superuser"},
		"a new account, by being a superuser": {func(*world) operation { return adding(super) }, "is_superuser"},
		"a new account, by a permission":      {func(w *world) operation { return adding(mayDelete(w)) }, "permissions"},
		"a new account, by a group":           {func(*world) operation { return adding(join) }, "groups"},
		"a new group":                         {func(*world) operation { return addingGroup("new", "users.delete_user") }, "permissions"},
		"a group that they are in": {func(*world) operation {
			return editingGroup(authtest.SupportID, "support", "users.change_user", "users.view_user", "users.delete_user")
		}, "permissions"},
		"another, by a group that is not there": {func(*world) operation {
			return editing(authtest.AliceID, func(f *accounts.UserForm) { f.Groups = []int64{4711} })
		}, "groups"},
		"another, by a permission that is not there": {func(*world) operation {
			return editing(authtest.AliceID, func(f *accounts.UserForm) { f.Permissions = []int64{4711} })
		}, "permissions"},
		"a new group, by a permission that is no more": {func(*world) operation {
			return func(t *testing.T, w *world, by *auth.Principal) error {
				_, err := w.CreateGroup(t.Context(), by, accounts.GroupForm{Name: "x", Permissions: []int64{4711}})
				return err
			}
		}, "permissions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			w.Permit(authtest.SamID, limited...)
			w.Store.UserGroups[authtest.SamID] = []int64{authtest.SupportID}
			refusal := w.MustChangeNothing(t, auth.CodeInvalid, func() error { return test.do(w)(t, w, w.admin(t, authtest.SamID)) })
			if authtest.FieldsOf(refusal) != test.fields {
				t.Errorf("finds fault with %q, want %q", authtest.FieldsOf(refusal), test.fields)
			}
		})
	}
}

func TestASuperuserGrantsNothingThatIsNotThere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do     operation
		fields string
	}{
		"a group":                       {editing(authtest.AliceID, func(f *accounts.UserForm) { f.Groups = []int64{4711} }), "groups"},
		"a permission, and a group":     {editing(authtest.AliceID, func(f *accounts.UserForm) { f.Groups, f.Permissions = []int64{4711}, []int64{4711} }), "groups permissions"},
		"a permission to a new account": {adding(func(f *accounts.UserForm) { f.Permissions = []int64{1, 4711} }), "permissions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			refusal := w.MustChangeNothing(t, auth.CodeInvalid, func() error { return test.do(t, w, w.admin(t, authtest.RootID)) })
			if authtest.FieldsOf(refusal) != test.fields {
				t.Errorf("finds fault with %q, want %q", authtest.FieldsOf(refusal), test.fields)
			}
		})
	}
}

func TestWhatOneMayDoOneMayGrant(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(w *world) operation{
		"a permission": func(w *world) operation {
			return editing(authtest.AliceID, func(f *accounts.UserForm) { f.Permissions = w.IDs("users.view_user") })
		},
		"a group": func(*world) operation {
			return editing(authtest.AliceID, func(f *accounts.UserForm) { f.Groups = []int64{authtest.SupportID} })
		},
		"being staff": func(*world) operation {
			return editing(authtest.AliceID, func(f *accounts.UserForm) { f.IsStaff = true })
		},
		"a new account": func(*world) operation {
			return adding(func(f *accounts.UserForm) { f.Groups = []int64{authtest.SupportID} })
		},
		"a new group": func(*world) operation { return addingGroup("new", "users.view_user") },
		"a known group": func(*world) operation {
			return editingGroup(authtest.SupportID, "support", "users.view_user", "auth.view_group")
		},
		"fewer of one's": func(*world) operation {
			return editing(authtest.SamID, func(f *accounts.UserForm) { f.Permissions = nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			w.Permit(authtest.SamID, limited...)
			if err := do(w)(t, w, w.admin(t, authtest.SamID)); err != nil {
				t.Error(err)
			}
		})
	}
}

// What somebody has already is not granted by who changes something else: not even
// when it was granted to themselves a moment ago.
func TestAnAccountKeepsWhatWasGrantedBefore(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.Permit(authtest.SamID, limited...)
	by := w.admin(t, authtest.SamID)
	w.Store.UserGroups[authtest.SamID] = []int64{authtest.AdminsID}
	w.Permit(authtest.SamID, append([]auth.PermissionName{"sessions.add_session"}, limited...)...)
	if err := w.edit(t, by, authtest.SamID, func(f *accounts.UserForm) { f.FirstName = "Samuel" }); err != nil {
		t.Error(err)
	}
}

// touching are all the ways to touch an account. Setting its password would be a way
// to what it may do.
func touching(id int64) map[string]operation {
	return map[string]operation{
		"edited":             editing(id, func(f *accounts.UserForm) { f.FirstName = "Other" }),
		"made inactive":      activating(false, id),
		"given a password":   settingPassword(id, new("correct horse")),
		"left without one":   settingPassword(id, nil),
		"deleted":            deleting(id),
		"deleted among some": deleting(authtest.AliceID, id),
		"signed out":         endingSessions(id),
		"out of a session":   endingSession("the session"),
		"demoted":            promoting(id, false),
	}
}

func TestNobodyTouchesAnAccountThatMayDoMore(t *testing.T) {
	t.Parallel()
	for kind, arrange := range map[string]func(w *world){
		"a superuser":                  func(w *world) { w.Store.User(5).IsSuperuser = true },
		"a superuser who is asleep":    func(w *world) { w.Store.User(5).IsSuperuser, w.Store.User(5).IsActive = true, false },
		"who has a permission more":    func(w *world) { w.Permit(5, "users.delete_user", "auth.delete_group") },
		"who is in a group that has":   func(w *world) { w.Store.UserGroups[5] = []int64{authtest.AdminsID} },
		"who has it and is not active": func(w *world) { w.Permit(5, "auth.delete_group"); w.Store.User(5).IsActive = false },
	} {
		for name, do := range touching(5) {
			t.Run(kind+" is not "+name, func(t *testing.T) {
				t.Parallel()
				w := staffed(t)
				w.Store.UserRows = append(w.Store.UserRows, auth.User{ID: 5, Email: "bob@example.com", Password: "current$x", IsActive: true, IsStaff: true})
				w.session(5, "the session")
				w.Permit(authtest.SamID, "users.change_user", "users.view_user", "sessions.delete_session")
				arrange(w)
				by := w.admin(t, authtest.SamID)
				// The verb itself is permitted: it is the account that is not theirs.
				if name == "deleted" || name == "deleted among some" {
					w.Permit(authtest.SamID, "users.change_user", "users.view_user", "users.delete_user", "sessions.delete_session")
					by = w.admin(t, authtest.SamID)
					w.Permit(5, "auth.delete_group")
				}
				if name == "made inactive" && !w.Store.User(5).IsActive {
					do = activating(true, 5)
				}
				w.MustChangeNothing(t, auth.CodeForbidden, func() error { return do(t, w, by) })
				if err := do(t, w, auth.CommandLine("test")); err != nil {
					t.Errorf("and not on the command line either: %v", err)
				}
			})
		}
	}
}

func TestAnAccountThatMayDoLessIsTouched(t *testing.T) {
	t.Parallel()
	for name, do := range touching(5) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			w.Store.UserRows = append(w.Store.UserRows, auth.User{ID: 5, Email: "bob@example.com", Password: "current$x", IsActive: true, IsStaff: true})
			w.session(5, "the session")
			w.Permit(authtest.SamID, append([]auth.PermissionName{"users.delete_user"}, limited...)...)
			w.Store.UserGroups[5] = []int64{authtest.SupportID}
			if err := do(t, w, w.admin(t, authtest.SamID)); err != nil {
				t.Error(err)
			}
		})
	}
}

// verbs are which permissions each thing takes, for who is no superuser.
var verbs = map[string]struct {
	do    operation
	takes []auth.PermissionName
}{
	"adding a user":          {adding(func(*accounts.UserForm) {}), []auth.PermissionName{"users.add_user", "users.change_user"}},
	"editing a user":         {editing(authtest.AliceID, func(f *accounts.UserForm) { f.FirstName = "A" }), []auth.PermissionName{"users.change_user"}},
	"making users inactive":  {activating(false, authtest.AliceID), []auth.PermissionName{"users.change_user"}},
	"demoting a user":        {promoting(authtest.AliceID, false), []auth.PermissionName{"users.change_user"}},
	"setting a password":     {settingPassword(authtest.AliceID, new("correct horse")), []auth.PermissionName{"users.change_user"}},
	"deleting users":         {deleting(authtest.AliceID), []auth.PermissionName{"users.delete_user"}},
	"ending users' sessions": {endingSessions(authtest.AliceID), []auth.PermissionName{"sessions.delete_session"}},
	"ending a session":       {endingSession("the session"), []auth.PermissionName{"sessions.delete_session"}},
	"adding a group":         {addingGroup("new"), []auth.PermissionName{"auth.add_group"}},
	"editing a group":        {editingGroup(authtest.SupportID, "new"), []auth.PermissionName{"auth.change_group"}},
	"deleting groups":        {deletingGroups(authtest.SupportID), []auth.PermissionName{"auth.delete_group"}},
}

func TestEverythingTakesItsPermission(t *testing.T) {
	t.Parallel()
	for name, test := range verbs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			w.session(authtest.AliceID, "the session")
			w.Store.GroupRows[0].Permissions = nil // a group's permissions would be needed too
			for _, missing := range test.takes {
				var others []auth.PermissionName
				for _, p := range w.Store.PermissionRows {
					if p.Name() != missing {
						others = append(others, p.Name())
					}
				}
				w.Permit(authtest.SamID, others...)
				by := w.admin(t, authtest.SamID)
				refusal := w.MustChangeNothing(t, auth.CodeForbidden, func() error { return test.do(t, w, by) })
				if want := "It requires " + string(missing) + "."; refusal.Detail != "You do not have permission to do this. "+want {
					t.Errorf("says %q, want %q", refusal.Detail, want)
				}
			}
			w.Permit(authtest.SamID)
			w.MustChangeNothing(t, auth.CodeForbidden, func() error {
				return test.do(t, w, w.admin(t, authtest.SamID))
			})
			w.Permit(authtest.SamID, test.takes...)
			if err := test.do(t, w, w.admin(t, authtest.SamID)); err != nil {
				t.Errorf("with %v: %v", test.takes, err)
			}
		})
	}
}

// ASVS 7.5.1, 7.5.3
func TestWhatIsDangerousAsksForThePasswordAgain(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]operation{
		"making somebody staff":           editing(authtest.AliceID, func(f *accounts.UserForm) { f.IsStaff = true }),
		"making somebody a superuser":     editing(authtest.AliceID, func(f *accounts.UserForm) { f.IsSuperuser = true }),
		"making somebody neither":         editing(authtest.SamID, func(f *accounts.UserForm) { f.IsStaff = false }),
		"promoting":                       promoting(authtest.AliceID, true),
		"giving another address":          editing(authtest.AliceID, func(f *accounts.UserForm) { f.Email = "alicia@example.com" }),
		"putting somebody into a group":   editing(authtest.AliceID, func(f *accounts.UserForm) { f.Groups = []int64{authtest.SupportID} }),
		"permitting something":            editing(authtest.AliceID, func(f *accounts.UserForm) { f.Permissions = []int64{1} }),
		"making somebody inactive":        editing(authtest.AliceID, deactivate),
		"making some inactive":            activating(false, authtest.SamID, authtest.AliceID),
		"setting a password":              settingPassword(authtest.AliceID, new("correct horse")),
		"making a password unusable":      settingPassword(authtest.AliceID, nil),
		"deleting users":                  deleting(authtest.AliceID),
		"deleting groups":                 deletingGroups(authtest.SupportID),
		"ending sessions of others":       endingSessions(authtest.AliceID),
		"ending one's own and others'":    endingSessions(authtest.RootID, authtest.AliceID),
		"ending another's session":        endingSession("alice's"),
		"adding a member of staff":        adding(func(f *accounts.UserForm) { f.IsStaff = true }),
		"adding somebody to a group":      adding(func(f *accounts.UserForm) { f.Groups = []int64{authtest.SupportID} }),
		"adding a group that may do this": addingGroup("new", "users.view_user"),
		"permitting a group something":    editingGroup(authtest.SupportID, "support", "users.view_user", "auth.view_group"),
		"permitting a group less":         editingGroup(authtest.SupportID, "support"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			w.session(authtest.AliceID, "alice's")
			w.session(authtest.RootID, "root's")
			by := w.admin(t, authtest.RootID)
			w.confirmed(by, nil)
			w.MustChangeNothing(t, auth.CodeConfirmationRequired, func() error { return do(t, w, by) })
			just := w.Clock.At.Add(-auth.ConfirmedFor + time.Microsecond)
			w.confirmed(by, &just)
			if err := do(t, w, by); err != nil {
				t.Errorf("with the password: %v", err)
			}
		})
	}
}

func TestWhatIsNotDangerousAsksForNoPassword(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]operation{
		"renaming":                 editing(authtest.AliceID, func(f *accounts.UserForm) { f.FirstName, f.LastName = "Alicia", "Lyddell" }),
		"making active":            activating(true, authtest.AsleepID),
		"making active again":      activating(true, authtest.AliceID),
		"adding a user":            adding(func(*accounts.UserForm) {}),
		"adding an inactive one":   adding(deactivate),
		"adding a group":           addingGroup("new"),
		"renaming a group":         editingGroup(authtest.SupportID, "first level", "users.change_user", "users.view_user"),
		"ending one's own":         endingSessions(authtest.RootID),
		"ending one of one's own":  endingSession("root's"),
		"saving what is unchanged": editing(authtest.AliceID, func(*accounts.UserForm) {}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			w.session(authtest.RootID, "root's")
			by := w.admin(t, authtest.RootID)
			w.confirmed(by, nil)
			if err := do(t, w, by); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRights(t *testing.T) {
	t.Parallel()
	none, some, all := auth.Rights{}, auth.Holding("users.change_user", "auth.view_group"), auth.Everything()
	if none.Has("users.change_user") || !some.Has("users.change_user") || some.Has("users.view_user") || !all.Has("anything.at_all") {
		t.Error("rights have what they have not, or the other way round")
	}
	// Who may change something may view it, as in Django's admin.
	if !some.Any(auth.UserModel, auth.View) || !some.Any(auth.GroupModel, auth.Delete, auth.View) || some.Any(auth.GroupModel, auth.Change, auth.Delete) || some.Any(auth.SessionModel, auth.View) || none.Any(auth.UserModel, auth.View) {
		t.Error("what may be changed may be viewed, and nothing else")
	}
	for name, test := range map[string]struct {
		of, others auth.Rights
		want       bool
	}{
		"everything includes everything":  {all, all, true},
		"everything includes some":        {all, some, true},
		"some includes nothing":           {some, none, true},
		"some includes itself":            {some, some, true},
		"some includes less":              {some, auth.Holding("auth.view_group"), true},
		"some does not include another":   {some, auth.Holding("auth.view_group", "auth.add_group"), false},
		"some does not include all":       {some, all, false},
		"nothing does not include some":   {none, some, false},
		"nothing does not include all":    {none, all, false},
		"nothing includes nothing at all": {none, none, true},
	} {
		if got := test.of.Include(test.others); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := some.Permissions(); len(got) != 2 || got[0] != "auth.view_group" || got[1] != "users.change_user" {
		t.Errorf("held are %v", got)
	}
}

func TestWhoHasTheCommandLine(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"alice": "alice", "a\x00b": "ab", "\xff": "?", "": ""} {
		if got := auth.CommandLine(name); got.Name != want || got.Channel != auth.ChannelCLI || got.User.ID != 0 || !got.IsConfirmed(authtest.Noon) || !got.Rights.Include(auth.Everything()) {
			t.Errorf("%q is %+v", name, got)
		}
	}
	long := auth.CommandLine(strings.Repeat("ä", 300))
	if len([]rune(long.Name)) != auth.MaxEmailLength {
		t.Errorf("a long name has %d characters", len([]rune(long.Name)))
	}
}

func TestWhenASessionIsOver(t *testing.T) {
	t.Parallel()
	open := auth.Session{ExpiresAt: authtest.Noon}
	ended := auth.Session{ExpiresAt: authtest.Noon.Add(time.Hour), RevokedAt: &authtest.Noon}
	if open.IsOver(authtest.Noon.Add(-1)) || !open.IsOver(authtest.Noon) || !ended.IsOver(authtest.Noon.Add(-time.Hour)) {
		t.Error("a session is over too soon, or too late")
	}
}
