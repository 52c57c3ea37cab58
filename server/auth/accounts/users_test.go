package accounts_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

func TestAddUser(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.Clock.Advance(1500 * time.Nanosecond)
	form := accounts.UserForm{
		Email: " Bob@Example.com ", FirstName: " Bob ", LastName: "O'Brien", IsActive: true, IsStaff: true,
		Groups: []int64{authtest.AdminsID, authtest.SupportID, authtest.AdminsID}, Permissions: w.IDs("users.view_user"),
	}
	user, err := w.CreateUser(t.Context(), w.admin(t, authtest.RootID), form, new("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	want := auth.User{
		ID: 5, Email: "bob@example.com", Password: "current$correct horse", FirstName: "Bob", LastName: "O'Brien",
		IsActive: true, IsStaff: true, DateJoined: authtest.Noon.Add(time.Microsecond),
	}
	if user != want || *w.Store.User(5) != want {
		t.Errorf("made %+v\nwant %+v", user, want)
	}
	if account, err := w.Store.Account(t.Context(), 5); err != nil || fmt.Sprint(account.Groups, account.Permissions) != fmt.Sprint([]int64{authtest.SupportID, authtest.AdminsID}, w.IDs("users.view_user")) {
		t.Errorf("the account is %+v, %v", account, err)
	}
	const event = `root@example.com created user bob@example.com; email: "" → "bob@example.com"; first_name: "" → "Bob"; last_name: "" → "O'Brien"; ` +
		`is_active: "no" → "yes"; is_staff: "no" → "yes"; groups: "" → "support, admins"; permissions: "" → "users.view_user"` + "\n"
	if got := authtest.Told(w.Store.Events); got != event {
		t.Errorf("the event is\n%swant\n%s", got, event)
	}
	if e := w.Store.Events[0]; !e.At.Equal(want.DateJoined) || e.Channel != auth.ChannelAdmin || e.ActorID != authtest.RootID || e.Address != "192.0.2.9" || e.TargetID != "5" {
		t.Errorf("the event is %+v", e)
	}
	w.MustHoldNoSecret(t)
	w.MustLogin(t, signin.Credentials{Email: "bob@example.com", Password: "correct horse"})
}

func TestAUserWithoutAPasswordCannotSignIn(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	var encoded []string
	for _, email := range []string{"bob@example.com", "carol@example.com"} {
		user, err := w.CreateUser(t.Context(), w.admin(t, authtest.RootID), accounts.UserForm{Email: email, IsActive: true}, nil)
		if err != nil || !strings.HasPrefix(user.Password, "!") || len(user.Password) > 41 {
			t.Fatalf("made %+v, %v", user, err)
		}
		encoded = append(encoded, user.Password)
		for _, password := range []string{"", user.Password, user.Password[1:]} {
			w.MustRefuse(t, signin.Credentials{Email: email, Password: password}, auth.CodeInvalidCredentials)
		}
	}
	if encoded[0] == encoded[1] {
		t.Error("two have the same, so that a session of one's could be taken for the other's")
	}
}

func TestAddUserNamesEveryFault(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", auth.MaxNameLength)
	for name, test := range map[string]struct {
		form     accounts.UserForm
		password *string
		want     string // fields
	}{
		"nothing given":                  {accounts.UserForm{}, new(""), "email password"},
		"no address":                     {accounts.UserForm{Email: "bob"}, nil, "email"},
		"a long address":                 {accounts.UserForm{Email: strings.Repeat("a", 250) + "@example.com"}, nil, "email"},
		"an address that is taken":       {accounts.UserForm{Email: "ALICE@example.com"}, nil, "email"},
		"a NUL in the address":           {accounts.UserForm{Email: "bob\x00@example.com"}, nil, "email"},
		"a weak password":                {accounts.UserForm{Email: "bob@example.com"}, new("trustno1"), "password"},
		"an address as the password":     {accounts.UserForm{Email: "Bob@Example.com "}, new("bob@example.com"), "password"},
		"names that are too long":        {accounts.UserForm{Email: "bob@example.com", FirstName: long + "ü", LastName: long + "ü"}, nil, "first_name last_name"},
		"names with odd characters":      {accounts.UserForm{Email: "bob@example.com", FirstName: "B\x00b", LastName: "a\nb"}, nil, "first_name last_name"},
		"names that are no text":         {accounts.UserForm{Email: "bob@example.com", FirstName: "\xff"}, nil, "first_name"},
		"everything wrong":               {accounts.UserForm{Email: "\x00", FirstName: "\x00", LastName: "\x00"}, new("1"), "email first_name last_name password"},
		"names that are as long as ever": {accounts.UserForm{Email: "bob@example.com", FirstName: long, LastName: " " + long + " "}, nil, ""},
		"marks that join letters":        {accounts.UserForm{Email: "bob@example.com", FirstName: "👩‍👩‍👧", LastName: "نام\u200cخانوادگی"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			add := func() error {
				_, err := w.CreateUser(t.Context(), w.admin(t, authtest.RootID), test.form, test.password)
				return err
			}
			if test.want == "" {
				if err := add(); err != nil {
					t.Error(err)
				}
				return
			}
			if refusal := w.MustChangeNothing(t, auth.CodeInvalid, add); authtest.FieldsOf(refusal) != test.want {
				t.Errorf("finds fault with %q, want %q", authtest.FieldsOf(refusal), test.want)
			}
		})
	}
}

func TestEditUser(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.Permit(authtest.AliceID, "users.view_user", "auth.view_group")
	w.Store.UserGroups[authtest.AliceID] = []int64{authtest.SupportID}
	version, form := w.form(t, authtest.AliceID, func(f *accounts.UserForm) {
		f.Email, f.FirstName, f.IsStaff = "Alicia@Example.com", " Alicia ", true
		f.Groups, f.Permissions = []int64{authtest.AdminsID}, w.IDs("auth.view_group")
	})
	account, err := w.UpdateUser(t.Context(), w.admin(t, authtest.RootID), authtest.AliceID, version, to(form))
	if err != nil {
		t.Fatal(err)
	}
	if stored, err := w.Store.Account(t.Context(), authtest.AliceID); err != nil || accounts.UserFormOf(stored).Version() != accounts.UserFormOf(account).Version() || stored.Email != "alicia@example.com" || stored.Password == "" {
		t.Errorf("stored is %+v, and given %+v, %v", stored, account, err)
	}
	const want = `root@example.com changed user alicia@example.com; email: "alice@example.com" → "alicia@example.com"; first_name: "" → "Alicia"; ` +
		`is_staff: "no" → "yes"; groups: "support" → "admins"; permissions: "auth.view_group, users.view_user" → "auth.view_group"` + "\n"
	if got := authtest.Told(w.Store.Events); got != want {
		t.Errorf("the event is\n%swant\n%s", got, want)
	}
	w.MustHoldNoSecret(t)
}

func TestEditUserNamesTheFault(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(f *accounts.UserForm)
		want   string
	}{
		"an address that is none":         {func(f *accounts.UserForm) { f.Email = "alice" }, "email"},
		"no address":                      {func(f *accounts.UserForm) { f.Email = "" }, "email"},
		"an address that another has":     {func(f *accounts.UserForm) { f.Email = "SAM@example.com" }, "email"},
		"a name that is too long":         {func(f *accounts.UserForm) { f.LastName = strings.Repeat("x", auth.MaxNameLength+1) }, "last_name"},
		"several things that are not one": {func(f *accounts.UserForm) { f.Email, f.FirstName = "@", "\x00" }, "email first_name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			refusal := w.MustChangeNothing(t, auth.CodeInvalid, func() error { return w.edit(t, w.admin(t, authtest.RootID), authtest.AliceID, test.change) })
			if authtest.FieldsOf(refusal) != test.want {
				t.Errorf("finds fault with %q, want %q", authtest.FieldsOf(refusal), test.want)
			}
		})
	}
}

