package auth

import (
	"strings"
	"testing"
	"time"
)

func demote(f *UserForm)     { f.IsSuperuser = false }
func deactivate(f *UserForm) { f.IsActive = false }

func TestTheLastActiveSuperuserStaysOne(t *testing.T) {
	t.Parallel()
	channels := map[string]func(t *testing.T, w *world) Actor{
		"by themselves":       func(t *testing.T, w *world) Actor { return w.staff(t, rootID) },
		"on the command line": func(*testing.T, *world) Actor { return CommandLine("test") },
		// Who was a superuser when their page was made, and is gone meanwhile.
		"by one who was a superuser": func(*testing.T, *world) Actor {
			return Actor{Channel: ChannelAdmin, UserID: 99, Name: "gone@example.com", Rights: Everything(), Confirmed: true}
		},
	}
	deeds := map[string]struct {
		do     deed
		fields string
	}{
		"is not demoted":                           {editing(rootID, demote), "is_superuser"},
		"is not demoted and made inactive":         {editing(rootID, func(f *UserForm) { demote(f); deactivate(f) }), "is_superuser"},
		"is not made inactive":                     {editing(rootID, deactivate), "is_active"},
		"is not made inactive from the list":       {activating(false, rootID), "is_active"},
		"is not made inactive with others":         {activating(false, aliceID, samID, rootID), "is_active"},
		"is not demoted by a word":                 {promoting(rootID, false), "is_superuser"},
		"is not deleted":                           {deleting(rootID), "is_superuser"},
		"is not deleted with others":               {deleting(aliceID, rootID), "is_superuser"},
		"is not locked out without a password":     {settingPassword(rootID, nil), "is_superuser"},
		"is not locked out as no member of staff":  {editing(rootID, func(f *UserForm) { f.IsStaff = false }), "is_staff"},
		"is not made inactive with a sleeping one": {activating(false, asleepID, rootID), "is_active"},
	}
	for channel, actor := range channels {
		for name, test := range deeds {
			t.Run(name+" "+channel, func(t *testing.T) {
				t.Parallel()
				w := office(t)
				for _, id := range []int64{rootID, aliceID} {
					w.session(id, "session of "+w.store.user(id).Email)
				}
				by, want := actor(t, w), CodeInvalid
				if by.UserID == rootID && test.fields == "is_superuser" && (name == "is not deleted" || name == "is not deleted with others") {
					want, test.fields = CodeConflict, "" // nobody deletes themselves
				}
				refusal := w.mustChangeNothing(t, want, func() error { return test.do(t, w, by) })
				if fieldsOf(refusal) != test.fields {
					t.Errorf("finds fault with %q, want %q", fieldsOf(refusal), test.fields)
				}
			})
		}
	}
}

func TestOfTwoSuperusersOneMayGoAndNotBoth(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ one, other, both deed }{
		"demoted":       {promoting(rootID, false), promoting(samID, false), nil},
		"made inactive": {activating(false, rootID), activating(false, samID), activating(false, rootID, samID)},
		"deleted":       {deleting(rootID), deleting(samID), deleting(samID, rootID)},
		"edited":        {editing(rootID, deactivate), editing(samID, demote), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			by := CommandLine("test")
			if err := promoting(samID, true)(t, w, by); err != nil {
				t.Fatal(err)
			}
			if test.both != nil {
				w.mustChangeNothing(t, CodeInvalid, func() error { return test.both(t, w, by) })
			}
			if err := test.one(t, w, by); err != nil {
				t.Fatal(err)
			}
			w.mustChangeNothing(t, CodeInvalid, func() error { return test.other(t, w, by) })
		})
	}
}

func TestWhatTheLastSuperuserMayBeDone(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]deed{
		"renamed":                          editing(rootID, func(f *UserForm) { f.FirstName, f.Email = "Ruth", "ruth@example.com" }),
		"given a password":                 settingPassword(rootID, new("correct horse")),
		"signed out":                       endingSessions(rootID),
		"outlived by nobody who is asleep": deleting(asleepID),
		"put into a group":                 editing(rootID, func(f *UserForm) { f.Groups = []int64{supportID} }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			if err := do(t, w, w.staff(t, rootID)); err != nil {
				t.Error(err)
			}
		})
	}
}

