package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAddUser(t *testing.T) {
	t.Parallel()
	w := office(t)
	w.clock.advance(1500 * time.Nanosecond)
	form := UserForm{
		Email: " Bob@Example.com ", FirstName: " Bob ", LastName: "O'Brien", IsActive: true, IsStaff: true,
		Groups: []int64{adminsID, supportID, adminsID}, Permissions: w.ids("users.view_user"),
	}
	user, err := w.AddUser(t.Context(), w.staff(t, rootID), form, new("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	want := User{
		ID: 5, Email: "bob@example.com", Password: "current$correct horse", FirstName: "Bob", LastName: "O'Brien",
		IsActive: true, IsStaff: true, DateJoined: noon.Add(time.Microsecond),
	}
	if user != want || *w.store.user(5) != want {
		t.Errorf("made %+v\nwant %+v", user, want)
	}
	if account, err := w.store.Account(t.Context(), 5); err != nil || fmt.Sprint(account.Groups, account.Permissions) != fmt.Sprint([]int64{supportID, adminsID}, w.ids("users.view_user")) {
		t.Errorf("the account is %+v, %v", account, err)
	}
	const event = `root@example.com added user bob@example.com; email: "" → "bob@example.com"; first_name: "" → "Bob"; last_name: "" → "O'Brien"; ` +
		`is_active: "no" → "yes"; is_staff: "no" → "yes"; groups: "" → "support, admins"; permissions: "" → "users.view_user"` + "\n"
	if got := told(w.store.events); got != event {
		t.Errorf("the event is\n%swant\n%s", got, event)
	}
	if e := w.store.events[0]; !e.At.Equal(want.DateJoined) || e.Channel != ChannelAdmin || e.ActorID != rootID || e.Address != "192.0.2.9" || e.SubjectID != "5" {
		t.Errorf("the event is %+v", e)
	}
	w.mustHoldNoSecret(t)
	w.mustLogin(t, Credentials{Email: "bob@example.com", Password: "correct horse"})
}

func TestAUserWithoutAPasswordCannotSignIn(t *testing.T) {
	t.Parallel()
	w := office(t)
	var encoded []string
	for _, email := range []string{"bob@example.com", "carol@example.com"} {
		user, err := w.AddUser(t.Context(), w.staff(t, rootID), UserForm{Email: email, IsActive: true}, nil)
		if err != nil || !strings.HasPrefix(user.Password, "!") || len(user.Password) > 41 {
			t.Fatalf("made %+v, %v", user, err)
		}
		encoded = append(encoded, user.Password)
		for _, password := range []string{"", user.Password, user.Password[1:]} {
			w.mustRefuse(t, Credentials{Email: email, Password: password}, CodeInvalidCredentials)
		}
	}
	if encoded[0] == encoded[1] {
		t.Error("two have the same, so that a session of one's could be taken for the other's")
	}
}

func TestAddUserNamesEveryFault(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", MaxNameLength)
	for name, test := range map[string]struct {
		form     UserForm
		password *string
		want     string // fields
	}{
		"nothing given":                  {UserForm{}, new(""), "email password"},
		"no address":                     {UserForm{Email: "bob"}, nil, "email"},
		"a long address":                 {UserForm{Email: strings.Repeat("a", 250) + "@example.com"}, nil, "email"},
		"an address that is taken":       {UserForm{Email: "ALICE@example.com"}, nil, "email"},
		"a NUL in the address":           {UserForm{Email: "bob\x00@example.com"}, nil, "email"},
		"a weak password":                {UserForm{Email: "bob@example.com"}, new("trustno1"), "password"},
		"an address as the password":     {UserForm{Email: "Bob@Example.com "}, new("bob@example.com"), "password"},
		"names that are too long":        {UserForm{Email: "bob@example.com", FirstName: long + "ü", LastName: long + "ü"}, nil, "first_name last_name"},
		"names with odd characters":      {UserForm{Email: "bob@example.com", FirstName: "B\x00b", LastName: "a\nb"}, nil, "first_name last_name"},
		"names that are no text":         {UserForm{Email: "bob@example.com", FirstName: "\xff"}, nil, "first_name"},
		"everything wrong":               {UserForm{Email: "\x00", FirstName: "\x00", LastName: "\x00"}, new("1"), "email first_name last_name password"},
		"names that are as long as ever": {UserForm{Email: "bob@example.com", FirstName: long, LastName: " " + long + " "}, nil, ""},
		"marks that join letters":        {UserForm{Email: "bob@example.com", FirstName: "👩‍👩‍👧", LastName: "نام\u200cخانوادگی"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			add := func() error {
				_, err := w.AddUser(t.Context(), w.staff(t, rootID), test.form, test.password)
				return err
			}
			if test.want == "" {
				if err := add(); err != nil {
					t.Error(err)
				}
				return
			}
			if refusal := w.mustChangeNothing(t, CodeInvalid, add); fieldsOf(refusal) != test.want {
				t.Errorf("finds fault with %q, want %q", fieldsOf(refusal), test.want)
			}
		})
	}
}

func TestEditUser(t *testing.T) {
	t.Parallel()
	w := office(t)
	w.may(aliceID, "users.view_user", "auth.view_group")
	w.store.userGroups[aliceID] = []int64{supportID}
	version, form := w.form(t, aliceID, func(f *UserForm) {
		f.Email, f.FirstName, f.IsStaff = "Alicia@Example.com", " Alicia ", true
		f.Groups, f.Permissions = []int64{adminsID}, w.ids("auth.view_group")
	})
	account, err := w.EditUser(t.Context(), w.staff(t, rootID), aliceID, version, form)
	if err != nil {
		t.Fatal(err)
	}
	if stored, err := w.store.Account(t.Context(), aliceID); err != nil || stored.Form().Version() != account.Form().Version() || stored.Email != "alicia@example.com" || stored.Password == "" {
		t.Errorf("stored is %+v, and given %+v, %v", stored, account, err)
	}
	const want = `root@example.com changed user alicia@example.com; email: "alice@example.com" → "alicia@example.com"; first_name: "" → "Alicia"; ` +
		`is_staff: "no" → "yes"; groups: "support" → "admins"; permissions: "auth.view_group, users.view_user" → "auth.view_group"` + "\n"
	if got := told(w.store.events); got != want {
		t.Errorf("the event is\n%swant\n%s", got, want)
	}
	w.mustHoldNoSecret(t)
}

func TestEditUserNamesTheFault(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(f *UserForm)
		want   string
	}{
		"an address that is none":         {func(f *UserForm) { f.Email = "alice" }, "email"},
		"no address":                      {func(f *UserForm) { f.Email = "" }, "email"},
		"an address that another has":     {func(f *UserForm) { f.Email = "SAM@example.com" }, "email"},
		"a name that is too long":         {func(f *UserForm) { f.LastName = strings.Repeat("x", MaxNameLength+1) }, "last_name"},
		"several things that are not one": {func(f *UserForm) { f.Email, f.FirstName = "@", "\x00" }, "email first_name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			refusal := w.mustChangeNothing(t, CodeInvalid, func() error { return w.edit(t, w.staff(t, rootID), aliceID, test.change) })
			if fieldsOf(refusal) != test.want {
				t.Errorf("finds fault with %q, want %q", fieldsOf(refusal), test.want)
			}
		})
	}
}