// A Django may have let an address in that we would not: who changes a name is not
// asked about it.
func TestAnAddressThatStaysIsNotJudged(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.Store.User(authtest.AliceID).Email = "Not-An-Address"
	if err := w.edit(t, w.admin(t, authtest.RootID), authtest.AliceID, func(f *accounts.UserForm) { f.FirstName = "Alicia" }); err != nil {
		t.Fatal(err)
	}
	if got := w.Store.User(authtest.AliceID); got.Email != "Not-An-Address" || got.FirstName != "Alicia" {
		t.Errorf("it is %+v", got)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]operation{
		"a user who is edited": func(t *testing.T, w *world, by *auth.Principal) error {
			_, err := w.UpdateUser(t.Context(), by, 4711, "", to(accounts.UserForm{}))
			return err
		},
		"a user who is made inactive":     activating(false, authtest.AliceID, 4711),
		"a user who is promoted":          promoting(4711, true),
		"a user who is deleted":           deleting(authtest.AliceID, 4711),
		"a user who is given a password":  settingPassword(4711, new("correct horse")),
		"a user who is left without one":  settingPassword(4711, nil),
		"a user whose sessions are ended": endingSessions(authtest.AliceID, 4711),
		"a session that is ended":         endingSession("nothing"),
		"a group that is edited": func(t *testing.T, w *world, by *auth.Principal) error {
			_, err := w.UpdateGroup(t.Context(), by, 4711, "", accounts.GroupForm{Name: "x"})
			return err
		},
		"a group that is deleted": deletingGroups(authtest.SupportID, 4711),
		"a user who is deleted meanwhile": func(t *testing.T, w *world, by *auth.Principal) error {
			w.deleteDuring(authtest.AliceID)
			return settingPassword(authtest.AliceID, new("correct horse"))(t, w, by)
		},
		"a session whose user goes, too": func(t *testing.T, w *world, by *auth.Principal) error {
			w.deleteDuring(authtest.AliceID)
			return endingSession("alice's")(t, w, by)
		},
		"a user who is edited and deleted": func(t *testing.T, w *world, by *auth.Principal) error {
			w.deleteDuring(authtest.AliceID)
			return editing(authtest.AliceID, deactivate)(t, w, by)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			w.session(authtest.AliceID, "alice's")
			if err := do(t, w, w.admin(t, authtest.RootID)); auth.ErrorCode(err) != auth.CodeNotFound {
				t.Errorf("answers %v", err)
			}
			if len(w.Store.Events) > 0 {
				t.Errorf("events tell of it: %s", authtest.Told(w.Store.Events))
			}
		})
	}
}