// limited is what sam may do in the tests of what nobody may grant.
var limited = []PermissionName{
	"users.add_user", "users.change_user", "users.view_user", "auth.add_group", "auth.change_group", "auth.delete_group", "auth.view_group",
	"sessions.delete_session", "sessions.view_session",
}

func TestNobodyGrantsWhatTheyMayNotDo(t *testing.T) {
	t.Parallel()
	super := func(f *UserForm) { f.IsSuperuser = true }
	mayDelete := func(w *world) func(f *UserForm) {
		return func(f *UserForm) { f.Permissions = append(f.Permissions, w.ids("users.delete_user")...) }
	}
	join := func(f *UserForm) { f.Groups = append(f.Groups, adminsID) }
	for name, test := range map[string]struct {
		do     func(w *world) deed
		fields string
	}{
		"themselves, by being a superuser":    {func(*world) deed { return editing(samID, super) }, "is_superuser"},
		"themselves, by a permission":         {func(w *world) deed { return editing(samID, mayDelete(w)) }, "permissions"},
		"themselves, by a group":              {func(*world) deed { return editing(samID, join) }, "groups"},
		"themselves, by everything at once":   {func(w *world) deed { return editing(samID, func(f *UserForm) { super(f); join(f); mayDelete(w)(f) }) }, "is_superuser groups permissions"},
		"themselves, by a word":               {func(*world) deed { return promoting(samID, true) }, "is_superuser"},
		"another, by being a superuser":       {func(*world) deed { return editing(aliceID, super) }, "is_superuser"},
		"another, by a permission":            {func(w *world) deed { return editing(aliceID, mayDelete(w)) }, "permissions"},
		"another, by a group":                 {func(*world) deed { return editing(aliceID, join) }, "groups"},
		"another, by a word":                  {func(*world) deed { return promoting(aliceID, true) }, "is_superuser"},
		"a new account, by being a superuser": {func(*world) deed { return adding(super) }, "is_superuser"},
		"a new account, by a permission":      {func(w *world) deed { return adding(mayDelete(w)) }, "permissions"},
		"a new account, by a group":           {func(*world) deed { return adding(join) }, "groups"},
		"a new group":                         {func(*world) deed { return addingGroup("new", "users.delete_user") }, "permissions"},
		"a group that they are in": {func(*world) deed {
			return editingGroup(supportID, "support", "users.change_user", "users.view_user", "users.delete_user")
		}, "permissions"},
		"another, by a group that is not there":      {func(*world) deed { return editing(aliceID, func(f *UserForm) { f.Groups = []int64{4711} }) }, "groups"},
		"another, by a permission that is not there": {func(*world) deed { return editing(aliceID, func(f *UserForm) { f.Permissions = []int64{4711} }) }, "permissions"},
		"a new group, by a permission that is no more": {func(*world) deed {
			return func(t *testing.T, w *world, by Actor) error {
				_, err := w.AddGroup(t.Context(), by, GroupForm{Name: "x", Permissions: []int64{4711}})
				return err
			}
		}, "permissions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			w.may(samID, limited...)
			w.store.userGroups[samID] = []int64{supportID}
			refusal := w.mustChangeNothing(t, CodeInvalid, func() error { return test.do(w)(t, w, w.staff(t, samID)) })
			if fieldsOf(refusal) != test.fields {
				t.Errorf("finds fault with %q, want %q", fieldsOf(refusal), test.fields)
			}
		})
	}
}

func TestASuperuserGrantsNothingThatIsNotThere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do     deed
		fields string
	}{
		"a group":                       {editing(aliceID, func(f *UserForm) { f.Groups = []int64{4711} }), "groups"},
		"a permission, and a group":     {editing(aliceID, func(f *UserForm) { f.Groups, f.Permissions = []int64{4711}, []int64{4711} }), "groups permissions"},
		"a permission to a new account": {adding(func(f *UserForm) { f.Permissions = []int64{1, 4711} }), "permissions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			refusal := w.mustChangeNothing(t, CodeInvalid, func() error { return test.do(t, w, w.staff(t, rootID)) })
			if fieldsOf(refusal) != test.fields {
				t.Errorf("finds fault with %q, want %q", fieldsOf(refusal), test.fields)
			}
		})
	}
}