// A Django may have let an address in that we would not: who changes a name is not
// asked about it.
func TestAnAddressThatStaysIsNotJudged(t *testing.T) {
	t.Parallel()
	w := office(t)
	w.store.user(aliceID).Email = "Not-An-Address"
	if err := w.edit(t, w.staff(t, rootID), aliceID, func(f *UserForm) { f.FirstName = "Alicia" }); err != nil {
		t.Fatal(err)
	}
	if got := w.store.user(aliceID); got.Email != "Not-An-Address" || got.FirstName != "Alicia" {
		t.Errorf("it is %+v", got)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]deed{
		"a user who is edited": func(t *testing.T, w *world, by Actor) error {
			_, err := w.EditUser(t.Context(), by, 4711, "", UserForm{})
			return err
		},
		"a user who is made inactive":     activating(false, aliceID, 4711),
		"a user who is promoted":          promoting(4711, true),
		"a user who is deleted":           deleting(aliceID, 4711),
		"a user who is given a password":  settingPassword(4711, new("correct horse")),
		"a user who is left without one":  settingPassword(4711, nil),
		"a user whose sessions are ended": endingSessions(aliceID, 4711),
		"a session that is ended":         endingSession("nothing"),
		"a group that is edited": func(t *testing.T, w *world, by Actor) error {
			_, err := w.EditGroup(t.Context(), by, 4711, "", GroupForm{Name: "x"})
			return err
		},
		"a group that is deleted": deletingGroups(supportID, 4711),
		"a user who is deleted meanwhile": func(t *testing.T, w *world, by Actor) error {
			w.deleteDuring(aliceID)
			return settingPassword(aliceID, new("correct horse"))(t, w, by)
		},
		"a session whose user goes, too": func(t *testing.T, w *world, by Actor) error {
			w.deleteDuring(aliceID)
			return endingSession("alice's")(t, w, by)
		},
		"a user who is edited and deleted": func(t *testing.T, w *world, by Actor) error {
			w.deleteDuring(aliceID)
			return editing(aliceID, deactivate)(t, w, by)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			w.session(aliceID, "alice's")
			if err := do(t, w, w.staff(t, rootID)); ErrorCode(err) != CodeNotFound {
				t.Errorf("answers %v", err)
			}
			if len(w.store.events) > 0 {
				t.Errorf("events tell of it: %s", told(w.store.events))
			}
		})
	}
}