// deleteDuring deletes a user when the next change begins.
func (w *world) deleteDuring(id int64) {
	w.Store.OnChange = func() {
		w.Store.OnChange = nil
		for i, user := range w.Store.UserRows {
			if user.ID == id {
				w.Store.UserRows = append(w.Store.UserRows[:i:i], w.Store.UserRows[i+1:]...)
				return
			}
		}
	}
}

func TestWhoChangesWhatAnotherHasChangedIsTold(t *testing.T) {
	t.Parallel()
	rename := func(f *accounts.UserForm) { f.FirstName, f.LastName = "Alicia", "Liddell" }
	for name, test := range map[string]struct {
		meanwhile func(t *testing.T, w *world)
		want      string
	}{
		"by a colleague": {
			func(t *testing.T, w *world) { w.mustEdit(t, authtest.SamID, rename) },
			"sam@example.com has changed this since you opened it: first_name is now “Alicia”, last_name is now “Liddell”. Saving would change first_name from “Alicia” to “”, last_name from “Liddell” to “Other”.",
		},
		"by a colleague, and the user has signed in since": {
			func(t *testing.T, w *world) {
				w.mustEdit(t, authtest.SamID, rename)
				w.MustLogin(t, signin.Credentials{Email: "alice@example.com", Password: "password of alice@example.com"})
			},
			"sam@example.com has changed this since you opened it: first_name is now “Alicia”, last_name is now “Liddell”. Saving would change first_name from “Alicia” to “”, last_name from “Liddell” to “Other”.",
		},
		"by two, of whom the later is named": {
			func(t *testing.T, w *world) {
				w.mustEdit(t, authtest.RootID, rename)
				w.mustEdit(t, authtest.SamID, func(f *accounts.UserForm) { f.FirstName = "Ali" })
			},
			"sam@example.com has changed this since you opened it: first_name is now “Ali”. Saving would change first_name from “Ali” to “”, last_name from “Liddell” to “Other”.",
		},
		"on the command line": {
			func(t *testing.T, w *world) {
				if err := activating(false, authtest.AliceID)(t, w, auth.CommandLine("ops")); err != nil {
					t.Fatal(err)
				}
			},
			"ops has changed this since you opened it: is_active is now “no”. Saving would change last_name from “” to “Other”, is_active from “no” to “yes”.",
		},
		"through Django": {
			func(_ *testing.T, w *world) { w.Store.User(authtest.AliceID).FirstName = "Alicia" },
			"This was changed since you opened it, in the database or by Django. Saving would change first_name from “Alicia” to “”, last_name from “” to “Other”.",
		},
		"of the groups alone": {
			func(_ *testing.T, w *world) { w.Store.UserGroups[authtest.AliceID] = []int64{authtest.SupportID} },
			"This was changed since you opened it, in the database or by Django. Saving would change last_name from “” to “Other”, groups from “support” to “”.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			w.Permit(authtest.SamID, limited...)
			version, form := w.form(t, authtest.AliceID, func(f *accounts.UserForm) { f.LastName = "Other" })
			test.meanwhile(t, w)
			refusal := w.MustChangeNothing(t, auth.CodeConflict, func() error {
				_, err := w.UpdateUser(t.Context(), w.admin(t, authtest.RootID), authtest.AliceID, version, to(form))
				return err
			})
			if refusal.Detail != test.want {
				t.Errorf("says %q, want %q", refusal.Detail, test.want)
			}
		})
	}
}