func TestWhatOneMayDoOneMayGrant(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(w *world) deed{
		"a permission": func(w *world) deed {
			return editing(aliceID, func(f *UserForm) { f.Permissions = w.ids("users.view_user") })
		},
		"a group":        func(*world) deed { return editing(aliceID, func(f *UserForm) { f.Groups = []int64{supportID} }) },
		"being staff":    func(*world) deed { return editing(aliceID, func(f *UserForm) { f.IsStaff = true }) },
		"a new account":  func(*world) deed { return adding(func(f *UserForm) { f.Groups = []int64{supportID} }) },
		"a new group":    func(*world) deed { return addingGroup("new", "users.view_user") },
		"a known group":  func(*world) deed { return editingGroup(supportID, "support", "users.view_user", "auth.view_group") },
		"fewer of one's": func(*world) deed { return editing(samID, func(f *UserForm) { f.Permissions = nil }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			w.may(samID, limited...)
			if err := do(w)(t, w, w.staff(t, samID)); err != nil {
				t.Error(err)
			}
		})
	}
}

// What somebody has already is not granted by who changes something else: not even
// when it was granted to themselves a moment ago.
func TestAnAccountKeepsWhatWasGrantedBefore(t *testing.T) {
	t.Parallel()
	w := office(t)
	w.may(samID, limited...)
	by := w.staff(t, samID)
	w.store.userGroups[samID] = []int64{adminsID}
	w.may(samID, append([]PermissionName{"sessions.add_session"}, limited...)...)
	if err := w.edit(t, by, samID, func(f *UserForm) { f.FirstName = "Samuel" }); err != nil {
		t.Error(err)
	}
}

// touching are all the ways to touch an account. Setting its password would be a way
// to what it may do.
func touching(id int64) map[string]deed {
	return map[string]deed{
		"edited":             editing(id, func(f *UserForm) { f.FirstName = "Other" }),
		"made inactive":      activating(false, id),
		"given a password":   settingPassword(id, new("correct horse")),
		"left without one":   settingPassword(id, nil),
		"deleted":            deleting(id),
		"deleted among some": deleting(aliceID, id),
		"signed out":         endingSessions(id),
		"out of a session":   endingSession("the session"),
		"demoted":            promoting(id, false),
	}
}