// deleteDuring deletes a user when the next change begins.
func (w *world) deleteDuring(id int64) {
	w.store.onChange = func() {
		w.store.onChange = nil
		for i, user := range w.store.users {
			if user.ID == id {
				w.store.users = append(w.store.users[:i:i], w.store.users[i+1:]...)
				return
			}
		}
	}
}

func TestWhoChangesWhatAnotherHasChangedIsTold(t *testing.T) {
	t.Parallel()
	rename := func(f *UserForm) { f.FirstName, f.LastName = "Alicia", "Liddell" }
	for name, test := range map[string]struct {
		meanwhile func(t *testing.T, w *world)
		want      string
	}{
		"by a colleague": {
			func(t *testing.T, w *world) { w.mustEdit(t, samID, rename) },
			"sam@example.com has changed this since you opened it: first_name is now “Alicia”, last_name is now “Liddell”. What you sent would change first_name from “Alicia” to “”, last_name from “Liddell” to “Other”.",
		},
		"by a colleague, and the user has signed in since": {
			func(t *testing.T, w *world) {
				w.mustEdit(t, samID, rename)
				w.mustLogin(t, Credentials{Email: "alice@example.com", Password: "password of alice@example.com"})
			},
			"sam@example.com has changed this since you opened it: first_name is now “Alicia”, last_name is now “Liddell”. What you sent would change first_name from “Alicia” to “”, last_name from “Liddell” to “Other”.",
		},
		"by two, of whom the later is named": {
			func(t *testing.T, w *world) {
				w.mustEdit(t, rootID, rename)
				w.mustEdit(t, samID, func(f *UserForm) { f.FirstName = "Ali" })
			},
			"sam@example.com has changed this since you opened it: first_name is now “Ali”. What you sent would change first_name from “Ali” to “”, last_name from “Liddell” to “Other”.",
		},
		"on the command line": {
			func(t *testing.T, w *world) {
				if err := activating(false, aliceID)(t, w, CommandLine("ops")); err != nil {
					t.Fatal(err)
				}
			},
			"ops has changed this since you opened it: is_active is now “no”. What you sent would change last_name from “” to “Other”, is_active from “no” to “yes”.",
		},
		"through Django": {
			func(_ *testing.T, w *world) { w.store.user(aliceID).FirstName = "Alicia" },
			"Somebody has changed this since you opened it, in the database or through Django. What you sent would change first_name from “Alicia” to “”, last_name from “” to “Other”.",
		},
		"of the groups alone": {
			func(_ *testing.T, w *world) { w.store.userGroups[aliceID] = []int64{supportID} },
			"Somebody has changed this since you opened it, in the database or through Django. What you sent would change last_name from “” to “Other”, groups from “support” to “”.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			w.may(samID, limited...)
			version, form := w.form(t, aliceID, func(f *UserForm) { f.LastName = "Other" })
			test.meanwhile(t, w)
			refusal := w.mustChangeNothing(t, CodeConflict, func() error {
				_, err := w.EditUser(t.Context(), w.staff(t, rootID), aliceID, version, form)
				return err
			})
			if refusal.Detail != test.want {
				t.Errorf("says %q, want %q", refusal.Detail, test.want)
			}
		})
	}
}

