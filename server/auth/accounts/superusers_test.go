package accounts_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

func TestCreateSuperuser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Clock.Advance(1500 * time.Nanosecond)
	user, err := w.CreateSuperuser(t.Context(), auth.CommandLine("test"), accounts.NewUser{Email: "Ünï.MÜLLER@Example.COM", Password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	want := auth.User{
		ID: 1, Email: "ünï.müller@example.com", Password: "current$correct horse",
		IsStaff: true, IsActive: true, IsSuperuser: true, DateJoined: authtest.Noon.Add(time.Microsecond),
	}
	if user != want || w.Store.UserRows[0].Email != want.Email {
		t.Errorf("made %+v\nwant %+v", user, want)
	}
	w.MustLogin(t, signin.Credentials{Email: "ÜNÏ.müller@example.com", Password: "correct horse"})
}

func TestCreateSuperuserNamesEveryFault(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		in   accounts.NewUser
		want []string // fields
	}{
		"nothing given":                      {accounts.NewUser{}, []string{"email", "password"}},
		"no address":                         {accounts.NewUser{Email: "alice", Password: "correct horse"}, []string{"email"}},
		"a weak password":                    {accounts.NewUser{Email: "new@example.com", Password: "trustno1"}, []string{"password"}},
		"an address that is taken":           {accounts.NewUser{Email: "alice@example.com", Password: "correct horse"}, []string{"email"}},
		"one that is, but for its case":      {accounts.NewUser{Email: "ALICE@EXAMPLE.com", Password: "correct horse"}, []string{"email"}},
		"one that is, as someone writes it":  {accounts.NewUser{Email: "alice@example.com ", Password: "correct horse"}, []string{"email"}},
		"a weak password, and no address":    {accounts.NewUser{Email: "@", Password: "1"}, []string{"email", "password"}},
		"a password like the address's part": {accounts.NewUser{Email: "someone@example.com", Password: "someone1"}, []string{"password"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Alice())
			_, err := w.CreateSuperuser(t.Context(), auth.CommandLine("test"), test.in)
			var refusal *auth.Error
			if !errors.As(err, &refusal) || refusal.Code != auth.CodeInvalid {
				t.Fatalf("answers %v", err)
			}
			var fields []string
			for _, f := range refusal.Fields {
				fields = append(fields, f.Field)
				if test.in.Password != "" && len(test.in.Password) > 1 && strings.Contains(f.Message, test.in.Password) {
					t.Errorf("%q repeats the password", f.Message)
				}
			}
			if strings.Join(fields, " ") != strings.Join(test.want, " ") {
				t.Errorf("finds fault with %v, want %v", fields, test.want)
			}
			if len(w.Store.UserRows) != 1 {
				t.Error("a user was stored")
			}
		})
	}
}

func TestWhatIsNotThePersonsFaultIsToldAsItIs(t *testing.T) {
	t.Parallel()
	calls := map[string]func(w *world) error{
		"creating": func(w *world) error {
			_, err := w.CreateSuperuser(t.Context(), auth.CommandLine("test"), accounts.NewUser{Email: "new@example.com", Password: "correct horse"})
			return err
		},
		"checking an address": func(w *world) error { return w.CheckNewEmail(t.Context(), "new@example.com") },
		"finding": func(w *world) error {
			_, err := w.FindUser(t.Context(), auth.CommandLine("test"), "alice@example.com")
			return err
		},
		"changing": func(w *world) error {
			_, err := w.SetPassword(t.Context(), auth.CommandLine("test"), 1, new("correct horse"))
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Alice())
			w.Store.Err = auth.Unavailable(errors.New("gone"))
			if err := call(w); auth.ErrorCode(err) != auth.CodeUnavailable {
				t.Errorf("answers %v", err)
			}
		})
	}
}

func TestCheckNewEmail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	for email, want := range map[string]auth.Code{
		"new@example.com": "", "Alice@Example.com": auth.CodeInvalid, "alice": auth.CodeInvalid, "": auth.CodeInvalid,
	} {
		if err := w.CheckNewEmail(t.Context(), email); auth.ErrorCode(err) != want {
			t.Errorf("%q: %v, want %q", email, err, want)
		}
	}
}

func TestFindUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	if user, err := w.FindUser(t.Context(), auth.CommandLine("test"), "ALICE@example.com"); err != nil || user.ID != 1 {
		t.Errorf("finds %+v, %v", user, err)
	}
	for _, email := range []string{"bob@example.com", "alice@example.com\x00", ""} {
		if _, err := w.FindUser(t.Context(), auth.CommandLine("test"), email); auth.ErrorCode(err) != auth.CodeNotFound {
			t.Errorf("%q: %v", email, err)
		}
	}
}

func TestSetPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	raw := w.MustLogin(t, authtest.AliceLogin()).AccessToken
	if _, err := w.SetPassword(t.Context(), auth.CommandLine("test"), 1, new("alice@example.com")); auth.ErrorCode(err) != auth.CodeInvalid {
		t.Errorf("a weak password: %v", err)
	}
	w.mustAuthenticate(t, raw)
	ended, err := w.SetPassword(t.Context(), auth.CommandLine("test"), 1, new("correct horse"))
	if err != nil || ended != 1 {
		t.Fatalf("answers %d, %v", ended, err)
	}
	if _, err := w.Authenticate(t.Context(), raw, authtest.Desk); auth.ErrorCode(err) != auth.CodeInvalidToken {
		t.Errorf("an old session after the change: %v", err)
	}
	w.MustRefuse(t, authtest.AliceLogin(), auth.CodeInvalidCredentials)
	in := authtest.AliceLogin()
	in.Password = "correct horse"
	w.MustLogin(t, in)
}