func TestNobodyTouchesAnAccountThatMayDoMore(t *testing.T) {
	t.Parallel()
	for kind, arrange := range map[string]func(w *world){
		"a superuser":                  func(w *world) { w.store.user(5).IsSuperuser = true },
		"a superuser who is asleep":    func(w *world) { w.store.user(5).IsSuperuser, w.store.user(5).IsActive = true, false },
		"who has a permission more":    func(w *world) { w.may(5, "users.delete_user", "auth.delete_group") },
		"who is in a group that has":   func(w *world) { w.store.userGroups[5] = []int64{adminsID} },
		"who has it and is not active": func(w *world) { w.may(5, "auth.delete_group"); w.store.user(5).IsActive = false },
	} {
		for name, do := range touching(5) {
			t.Run(kind+" is not "+name, func(t *testing.T) {
				t.Parallel()
				w := office(t)
				w.store.users = append(w.store.users, User{ID: 5, Email: "bob@example.com", Password: "current$x", IsActive: true, IsStaff: true})
				w.session(5, "the session")
				w.may(samID, "users.change_user", "users.view_user", "sessions.delete_session")
				arrange(w)
				by := w.staff(t, samID)
				// The verb itself is permitted: it is the account that is not theirs.
				if name == "deleted" || name == "deleted among some" {
					w.may(samID, "users.change_user", "users.view_user", "users.delete_user", "sessions.delete_session")
					by = w.staff(t, samID)
					w.may(5, "auth.delete_group")
				}
				if name == "made inactive" && !w.store.user(5).IsActive {
					do = activating(true, 5)
				}
				w.mustChangeNothing(t, CodeForbidden, func() error { return do(t, w, by) })
				if err := do(t, w, CommandLine("test")); err != nil {
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
			w := office(t)
			w.store.users = append(w.store.users, User{ID: 5, Email: "bob@example.com", Password: "current$x", IsActive: true, IsStaff: true})
			w.session(5, "the session")
			w.may(samID, append([]PermissionName{"users.delete_user"}, limited...)...)
			w.store.userGroups[5] = []int64{supportID}
			if err := do(t, w, w.staff(t, samID)); err != nil {
				t.Error(err)
			}
		})
	}
}

// verbs are which permissions each thing takes, for who is no superuser.
var verbs = map[string]struct {
	do    deed
	takes []PermissionName
}{
	"adding a user":          {adding(func(*UserForm) {}), []PermissionName{"users.add_user", "users.change_user"}},
	"editing a user":         {editing(aliceID, func(f *UserForm) { f.FirstName = "A" }), []PermissionName{"users.change_user"}},
	"making users inactive":  {activating(false, aliceID), []PermissionName{"users.change_user"}},
	"demoting a user":        {promoting(aliceID, false), []PermissionName{"users.change_user"}},
	"setting a password":     {settingPassword(aliceID, new("correct horse")), []PermissionName{"users.change_user"}},
	"deleting users":         {deleting(aliceID), []PermissionName{"users.delete_user"}},
	"ending users' sessions": {endingSessions(aliceID), []PermissionName{"sessions.delete_session"}},
	"ending a session":       {endingSession("the session"), []PermissionName{"sessions.delete_session"}},
	"adding a group":         {addingGroup("new"), []PermissionName{"auth.add_group"}},
	"editing a group":        {editingGroup(supportID, "new"), []PermissionName{"auth.change_group"}},
	"deleting groups":        {deletingGroups(supportID), []PermissionName{"auth.delete_group"}},
}

func TestEverythingTakesItsPermission(t *testing.T) {
	t.Parallel()
	for name, test := range verbs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			w.session(aliceID, "the session")
			w.store.groups[0].Permissions = nil // a group's permissions would be needed too
			for _, missing := range test.takes {
				var others []PermissionName
				for _, p := range w.store.permissions {
					if p.Name() != missing {
						others = append(others, p.Name())
					}
				}
				by := Actor{Channel: ChannelAdmin, UserID: samID, Rights: Holding(others...), Confirmed: true}
				refusal := w.mustChangeNothing(t, CodeForbidden, func() error { return test.do(t, w, by) })
				if want := "It takes " + string(missing) + "."; refusal.Detail != "You have no permission to do this. "+want {
					t.Errorf("says %q, want %q", refusal.Detail, want)
				}
			}
			w.mustChangeNothing(t, CodeForbidden, func() error { return test.do(t, w, Actor{Channel: ChannelAdmin, UserID: samID, Confirmed: true}) })
			if err := test.do(t, w, Actor{Channel: ChannelAdmin, UserID: samID, Rights: Holding(test.takes...), Confirmed: true}); err != nil {
				t.Errorf("with %v: %v", test.takes, err)
			}
		})
	}
}