// mustEdit lets somebody edit alice.
func (w *world) mustEdit(t *testing.T, by int64, change func(f *UserForm)) {
	t.Helper()
	if err := w.edit(t, w.staff(t, by), aliceID, change); err != nil {
		t.Fatal(err)
	}
}

// What does not stand in the form is no conflict: a login, or a new password.
func TestASignInMeanwhileIsNoConflict(t *testing.T) {
	t.Parallel()
	w := office(t)
	version, form := w.form(t, aliceID, func(f *UserForm) { f.LastName = "Other" })
	w.mustLogin(t, Credentials{Email: "alice@example.com", Password: "password of alice@example.com"})
	if _, err := w.EditUser(t.Context(), w.staff(t, rootID), aliceID, version, form); err != nil {
		t.Error(err)
	}
}

func TestAFormThatIsPostedTwiceChangesOnce(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(f *UserForm){
		"a name":                        func(f *UserForm) { f.FirstName = "Alicia" },
		"a name with spaces around it":  func(f *UserForm) { f.FirstName = " Alicia " },
		"an address":                    func(f *UserForm) { f.Email = "alicia@example.com" },
		"an address with capitals":      func(f *UserForm) { f.Email = "Alicia@Example.com" },
		"groups in no order, and twice": func(f *UserForm) { f.Groups = []int64{adminsID, supportID, adminsID} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			version, form := w.form(t, aliceID, change)
			for range 2 {
				account, err := w.EditUser(t.Context(), w.staff(t, rootID), aliceID, version, form)
				if err != nil {
					t.Fatal(err)
				}
				if stored, err := w.store.Account(t.Context(), aliceID); err != nil || stored.Form().Version() != account.Form().Version() {
					t.Errorf("given is %+v, and stored %+v, %v", account, stored, err)
				}
			}
			if len(w.store.events) != 1 {
				t.Errorf("events tell\n%s", told(w.store.events))
			}
		})
	}
}

func TestWhoIsMadeInactiveIsSignedOutEverywhere(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]deed{"edited": editing(aliceID, deactivate), "from the list": activating(false, aliceID, samID)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			in := Credentials{Email: "alice@example.com", Password: "password of alice@example.com"}
			phone, laptop := w.mustLogin(t, in).AccessToken, w.mustLogin(t, in).AccessToken
			w.session(rootID, "root's")
			w.clock.advance(time.Minute)
			if err := do(t, w, w.staff(t, rootID)); err != nil {
				t.Fatal(err)
			}
			const want = "root@example.com changed user alice@example.com; is_active: \"yes\" → \"no\"\n" +
				"root@example.com sessions ended user alice@example.com; sessions ended: \"\" → \"2\"\n"
			if got := told(w.store.events); !strings.Contains(got, want) {
				t.Errorf("events tell\n%swant\n%s", got, want)
			}
			// Else setting them active again would revive their sessions.
			if err := activating(true, aliceID)(t, w, w.staff(t, rootID)); err != nil {
				t.Fatal(err)
			}
			for _, raw := range []string{phone, laptop} {
				if _, err := w.Authenticate(t.Context(), raw); ErrorCode(err) != CodeInvalidToken {
					t.Errorf("a session goes on: %v", err)
				}
			}
			if w.store.sessions["root's"].RevokedAt != nil {
				t.Error("another user was signed out")
			}
			w.mustLogin(t, in)
		})
	}
}

