package repotest

import (
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

var sessions = []contractTest{
	{"a login stores its session and last_login", func(t *testing.T, f fixture) {
		in := login(f.create(t, "alice@example.com"), "s1")
		f.begin(t, in)
		session, user, err := f.SessionByID(t.Context(), "s1")
		must(t, err)
		if session != in.Session {
			t.Errorf("%+v became %+v", in.Session, session)
		}
		if user.LastLogin == nil || !user.LastLogin.Equal(noon) {
			t.Errorf("last_login is %v, want %v", user.LastLogin, noon)
		}
		user.LastLogin = nil
		if user != in.User {
			t.Errorf("the user is %+v, want %+v", user, in.User)
		}
	}},
	{"a login changes no other user", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		in := login(alice, "s1")
		in.UpgradePassword = "argon2$new"
		f.begin(t, in)
		if got := f.reread(t, bob); got != bob {
			t.Errorf("%+v became %+v", bob, got)
		}
	}},
	{"a login with an upgrade stores the upgraded password", func(t *testing.T, f fixture) {
		in := login(f.create(t, "alice@example.com"), "s1")
		in.UpgradePassword = "argon2$upgraded"
		in.Session.PasswordMark = mark("argon2$upgraded")
		f.begin(t, in)
		if got := f.reread(t, in.User); got.Password != "argon2$upgraded" {
			t.Errorf("the password is %q", got.Password)
		}
		if got := f.session(t, "s1"); got.PasswordMark != mark("argon2$upgraded") {
			t.Errorf("the mark is %q", got.PasswordMark)
		}
	}},
	{"an upgrade keeps the user's other sessions good, and only those", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		f.begin(t, login(alice, "hers"))
		f.begin(t, login(alice, "hers too"))
		before := login(alice, "of an older password")
		before.Session.PasswordMark = mark("older")
		f.begin(t, before)
		same := login(bob, "his, with the same mark")
		same.Session.PasswordMark = mark(alice.Password)
		f.begin(t, same)

		in := login(alice, "new")
		in.UpgradePassword = "argon2$upgraded"
		in.Session.PasswordMark = mark("argon2$upgraded")
		f.begin(t, in)
		for id, want := range map[string]string{
			"hers": mark("argon2$upgraded"), "hers too": mark("argon2$upgraded"), "new": mark("argon2$upgraded"),
			"of an older password": mark("older"), "his, with the same mark": mark(alice.Password),
		} {
			if got := f.session(t, id).PasswordMark; got != want {
				t.Errorf("%s: the mark is %q, want %q", id, got, want)
			}
		}
	}},
	{"a login settles the counters that it names", func(t *testing.T, f fixture) {
		in := login(f.create(t, "alice@example.com"), "s1")
		f.fail(t, noon, "a", "b", "c")
		in.Attempts = signin.Settlement{At: noon, Forgive: []string{"a"}, Release: []string{"c"}, Remember: "k", Until: noon.Add(time.Hour)}
		f.begin(t, in)
		if got := f.counted(t, "a", "b", "c"); got["b"] != 1 || len(got) != 1 {
			t.Errorf("counted are %v", got)
		}
	}},
	{"a login of a user that changed meanwhile stores nothing", func(t *testing.T, f fixture) {
		for name, change := range map[string]string{
			"the password":           "UPDATE users_user SET password = 'another' WHERE id = $1",
			"the password's case":    "UPDATE users_user SET password = upper(password) WHERE id = $1",
			"the user, now inactive": "UPDATE users_user SET is_active = false WHERE id = $1",
			"the user, now gone":     "DELETE FROM users_user WHERE id = $1",
		} {
			user := f.create(t, name+"@example.com")
			f.fail(t, noon, name)
			f.exec(t, change, user.ID)
			in := login(user, "x"+name)
			in.UpgradePassword, in.Attempts.Forgive = "argon2$upgraded", []string{name}
			mustBe(t, f.BeginSession(t.Context(), in), auth.ErrChanged)
			f.nothingStored(t, in, name)
		}
	}},
	{"a login whose session's id is taken stores nothing", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		f.begin(t, login(bob, "taken"))
		f.fail(t, noon, "key")
		in := login(alice, "taken")
		in.UpgradePassword, in.Attempts.Forgive = "argon2$upgraded", []string{"key"}
		if err := f.BeginSession(t.Context(), in); err == nil {
			t.Error("it has begun")
		}
		if got := f.reread(t, alice); got.LastLogin != nil || got.Password != alice.Password {
			t.Errorf("the user is %+v", got)
		}
		if got := f.counted(t, "key"); got["key"] != 1 {
			t.Error("the attempts are forgotten")
		}
		if got := f.session(t, "taken"); got.UserID != bob.ID {
			t.Error("the session became another user's")
		}
	}},
	{"of twenty logins that upgrade at once, one does", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		ids := "abcdefghijklmnopqrst"
		answers := atOnce(len(ids), func(i int) error {
			in := login(alice, ids[i:i+1])
			in.UpgradePassword = "argon2$" + ids[i:i+1]
			in.Session.PasswordMark = mark(in.UpgradePassword)
			return f.BeginSession(t.Context(), in)
		})
		ok, changed, others := tally(answers, auth.ErrChanged)
		if ok != 1 || changed != len(ids)-1 || len(others) > 0 {
			t.Errorf("%d began, for %d the user had changed; %v", ok, changed, others)
		}
		if n := f.count(t, "SELECT count(*) FROM latchkey_session"); n != 1 {
			t.Errorf("there are %d sessions", n)
		}
	}},
	{"twenty logins that upgrade nothing all begin", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		ids := "abcdefghijklmnopqrst"
		answers := atOnce(len(ids), func(i int) error { return f.BeginSession(t.Context(), login(alice, ids[i:i+1])) })
		if ok, _, others := tally(answers, nil); ok != len(ids) {
			t.Errorf("%d began; %v", ok, others)
		}
	}},
	{"a session that is not there is no row", func(t *testing.T, f fixture) {
		f.begin(t, login(f.create(t, "alice@example.com"), "s1"))
		for _, id := range []string{"", "s2", "S1", "s1 ", "%"} {
			_, _, err := f.SessionByID(t.Context(), id)
			mustBe(t, err, auth.ErrNoRow)
		}
	}},
	{"a user who is deleted by anybody takes the sessions along", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		f.begin(t, login(alice, "s1"))
		f.exec(t, "DELETE FROM users_user WHERE id = $1", alice.ID)
		_, _, err := f.SessionByID(t.Context(), "s1")
		mustBe(t, err, auth.ErrNoRow)
	}},
	{"a session is read with its user as it is now", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		f.begin(t, login(alice, "s1"))
		f.exec(t, "UPDATE users_user SET is_active = false, first_name = 'Alice', password = 'other' WHERE id = $1", alice.ID)
		_, user, err := f.SessionByID(t.Context(), "s1")
		if err != nil || user.IsActive || user.FirstName != "Alice" || user.Password != "other" {
			t.Errorf("reads %+v, %v", user, err)
		}
	}},
}

// nothingStored holds after a login that failed.
func (f fixture) nothingStored(t testing.TB, in signin.NewSession, key string) {
	t.Helper()
	_, _, err := f.SessionByID(t.Context(), in.Session.ID)
	mustBe(t, err, auth.ErrNoRow)
	if n := f.count(t, "SELECT count(*) FROM users_user WHERE id = $1 AND (last_login IS NOT NULL OR password = $2)", in.User.ID, in.UpgradePassword); n != 0 {
		t.Errorf("%s: the user was changed", key)
	}
	if got := f.counted(t, key); got[key] != 1 {
		t.Errorf("%s: the attempts are forgotten", key)
	}
}
