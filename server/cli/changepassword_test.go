package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
)

const newPassword = "another horse entirely"

func TestChangePassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.superuser(t, "admin@example.com")
	w.superuser(t, "other@example.com")
	tokens := []string{w.mustLogin(t, "admin@example.com", goodPassword), w.mustLogin(t, "admin@example.com", goodPassword)}
	others := w.mustLogin(t, "other@example.com", goodPassword)

	w.typed = []string{"trustno1", "trustno1", newPassword, "a slip of the finger", newPassword, newPassword}
	got := w.run(t, "changepassword", "Admin@Example.com")
	if got.code != 0 || !strings.HasSuffix(got.stdout, "Password changed. Sessions ended: 2.\n") || !strings.HasPrefix(got.stdout, "Changing the password of admin@example.com.\n") {
		t.Fatalf("exits with %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if want := "password: This password is too common.\nThe passwords do not match. Try again.\n"; got.stderr != want {
		t.Errorf("says %q, want %q", got.stderr, want)
	}
	a := w.app(t)
	for _, token := range tokens {
		if _, err := a.Auth.Authenticate(t.Context(), token); auth.ErrorCode(err) != auth.CodeInvalidToken {
			t.Errorf("a session goes on: %v", err)
		}
	}
	if _, err := a.Auth.Authenticate(t.Context(), others); err != nil {
		t.Errorf("another user's session: %v", err)
	}
	if _, err := a.Auth.Login(t.Context(), auth.Credentials{Email: "admin@example.com", Password: goodPassword}); auth.ErrorCode(err) != auth.CodeInvalidCredentials {
		t.Errorf("the old password: %v", err)
	}
	w.mustLogin(t, "admin@example.com", newPassword)
}

func TestChangePasswordThatCannotGoOn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(w *world)
		args    []string
		code    int
		line    string
	}{
		"for nobody in particular":     {func(*world) {}, nil, exitUsage, "which user?"},
		"for two":                      {func(*world) {}, []string{"a@example.com", "b@example.com"}, exitUsage, "which user?"},
		"for somebody who is not":      {func(*world) {}, []string{"nobody@example.com"}, exitFailed, "No user has this e-mail address."},
		"for what is no address":       {func(*world) {}, []string{"\x00"}, exitFailed, "No user has this e-mail address."},
		"where there is no terminal":   {func(w *world) { w.terminal = false }, []string{"admin@example.com"}, exitUsage, "terminal"},
		"when nobody types":            {func(*world) {}, []string{"admin@example.com"}, exitFailed, "reading the password"},
		"with a password as a flag":    {func(*world) {}, []string{"admin@example.com", "--password", "x"}, exitUsage, "unknown flag"},
		"on a database that is behind": {func(w *world) { w.vars["LATCHKEY_AUTO_MIGRATE"] = "false" }, []string{"admin@example.com"}, exitFailed, "run latchkey migrate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.superuser(t, "admin@example.com")
			if strings.Contains(name, "behind") {
				w.run(t, "migrate", "down").mustSucceed(t, "Undid")
			}
			test.arrange(w)
			w.run(t, slices.Concat([]string{"changepassword"}, test.args)...).mustFail(t, test.code, test.line)
		})
	}
}