// mustEdit lets somebody edit alice.
func (w *world) mustEdit(t *testing.T, by int64, change func(f *accounts.UserForm)) {
	t.Helper()
	if err := w.edit(t, w.admin(t, by), authtest.AliceID, change); err != nil {
		t.Fatal(err)
	}
}

// What does not stand in the form is no conflict: a login, or a new password.
func TestASignInMeanwhileIsNoConflict(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	version, form := w.form(t, authtest.AliceID, func(f *accounts.UserForm) { f.LastName = "Other" })
	w.MustLogin(t, signin.Credentials{Email: "alice@example.com", Password: "password of alice@example.com"})
	if _, err := w.UpdateUser(t.Context(), w.admin(t, authtest.RootID), authtest.AliceID, version, to(form)); err != nil {
		t.Error(err)
	}
}

func TestAFormThatIsPostedTwiceChangesOnce(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(f *accounts.UserForm){
		"a name":                       func(f *accounts.UserForm) { f.FirstName = "Alicia" },
		"a name with spaces around it": func(f *accounts.UserForm) { f.FirstName = " Alicia " },
		"an address":                   func(f *accounts.UserForm) { f.Email = "alicia@example.com" },
		"an address with capitals":     func(f *accounts.UserForm) { f.Email = "Alicia@Example.com" },
		"groups in no order, and twice": func(f *accounts.UserForm) {
			f.Groups = []int64{authtest.AdminsID, authtest.SupportID, authtest.AdminsID}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			version, form := w.form(t, authtest.AliceID, change)
			for range 2 {
				account, err := w.UpdateUser(t.Context(), w.admin(t, authtest.RootID), authtest.AliceID, version, to(form))
				if err != nil {
					t.Fatal(err)
				}
				if stored, err := w.Store.Account(t.Context(), authtest.AliceID); err != nil || accounts.UserFormOf(stored).Version() != accounts.UserFormOf(account).Version() {
					t.Errorf("given is %+v, and stored %+v, %v", account, stored, err)
				}
			}
			if len(w.Store.Events) != 1 {
				t.Errorf("events tell\n%s", authtest.Told(w.Store.Events))
			}
		})
	}
}

