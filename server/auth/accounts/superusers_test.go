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

// ASVS 6.2.1, 6.2.5, 6.2.9, 6.2.11
func TestTheRulesForNewPasswords(t *testing.T) {
	t.Parallel()
	const (
		required = "This is required."
		short    = "This password is too short. It must have at least 8 characters."
		numeric  = "This password is entirely numeric."
		similar  = "This password is too similar to the e-mail address."
		common   = "This password is too common."
	)
	const email = "alice.liddell@wonderland.example"
	for password, want := range map[string]string{
		"":                         required,
		"sh0rt-7":                  short,
		"ünïcödé":                  short, // seven characters in eleven bytes
		"ünïcödés":                 "",
		"🗝🗝🗝🗝🗝🗝🗝🗝":                 "",
		"12345678901234567890":     numeric,
		"1234567890123456789x":     "",
		email:                      similar,
		strings.ToUpper(email):     similar,
		"alice.liddell":            similar,
		"alice.liddell1":           similar,
		"my-alice.liddell":         similar,
		"alice.liddell-1a2b3c4d":   "", // as much again as a password must have
		"wonderland":               similar,
		"wonderland.example":       similar,
		"ce.lidde":                 similar,
		"trustno1":                 common,
		"correct horse battery":    "",
		" spaces count ":           "",
		"with\x00a NUL":            "",
		strings.Repeat("ab", 5000): "",
	} {
		w := newWorld(t)
		if got := w.CheckNewPassword(password, email); got != want {
			t.Errorf("%.40q: %q, want %q", password, got, want)
		}
	}
}

func TestAPasswordIsNotLikeAPartOfThreeLetters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for password, want := range map[string]bool{"bob-12ab": false, "bob@example.com-1": true, "bobby-is-here": false} {
		if got := w.CheckNewPassword(password, "bob@example.com") != ""; got != want {
			t.Errorf("%q is refused: %v, want %v", password, got, want)
		}
	}
}

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