func TestSetActiveCountsWhoWasNotSoAlready(t *testing.T) {
	t.Parallel()
	w := office(t)
	w.session(rootID, "root's")
	for _, test := range []struct {
		ids    []int64
		active bool
		want   int
	}{{[]int64{samID, aliceID, samID}, false, 2}, {[]int64{aliceID, samID}, false, 0}, {[]int64{rootID, aliceID}, true, 1}, {nil, true, 0}} {
		changed, err := w.SetActive(t.Context(), w.staff(t, rootID), test.ids, test.active)
		if err != nil || changed != test.want {
			t.Errorf("%v: %d, %v, want %d", test.ids, changed, err, test.want)
		}
	}
	if len(w.store.events) != 3 {
		t.Errorf("events tell\n%s", told(w.store.events))
	}
}

func TestSetSuperuser(t *testing.T) {
	t.Parallel()
	w := office(t)
	for _, super := range []bool{true, true, false} {
		if _, err := w.SetSuperuser(t.Context(), CommandLine("ops"), aliceID, super); err != nil {
			t.Fatal(err)
		}
		if got := w.store.user(aliceID); got.IsSuperuser != super || got.IsStaff != super || !got.IsActive {
			t.Errorf("is %+v", got)
		}
	}
	const want = `ops changed user alice@example.com; is_staff: "no" → "yes"; is_superuser: "no" → "yes"
ops changed user alice@example.com; is_staff: "yes" → "no"; is_superuser: "yes" → "no"
`
	if got := told(w.store.events); got != want || w.store.events[0].Channel != ChannelCLI {
		t.Errorf("events tell\n%swant\n%s", got, want)
	}
}

func TestDeleteUsers(t *testing.T) {
	t.Parallel()
	w := office(t)
	w.session(aliceID, "alice's")
	w.store.userGroups[aliceID] = []int64{supportID}
	w.store.user(aliceID).FirstName = "Alice"
	if err := w.DeleteUsers(t.Context(), w.staff(t, rootID), []int64{aliceID, asleepID, aliceID}); err != nil {
		t.Fatal(err)
	}
	if len(w.store.users) != 2 || len(w.store.sessions) != 0 {
		t.Errorf("left are %+v and %+v", w.store.users, w.store.sessions)
	}
	const want = `root@example.com deleted user alice@example.com; email: "alice@example.com" → ""; first_name: "Alice" → ""; is_active: "yes" → "no"; groups: "support" → ""
root@example.com deleted user asleep@example.com; email: "asleep@example.com" → ""; is_superuser: "yes" → "no"
`
	if got := told(w.store.events); got != want {
		t.Errorf("events tell\n%swant\n%s", got, want)
	}
	w.mustHoldNoSecret(t)
}

func TestNobodyDeletesTheirOwnAccount(t *testing.T) {
	t.Parallel()
	w := office(t)
	w.may(samID, "users.delete_user")
	w.mustChangeNothing(t, CodeConflict, func() error { return w.DeleteUsers(t.Context(), w.staff(t, samID), []int64{aliceID, samID}) })
}