// ASVS 7.4.2
func TestWhoIsMadeInactiveIsSignedOutEverywhere(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]operation{"edited": editing(authtest.AliceID, deactivate), "from the list": activating(false, authtest.AliceID, authtest.SamID)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			in := signin.Credentials{Email: "alice@example.com", Password: "password of alice@example.com"}
			phone, laptop := w.MustLogin(t, in).AccessToken, w.MustLogin(t, in).AccessToken
			w.session(authtest.RootID, "root's")
			w.Clock.Advance(time.Minute)
			if err := do(t, w, w.admin(t, authtest.RootID)); err != nil {
				t.Fatal(err)
			}
			const want = "root@example.com changed user alice@example.com; is_active: \"yes\" → \"no\"\n" +
				"root@example.com sessions ended user alice@example.com; sessions ended: \"\" → \"2\"\n"
			if got := authtest.Told(w.Store.Events); !strings.Contains(got, want) {
				t.Errorf("events tell\n%swant\n%s", got, want)
			}
			// Else setting them active again would revive their sessions.
			if err := activating(true, authtest.AliceID)(t, w, w.admin(t, authtest.RootID)); err != nil {
				t.Fatal(err)
			}
			for _, raw := range []string{phone, laptop} {
				if _, err := w.Authenticate(t.Context(), raw, authtest.Desk); auth.ErrorCode(err) != auth.CodeInvalidToken {
					t.Errorf("a session goes on: %v", err)
				}
			}
			if w.Store.Sessions["root's"].RevokedAt != nil {
				t.Error("another user was signed out")
			}
			w.MustLogin(t, in)
		})
	}
}

func TestSetActiveCountsWhoWasNotSoAlready(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.session(authtest.RootID, "root's")
	for _, test := range []struct {
		ids    []int64
		active bool
		want   int
	}{{[]int64{authtest.SamID, authtest.AliceID, authtest.SamID}, false, 2}, {[]int64{authtest.AliceID, authtest.SamID}, false, 0}, {[]int64{authtest.RootID, authtest.AliceID}, true, 1}, {nil, true, 0}} {
		changed, err := w.SetActive(t.Context(), w.admin(t, authtest.RootID), test.ids, test.active)
		if err != nil || changed != test.want {
			t.Errorf("%v: %d, %v, want %d", test.ids, changed, err, test.want)
		}
	}
	if len(w.Store.Events) != 3 {
		t.Errorf("events tell\n%s", authtest.Told(w.Store.Events))
	}
}

func TestSetSuperuser(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	for _, super := range []bool{true, true, false} {
		if _, err := w.SetSuperuser(t.Context(), auth.CommandLine("ops"), authtest.AliceID, super); err != nil {
			t.Fatal(err)
		}
		if got := w.Store.User(authtest.AliceID); got.IsSuperuser != super || got.IsStaff != super || !got.IsActive {
			t.Errorf("is %+v", got)
		}
	}
	const want = `ops changed user alice@example.com; is_staff: "no" → "yes"; is_superuser: "no" → "yes"
ops changed user alice@example.com; is_staff: "yes" → "no"; is_superuser: "yes" → "no"
`
	if got := authtest.Told(w.Store.Events); got != want || w.Store.Events[0].Channel != auth.ChannelCLI {
		t.Errorf("events tell\n%swant\n%s", got, want)
	}
}

// ASVS 7.4.2
func TestDeleteUsers(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.session(authtest.AliceID, "alice's")
	w.Store.UserGroups[authtest.AliceID] = []int64{authtest.SupportID}
	w.Store.User(authtest.AliceID).FirstName = "Alice"
	if err := w.DeleteUsers(t.Context(), w.admin(t, authtest.RootID), []int64{authtest.AliceID, authtest.AsleepID, authtest.AliceID}); err != nil {
		t.Fatal(err)
	}
	if len(w.Store.UserRows) != 2 || len(w.Store.Sessions) != 1 { // that of who deletes
		t.Errorf("left are %+v and %+v", w.Store.UserRows, w.Store.Sessions)
	}
	const want = `root@example.com deleted user alice@example.com; email: "alice@example.com" → ""; first_name: "Alice" → ""; is_active: "yes" → "no"; groups: "support" → ""
root@example.com deleted user asleep@example.com; email: "asleep@example.com" → ""; is_superuser: "yes" → "no"
`
	if got := authtest.Told(w.Store.Events); got != want {
		t.Errorf("events tell\n%swant\n%s", got, want)
	}
	w.MustHoldNoSecret(t)
}

