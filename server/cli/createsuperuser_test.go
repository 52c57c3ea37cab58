package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
)

func TestCreateSuperuserAsks(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stdin string
		typed []string
		email string // of who is made
		told  []string
	}{
		"for an address and, twice, a password": {
			"admin@example.com\n", []string{goodPassword, goodPassword}, "admin@example.com", nil,
		},
		"with line ends of Windows": {
			"admin@example.com\r\n", []string{goodPassword, goodPassword}, "admin@example.com", nil,
		},
		"with input that ends without a line end": {
			"admin@example.com", []string{goodPassword, goodPassword}, "admin@example.com", nil,
		},
		"and keeps the address in lower case": {
			"Admin@Example.COM\n", []string{goodPassword, goodPassword}, "admin@example.com", nil,
		},
		"again for an address that is none": {
			"\nadmin\nadmin@example.com\n", []string{goodPassword, goodPassword}, "admin@example.com",
			[]string{"email: This is required.", "email: Enter a valid e-mail address."},
		},
		"again for an address that is taken": {
			"TAKEN@example.com\nadmin@example.com\n", []string{goodPassword, goodPassword}, "admin@example.com",
			[]string{"email: A user with this e-mail address already exists."},
		},
		"again for a password that is not repeated": {
			"admin@example.com\n", []string{goodPassword, "correct horse batery", goodPassword, goodPassword}, "admin@example.com",
			[]string{"The passwords do not match. Try again."},
		},
		"again for a password that is weak, and says why": {
			"admin@example.com\n", []string{"sh0rt", "sh0rt", "1234567890", "1234567890", "trustno1", "trustno1", "ADMIN@example.com", "ADMIN@example.com", "", "", goodPassword, goodPassword}, "admin@example.com",
			[]string{
				"password: This password is too short. It must have at least 8 characters.", "password: This password is too common.",
				"password: This password is too common.", "password: This password is too similar to the e-mail address.", "password: This is required.",
			},
		},
		"and leaves out what surrounds the address": {
			"\u00a0admin@example.com \t\n", []string{goodPassword, goodPassword}, "admin@example.com", nil,
		},
		"and takes a password exactly": {
			"admin@example.com\n", []string{"  spaces 🗝  ", "  spaces 🗝  "}, "admin@example.com", nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.superuser(t, "taken@example.com")
			w.stdin, w.typed = test.stdin, slices.Clone(test.typed)
			password := test.typed[len(test.typed)-1]
			got := w.run(t, "createsuperuser")
			if got.code != 0 || !strings.HasSuffix(got.stdout, "Superuser "+test.email+" created.\n") {
				t.Fatalf("exits with %d\n%s%s", got.code, got.stdout, got.stderr)
			}
			if told := strings.Join(test.told, "\n"); strings.TrimSuffix(got.stderr, "\n") != told {
				t.Errorf("says\n%s\nwant\n%s", got.stderr, told)
			}
			if len(w.typed) > 0 {
				t.Errorf("%d answers are left", len(w.typed))
			}
			w.mustLogin(t, test.email, password)
		})
	}
}

func TestCreateSuperuserThatCannotGoOn(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arrange func(w *world)
		args    []string
		code    int
		lines   []string
	}{
		"when nobody types an address": {func(*world) {}, nil, exitFailed, []string{"no answer: nothing was done"}},
		"when nobody types a password": {func(w *world) { w.stdin = "admin@example.com\n" }, nil, exitFailed, []string{"reading the password"}},
		"when nobody repeats it": {
			func(w *world) { w.stdin, w.typed = "admin@example.com\n", []string{goodPassword} }, nil, exitFailed, []string{"reading the password"},
		},
		"with an address as a flag that is taken": {func(*world) {}, []string{"--email", "TAKEN@example.com"}, exitFailed, []string{"already exists"}},
		"with an address as a flag that is none":  {func(*world) {}, []string{"--email", "admin"}, exitFailed, []string{"Enter a valid e-mail address"}},
		"where there is no terminal":              {func(w *world) { w.terminal = false }, nil, exitUsage, []string{"--noinput"}},
		"with --noinput and nothing set": {
			func(*world) {}, []string{"--noinput"}, exitUsage, []string{"LATCHKEY_SUPERUSER_EMAIL", "LATCHKEY_SUPERUSER_PASSWORD"},
		},
		"with --noinput and no password": {
			func(w *world) { w.vars["LATCHKEY_SUPERUSER_EMAIL"] = "admin@example.com" }, []string{"--noinput"}, exitUsage, []string{"LATCHKEY_SUPERUSER_PASSWORD"},
		},
		"with --noinput and no address": {
			func(w *world) { w.vars["LATCHKEY_SUPERUSER_PASSWORD"] = goodPassword }, []string{"--noinput"}, exitUsage, []string{"LATCHKEY_SUPERUSER_EMAIL"},
		},
		"with --noinput and an address that is taken": {
			func(w *world) { w.unasked("Taken@example.com", goodPassword) }, []string{"--noinput"}, exitFailed, []string{"email: A user with this e-mail address already exists."},
		},
		"with --noinput and everything wrong": {
			func(w *world) { w.unasked("admin", "trustno1") }, []string{"--noinput"}, exitFailed, []string{"email: ", "password: "},
		},
		"with an argument": {func(*world) {}, []string{"admin@example.com"}, exitUsage, []string{"takes no arguments"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.superuser(t, "taken@example.com")
			test.arrange(w)
			w.run(t, append([]string{"createsuperuser"}, test.args...)...).mustFail(t, test.code, test.lines...)
			if _, err := w.app(t).Accounts.FindUser(t.Context(), auth.CommandLine("test"), "admin@example.com"); err == nil {
				t.Error("a user was made")
			}
		})
	}
}

func (w *world) unasked(email, password string) {
	w.vars["LATCHKEY_SUPERUSER_EMAIL"], w.vars["LATCHKEY_SUPERUSER_PASSWORD"] = email, password
}

func TestCreateSuperuserUnasked(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"by the environment":            {"--noinput"},
		"with an address that is given": {"--noinput", "--email", "other@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.terminal = false
			w.unasked("admin@example.com", goodPassword)
			email := "admin@example.com"
			if len(args) > 1 {
				email = args[2]
			}
			w.run(t, append([]string{"createsuperuser"}, args...)...).mustSucceed(t, "Superuser "+email+" created.\n")
			w.mustLogin(t, email, goodPassword)
		})
	}
}

// Old twins have the address between them, whatever its spelling. A person who
// is asked for another password for that reason is asked for ever.
func TestCreateSuperuserAsksForNoPasswordForAnAddressThatTwinsHave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(t, "migrate").mustSucceed(t, "Applied")
	for _, email := range []string{"DupCase@example.com", "DUPCASE@example.com"} {
		w.exec(t, `INSERT INTO users_user (password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
			VALUES ('!', false, '', '', false, true, '2024-06-26 08:45:00+00:00', '`+email+`')`)
	}
	w.stdin = "dupcase@example.com\n"
	w.typed = slices.Repeat([]string{goodPassword}, 10)
	got := w.run(t, "createsuperuser")
	if got.code != exitFailed || strings.Count(got.stderr, "already exists") != 1 {
		t.Errorf("exits with %d: %s", got.code, got.stderr)
	}
	if w.asked > 2 {
		t.Errorf("asked for a password %d times", w.asked)
	}
}