func TestAUserToWhomOtherTablesReferIsNotDeleted(t *testing.T) {
	t.Parallel()
	w := office(t)
	w.store.referred = true
	refusal := w.mustChangeNothing(t, CodeConflict, func() error { return w.DeleteUsers(t.Context(), w.staff(t, rootID), []int64{aliceID}) })
	if !strings.Contains(refusal.Detail, "inactive instead") || !errors.Is(refusal, ErrReferred) {
		t.Errorf("says %v", refusal)
	}
}

func TestWhatASetPasswordTells(t *testing.T) {
	t.Parallel()
	w := office(t)
	w.session(aliceID, "alice's")
	w.session(aliceID, "alice's other")
	for _, password := range []*string{new("correct horse"), nil, new("another horse")} {
		if _, err := w.SetPassword(t.Context(), w.staff(t, rootID), aliceID, password, ""); err != nil {
			t.Fatal(err)
		}
	}
	const want = `root@example.com password set user alice@example.com; usable password: "yes" → "yes"; sessions ended: "" → "2"
root@example.com password set user alice@example.com; usable password: "yes" → "no"; sessions ended: "" → "0"
root@example.com password set user alice@example.com; usable password: "no" → "yes"; sessions ended: "" → "0"
`
	if got := told(w.store.events); got != want {
		t.Errorf("events tell\n%swant\n%s", got, want)
	}
	w.mustHoldNoSecret(t, "another horse")
}

func TestAPasswordThatAnotherSetsEndsEverySession(t *testing.T) {
	t.Parallel()
	w := office(t)
	w.session(aliceID, "alice's")
	w.session(rootID, "root's")
	// To keep a session of another's is no way to stay in.
	if ended, err := w.SetPassword(t.Context(), w.staff(t, rootID), aliceID, new("correct horse"), "root's"); err != nil || ended != 1 {
		t.Errorf("ended %d, %v", ended, err)
	}
	if s := w.store.sessions["root's"]; s.RevokedAt != nil || s.PasswordMark != passwordMark(w.store.user(rootID).Password) {
		t.Errorf("the actor's own is %+v", s)
	}
}

func TestEndSessions(t *testing.T) {
	t.Parallel()
	w := office(t)
	for _, id := range []string{"session a1", "session a2", "session a3"} {
		w.session(aliceID, id)
	}
	w.session(rootID, "session r1")
	w.session(rootID, "session r2")
	w.session(samID, "session s1")
	by := w.staff(t, rootID)
	if err := w.EndSession(t.Context(), by, "session a1"); err != nil {
		t.Fatal(err)
	}
	if err := w.EndSession(t.Context(), by, "session a1"); err != nil { // posted twice
		t.Fatal(err)
	}
	if ended, err := w.EndSessions(t.Context(), by, []int64{aliceID, rootID, asleepID}, "session r1"); err != nil || ended != 3 {
		t.Errorf("ended %d, %v, want 3", ended, err)
	}
	var open []string
	for _, id := range []string{"session a1", "session a2", "session a3", "session r1", "session r2", "session s1"} {
		if w.store.sessions[id].RevokedAt == nil {
			open = append(open, id)
		}
	}
	if fmt.Sprint(open) != "[session r1 session s1]" {
		t.Errorf("open are %v", open)
	}
	const want = `root@example.com sessions ended user alice@example.com; session: " " → ""
root@example.com sessions ended user root@example.com; sessions ended: "" → "1"
root@example.com sessions ended user alice@example.com; sessions ended: "" → "2"
`
	if got := told(w.store.events); got != want {
		t.Errorf("events tell\n%swant\n%s", got, want)
	}
	w.mustHoldNoSecret(t)
}