func TestNobodyDeletesTheirOwnAccount(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.Permit(authtest.SamID, "users.delete_user")
	w.MustChangeNothing(t, auth.CodeConflict, func() error {
		return w.DeleteUsers(t.Context(), w.admin(t, authtest.SamID), []int64{authtest.AliceID, authtest.SamID})
	})
}

func TestAUserToWhomOtherTablesReferIsNotDeleted(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.Store.Referred = true
	refusal := w.MustChangeNothing(t, auth.CodeConflict, func() error {
		return w.DeleteUsers(t.Context(), w.admin(t, authtest.RootID), []int64{authtest.AliceID})
	})
	if !strings.Contains(refusal.Detail, "inactive instead") || !errors.Is(refusal, auth.ErrReferred) {
		t.Errorf("says %v", refusal)
	}
}

func TestWhatASetPasswordTells(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.session(authtest.AliceID, "alice's")
	w.session(authtest.AliceID, "alice's other")
	for _, password := range []*string{new("correct horse"), nil, new("another horse")} {
		if _, err := w.SetPassword(t.Context(), w.admin(t, authtest.RootID), authtest.AliceID, password); err != nil {
			t.Fatal(err)
		}
	}
	const want = `root@example.com password set user alice@example.com; usable password: "yes" → "yes"; sessions ended: "" → "2"
root@example.com password set user alice@example.com; usable password: "yes" → "no"; sessions ended: "" → "0"
root@example.com password set user alice@example.com; usable password: "no" → "yes"; sessions ended: "" → "0"
`
	if got := authtest.Told(w.Store.Events); got != want {
		t.Errorf("events tell\n%swant\n%s", got, want)
	}
	w.MustHoldNoSecret(t, "another horse")
}

// ASVS 7.4.3
func TestAPasswordThatAnotherSetsEndsEverySession(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.session(authtest.AliceID, "alice's")
	w.session(authtest.RootID, "root's")
	by := w.actsIn(w.admin(t, authtest.RootID), "root's")
	if ended, err := w.SetPassword(t.Context(), by, authtest.AliceID, new("correct horse")); err != nil || ended != 1 {
		t.Errorf("ended %d, %v", ended, err)
	}
	if s := w.Store.Sessions["root's"]; s.RevokedAt != nil || s.PasswordMark != auth.PasswordMark(w.Store.User(authtest.RootID).Password) {
		t.Errorf("the actor's own is %+v", s)
	}
}