func TestWhatIsDangerousAsksForThePasswordAgain(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]deed{
		"making somebody staff":           editing(aliceID, func(f *UserForm) { f.IsStaff = true }),
		"making somebody a superuser":     editing(aliceID, func(f *UserForm) { f.IsSuperuser = true }),
		"making somebody neither":         editing(samID, func(f *UserForm) { f.IsStaff = false }),
		"promoting":                       promoting(aliceID, true),
		"giving another address":          editing(aliceID, func(f *UserForm) { f.Email = "alicia@example.com" }),
		"putting somebody into a group":   editing(aliceID, func(f *UserForm) { f.Groups = []int64{supportID} }),
		"permitting something":            editing(aliceID, func(f *UserForm) { f.Permissions = []int64{1} }),
		"making somebody inactive":        editing(aliceID, deactivate),
		"making some inactive":            activating(false, samID, aliceID),
		"setting a password":              settingPassword(aliceID, new("correct horse")),
		"making a password unusable":      settingPassword(aliceID, nil),
		"deleting users":                  deleting(aliceID),
		"deleting groups":                 deletingGroups(supportID),
		"ending sessions of others":       endingSessions(aliceID),
		"ending one's own and others'":    endingSessions(rootID, aliceID),
		"ending another's session":        endingSession("alice's"),
		"adding a member of staff":        adding(func(f *UserForm) { f.IsStaff = true }),
		"adding somebody to a group":      adding(func(f *UserForm) { f.Groups = []int64{supportID} }),
		"adding a group that may do this": addingGroup("new", "users.view_user"),
		"permitting a group something":    editingGroup(supportID, "support", "users.view_user", "auth.view_group"),
		"permitting a group less":         editingGroup(supportID, "support"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			w.session(aliceID, "alice's")
			w.session(rootID, "root's")
			by := w.staff(t, rootID)
			by.Confirmed = false
			w.mustChangeNothing(t, CodeConfirmationRequired, func() error { return do(t, w, by) })
			by.Confirmed = true
			if err := do(t, w, by); err != nil {
				t.Errorf("with the password: %v", err)
			}
		})
	}
}

func TestWhatIsNotDangerousAsksForNoPassword(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]deed{
		"renaming":                 editing(aliceID, func(f *UserForm) { f.FirstName, f.LastName = "Alicia", "Lyddell" }),
		"making active":            activating(true, asleepID),
		"making active again":      activating(true, aliceID),
		"adding a user":            adding(func(*UserForm) {}),
		"adding an inactive one":   adding(deactivate),
		"adding a group":           addingGroup("new"),
		"renaming a group":         editingGroup(supportID, "first level", "users.change_user", "users.view_user"),
		"ending one's own":         endingSessions(rootID),
		"ending one of one's own":  endingSession("root's"),
		"saving what is unchanged": editing(aliceID, func(*UserForm) {}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			w.session(rootID, "root's")
			by := w.staff(t, rootID)
			by.Confirmed = false
			if err := do(t, w, by); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRights(t *testing.T) {
	t.Parallel()
	none, some, all := Rights{}, Holding("users.change_user", "auth.view_group"), Everything()
	if none.Has("users.change_user") || !some.Has("users.change_user") || some.Has("users.view_user") || !all.Has("anything.at_all") {
		t.Error("rights have what they have not, or the other way round")
	}
	// Who may change something may view it, as in Django's admin.
	if !some.Any(UserModel, View) || !some.Any(GroupModel, Delete, View) || some.Any(GroupModel, Change, Delete) || some.Any(SessionModel, View) || none.Any(UserModel, View) {
		t.Error("what may be changed may be viewed, and nothing else")
	}
	for name, test := range map[string]struct {
		of, others Rights
		want       bool
	}{
		"everything includes everything":  {all, all, true},
		"everything includes some":        {all, some, true},
		"some includes nothing":           {some, none, true},
		"some includes itself":            {some, some, true},
		"some includes less":              {some, Holding("auth.view_group"), true},
		"some does not include another":   {some, Holding("auth.view_group", "auth.add_group"), false},
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
		if got := CommandLine(name); got.Name != want || got.Channel != ChannelCLI || got.UserID != 0 || !got.Confirmed || !got.Rights.Include(Everything()) {
			t.Errorf("%q is %+v", name, got)
		}
	}
	long := CommandLine(strings.Repeat("ä", 300))
	if len([]rune(long.Name)) != MaxEmailLength {
		t.Errorf("a long name has %d characters", len([]rune(long.Name)))
	}
}

func TestWhenASessionIsOver(t *testing.T) {
	t.Parallel()
	open := Session{ExpiresAt: noon}
	ended := Session{ExpiresAt: noon.Add(time.Hour), RevokedAt: &noon}
	if open.IsOver(noon.Add(-1)) || !open.IsOver(noon) || !ended.IsOver(noon.Add(-time.Hour)) {
		t.Error("a session is over too soon, or too late")
	}
}