func TestAddingAndEditingGroups(t *testing.T) {
	t.Parallel()
	w := office(t)
	by := w.staff(t, rootID)
	group, err := w.AddGroup(t.Context(), by, GroupForm{Name: " readers ", Permissions: w.ids("users.view_user", "auth.view_group")})
	if err != nil || group.ID != 3 || group.Name != "readers" {
		t.Fatalf("made %+v, %v", group, err)
	}
	form := GroupForm{Name: "Readers", Permissions: w.ids("auth.view_group")}
	for range 2 { // posted twice
		if got, err := w.EditGroup(t.Context(), by, 3, group.Form().Version(), form); err != nil || got.Name != "Readers" || got.ID != 3 {
			t.Fatalf("edited %+v, %v", got, err)
		}
	}
	w.store.userGroups[aliceID] = []int64{supportID, 3}
	if err := w.DeleteGroups(t.Context(), by, []int64{3, 3}); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(w.store.userGroups[aliceID]) != "[1]" || w.store.user(aliceID) == nil {
		t.Error("a member is gone, or still in")
	}
	const want = `root@example.com added group readers; name: "" → "readers"; permissions: "" → "auth.view_group, users.view_user"
root@example.com changed group Readers; name: "readers" → "Readers"; permissions: "auth.view_group, users.view_user" → "auth.view_group"
root@example.com deleted group Readers; name: "Readers" → ""; permissions: "auth.view_group" → ""
`
	if got := told(w.store.events); got != want || w.store.events[2].SubjectID != "3" {
		t.Errorf("events tell\n%swant\n%s", got, want)
	}
}

func TestAGroupsFaults(t *testing.T) {
	t.Parallel()
	for name, group := range map[string]string{
		"no name": " ", "a name that is too long": strings.Repeat("ü", MaxNameLength+1), "a name with a NUL": "a\x00", "a name that is no text": "\xff", "a name that is taken": " admins ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, do := range []deed{addingGroup(group), editingGroup(supportID, group)} {
				w := office(t)
				refusal := w.mustChangeNothing(t, CodeInvalid, func() error { return do(t, w, w.staff(t, rootID)) })
				if fieldsOf(refusal) != "name" {
					t.Errorf("finds fault with %q", fieldsOf(refusal))
				}
			}
		})
	}
}

func TestWhoChangesAGroupThatAnotherHasChangedIsTold(t *testing.T) {
	t.Parallel()
	w := office(t)
	w.may(samID, limited...)
	version := w.store.groups[0].Form().Version()
	save := func() error {
		_, err := w.EditGroup(t.Context(), w.staff(t, rootID), supportID, version, GroupForm{Name: "other"})
		return err
	}
	w.store.groups[0].Name = "past us"
	if refusal := w.mustChangeNothing(t, CodeConflict, save); !strings.Contains(refusal.Detail, "through Django") {
		t.Errorf("says %q", refusal.Detail)
	}
	if err := editingGroup(supportID, "first level", "users.view_user")(t, w, w.staff(t, samID)); err != nil {
		t.Fatal(err)
	}
	// A user of the same number is another subject.
	if err := w.edit(t, w.staff(t, rootID), supportID, func(f *UserForm) { f.FirstName = "Ruth" }); err != nil {
		t.Fatal(err)
	}
	want := "sam@example.com has changed this since you opened it: name is now “first level”, permissions is now “users.view_user”. " +
		"What you sent would change name from “first level” to “other”, permissions from “users.view_user” to “”."
	if refusal := w.mustChangeNothing(t, CodeConflict, save); refusal.Detail != want {
		t.Errorf("says %q, want %q", refusal.Detail, want)
	}
}

func TestWhatTheStoreCannotDoIsToldAsItIs(t *testing.T) {
	t.Parallel()
	deeds := touching(aliceID)
	deeds["added"] = adding(func(*UserForm) {})
	deeds["in a new group"] = addingGroup("new")
	deeds["without groups"] = deletingGroups(supportID)
	for name, do := range deeds {
		if name == "edited" {
			continue // reads the form first
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			by := w.staff(t, rootID)
			w.store.err = Unavailable(errors.New("gone"))
			if err := do(t, w, by); ErrorCode(err) != CodeUnavailable {
				t.Errorf("answers %v", err)
			}
		})
	}
}