// ASVS 7.4.5
func TestEndSessions(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	for _, id := range []string{"session a1", "session a2", "session a3"} {
		w.session(authtest.AliceID, id)
	}
	w.session(authtest.RootID, "session r1")
	w.session(authtest.RootID, "session r2")
	w.session(authtest.SamID, "session s1")
	by := w.actsIn(w.admin(t, authtest.RootID), "session r1")
	if err := w.EndSession(t.Context(), by, "session a1"); err != nil {
		t.Fatal(err)
	}
	if err := w.EndSession(t.Context(), by, "session a1"); err != nil { // posted twice
		t.Fatal(err)
	}
	if ended, err := w.EndSessions(t.Context(), by, []int64{authtest.AliceID, authtest.RootID, authtest.AsleepID}); err != nil || ended != 3 {
		t.Errorf("ended %d, %v, want 3", ended, err)
	}
	var open []string
	for _, id := range []string{"session a1", "session a2", "session a3", "session r1", "session r2", "session s1"} {
		if w.Store.Sessions[id].RevokedAt == nil {
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
	if got := authtest.Told(w.Store.Events); got != want {
		t.Errorf("events tell\n%swant\n%s", got, want)
	}
	w.MustHoldNoSecret(t)
}

func TestAddingAndEditingGroups(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	by := w.admin(t, authtest.RootID)
	group, err := w.CreateGroup(t.Context(), by, accounts.GroupForm{Name: " readers ", Permissions: w.IDs("users.view_user", "auth.view_group")})
	if err != nil || group.ID != 3 || group.Name != "readers" {
		t.Fatalf("made %+v, %v", group, err)
	}
	form := accounts.GroupForm{Name: "Readers", Permissions: w.IDs("auth.view_group")}
	for range 2 { // posted twice
		if got, err := w.UpdateGroup(t.Context(), by, 3, accounts.GroupFormOf(group).Version(), form); err != nil || got.Name != "Readers" || got.ID != 3 {
			t.Fatalf("edited %+v, %v", got, err)
		}
	}
	w.Store.UserGroups[authtest.AliceID] = []int64{authtest.SupportID, 3}
	if err := w.DeleteGroups(t.Context(), by, []int64{3, 3}); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(w.Store.UserGroups[authtest.AliceID]) != "[1]" || w.Store.User(authtest.AliceID) == nil {
		t.Error("a member is gone, or still in")
	}
	const want = `root@example.com created group readers; name: "" → "readers"; permissions: "" → "auth.view_group, users.view_user"
root@example.com changed group Readers; name: "readers" → "Readers"; permissions: "auth.view_group, users.view_user" → "auth.view_group"
root@example.com deleted group Readers; name: "Readers" → ""; permissions: "auth.view_group" → ""
`
	if got := authtest.Told(w.Store.Events); got != want || w.Store.Events[2].TargetID != "3" {
		t.Errorf("events tell\n%swant\n%s", got, want)
	}
}

func TestAGroupsFaults(t *testing.T) {
	t.Parallel()
	for name, group := range map[string]string{
		"no name": " ", "a name that is too long": strings.Repeat("ü", auth.MaxNameLength+1), "a name with a NUL": "a\x00", "a name that is no text": "\xff", "a name that is taken": " admins ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, do := range []operation{addingGroup(group), editingGroup(authtest.SupportID, group)} {
				w := staffed(t)
				refusal := w.MustChangeNothing(t, auth.CodeInvalid, func() error { return do(t, w, w.admin(t, authtest.RootID)) })
				if authtest.FieldsOf(refusal) != "name" {
					t.Errorf("finds fault with %q", authtest.FieldsOf(refusal))
				}
			}
		})
	}
}

func TestWhoChangesAGroupThatAnotherHasChangedIsTold(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.Permit(authtest.SamID, limited...)
	version := accounts.GroupFormOf(w.Store.GroupRows[0]).Version()
	save := func() error {
		_, err := w.UpdateGroup(t.Context(), w.admin(t, authtest.RootID), authtest.SupportID, version, accounts.GroupForm{Name: "other"})
		return err
	}
	w.Store.GroupRows[0].Name = "past us"
	if refusal := w.MustChangeNothing(t, auth.CodeConflict, save); !strings.Contains(refusal.Detail, "by Django") {
		t.Errorf("says %q", refusal.Detail)
	}
	if err := editingGroup(authtest.SupportID, "first level", "users.view_user")(t, w, w.admin(t, authtest.SamID)); err != nil {
		t.Fatal(err)
	}
	// A user of the same number is another subject.
	if err := w.edit(t, w.admin(t, authtest.RootID), authtest.SupportID, func(f *accounts.UserForm) { f.FirstName = "Ruth" }); err != nil {
		t.Fatal(err)
	}
	want := "sam@example.com has changed this since you opened it: name is now “first level”, permissions is now “users.view_user”. " +
		"Saving would change name from “first level” to “other”, permissions from “users.view_user” to “”."
	if refusal := w.MustChangeNothing(t, auth.CodeConflict, save); refusal.Detail != want {
		t.Errorf("says %q, want %q", refusal.Detail, want)
	}
}

func TestWhatTheStoreCannotDoIsToldAsItIs(t *testing.T) {
	t.Parallel()
	operations := touching(authtest.AliceID)
	operations["added"] = adding(func(*accounts.UserForm) {})
	operations["in a new group"] = addingGroup("new")
	operations["without groups"] = deletingGroups(authtest.SupportID)
	for name, do := range operations {
		if name == "edited" {
			continue // reads the form first
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			by := w.admin(t, authtest.RootID)
			w.Store.Err = auth.Unavailable(errors.New("gone"))
			if err := do(t, w, by); auth.ErrorCode(err) != auth.CodeUnavailable {
				t.Errorf("answers %v", err)
			}
		})
	}
}
