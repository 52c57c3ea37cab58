package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// row returns the flags of a user, as they are stored: active, staff, superuser.
func (w *world) row(t *testing.T, email string) string {
	t.Helper()
	user, err := w.app(t).Accounts.FindUser(t.Context(), auth.CommandLine("test"), email)
	if err != nil {
		return "none"
	}
	var flags []string
	for name, set := range map[string]bool{"active": user.IsActive, "staff": user.IsStaff, "superuser": user.IsSuperuser} {
		if set {
			flags = append(flags, name)
		}
	}
	slices.Sort(flags)
	return strings.Join(flags, " ")
}

func TestALifeOnTheCommandLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.superuser(t, "admin@example.com")
	w.superuser(t, "other@example.com")
	for _, step := range []struct{ command, stdout, row string }{
		{"demote", "other@example.com is no longer a superuser or staff.\n", "active"},
		{"demote", "other@example.com is no longer a superuser or staff.\n", "active"}, // is so already
		{"deactivate", "other@example.com is inactive and signed out everywhere.\n", ""},
		{"activate", "other@example.com is active.\n", "active"},
		{"promote", "other@example.com is a superuser.\n", "active staff superuser"},
		{"delete", "other@example.com was deleted.\n", "none"},
	} {
		if got := w.run(t, "user", step.command, "Other@Example.com"); got.code != 0 || got.stderr != "" || got.stdout != step.stdout {
			t.Fatalf("%s exits with %d\n%s%s\nwant %q", step.command, got.code, got.stdout, got.stderr, step.stdout)
		}
		if got := w.row(t, "other@example.com"); got != step.row {
			t.Fatalf("after %s the user is %q, want %q", step.command, got, step.row)
		}
	}
	if got := w.row(t, "admin@example.com"); got != "active staff superuser" {
		t.Errorf("another is %q", got)
	}
}

// The command needs no secret to find who is locked. With it, it ends a wait too.
func TestUnlocking(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		secret  bool
		locked  bool
		enabled bool
	}{
		"who is locked, without the secret": {secret: false, locked: true, enabled: true},
		"who is locked, with it":            {secret: true, locked: true, enabled: true},
		"who waits, with the secret":        {secret: true, locked: false, enabled: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.superuser(t, "admin@example.com")
			secret := w.vars["LATCHKEY_SECRET_KEY"]
			w.vars["LATCHKEY_SECRET_KEY"] = "fQ8v2Lm0xZr7Tn4Kc9Yp1Wd6Hs3Bg5JuEaO"
			w.vars["LATCHKEY_GUESSES_PER_CLIENT"] = "1"
			if test.locked {
				w.vars["LATCHKEY_GUESSES_UNTIL_LOCKED"] = "1"
			}
			in := signin.Credentials{Email: "admin@example.com", Password: "wrong"}
			a := w.app(t)
			if _, err := a.SignIn.Login(t.Context(), in); auth.ErrorCode(err) != auth.CodeInvalidCredentials {
				t.Fatal(err)
			}
			in.Password = goodPassword
			if _, err := a.SignIn.Login(t.Context(), in); auth.ErrorCode(err) != auth.CodeTooManyAttempts {
				t.Fatal(err)
			}
			if !test.secret {
				w.vars["LATCHKEY_SECRET_KEY"] = secret
			}
			w.run(t, "user", "unlock", "admin@example.com").mustSucceed(t, "admin@example.com is not locked.")
			if _, err := a.SignIn.Login(t.Context(), in); (err == nil) != test.enabled {
				t.Errorf("answers %v", err)
			}
		})
	}
}

func TestDeactivatingEndsSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.superuser(t, "admin@example.com")
	w.superuser(t, "other@example.com")
	token := w.mustLogin(t, "other@example.com", goodPassword)
	others := w.mustLogin(t, "admin@example.com", goodPassword)
	w.run(t, "user", "deactivate", "other@example.com").mustSucceed(t, "signed out everywhere")
	w.run(t, "user", "activate", "other@example.com").mustSucceed(t, "active")
	a := w.app(t)
	if _, err := a.SignIn.Authenticate(t.Context(), token, auth.Client{}); auth.ErrorCode(err) != auth.CodeInvalidToken {
		t.Errorf("a session goes on: %v", err)
	}
	if _, err := a.SignIn.Authenticate(t.Context(), others, auth.Client{}); err != nil {
		t.Errorf("another user's session: %v", err)
	}
}

func TestTheLastSuperuserStaysOneOnTheCommandLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.superuser(t, "admin@example.com")
	w.superuser(t, "asleep@example.com")
	w.run(t, "user", "deactivate", "asleep@example.com").mustSucceed(t, "inactive")
	for _, command := range []string{"deactivate", "demote", "delete"} {
		got := w.run(t, "user", command, "admin@example.com")
		if got.code != exitFailed || got.stdout != "" || !strings.Contains(got.stderr, "last active superuser. Create another one first.") || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("%s exits with %d\n%s%s", command, got.code, got.stdout, got.stderr)
		}
		if got := w.row(t, "admin@example.com"); got != "active staff superuser" {
			t.Errorf("after %s the user is %q", command, got)
		}
	}
	w.run(t, "user", "activate", "asleep@example.com").mustSucceed(t, "active")
	w.run(t, "user", "delete", "admin@example.com").mustSucceed(t, "deleted")
}

func TestAUserToWhomOtherTablesReferIsToldInALine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.superuser(t, "admin@example.com")
	w.superuser(t, "other@example.com")
	w.exec(t, "CREATE TABLE shop_order (user_id bigint NOT NULL REFERENCES users_user (id) DEFERRABLE INITIALLY DEFERRED)")
	w.exec(t, "INSERT INTO shop_order (user_id) SELECT id FROM users_user WHERE email = 'other@example.com'")
	w.run(t, "user", "delete", "other@example.com").mustFail(t, exitFailed, "Other tables of this database refer to the user. Make the account inactive instead")
}

func TestUserThatCannotGoOn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(w *world)
		args    []string
		code    int
		line    string
	}{
		"without a word that it knows": {func(*world) {}, []string{"rename", "admin@example.com"}, exitUsage, "unknown command \"rename\""},
		"for nobody in particular":     {func(*world) {}, []string{"delete"}, exitUsage, "which user? latchkey user delete EMAIL"},
		"for two":                      {func(*world) {}, []string{"promote", "a@example.com", "b@example.com"}, exitUsage, "which user? latchkey user promote EMAIL"},
		"for somebody who is not":      {func(*world) {}, []string{"activate", "nobody@example.com"}, exitFailed, "No user has this e-mail address."},
		"for what is no address":       {func(*world) {}, []string{"demote", "\x00"}, exitFailed, "No user has this e-mail address."},
		"with a flag that is none":     {func(*world) {}, []string{"delete", "--all", "admin@example.com"}, exitUsage, "unknown flag"},
		"on a database that is behind": {func(w *world) { w.vars["LATCHKEY_AUTO_MIGRATE"] = "false" }, []string{"delete", "admin@example.com"}, exitFailed, "run latchkey migrate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.superuser(t, "admin@example.com")
			if strings.Contains(name, "behind") {
				w.run(t, "migrate", "down").mustSucceed(t, "Undid")
			}
			test.arrange(w)
			w.run(t, slices.Concat([]string{"user"}, test.args)...).mustFail(t, test.code, test.line)
		})
	}
}

func TestUserWithoutACommandShowsHelp(t *testing.T) {
	t.Parallel()
	got := newWorld(t).run(t, "user")
	got.mustSucceed(t, "latchkey user [command]")
	for _, name := range []string{"activate", "deactivate", "unlock", "promote", "demote", "delete"} {
		if !strings.Contains(got.stdout, name) {
			t.Errorf("does not mention %s", name)
		}
	}
}
