package accounts_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
)

// principals sign sam in, once on each channel; sam has no permission at all.
var principals = map[string]func(t *testing.T, w *world) *auth.Principal{
	"on the admin site": func(t *testing.T, w *world) *auth.Principal {
		return w.MustBeAdmin(t, w.MustSignInAdmin(t, "sam@example.com"))
	},
	"by the API": func(t *testing.T, w *world) *auth.Principal {
		by, err := w.Authenticate(t.Context(), w.MustLogin(t, authtest.CredentialsOf("sam@example.com")).AccessToken, authtest.Desk)
		if err != nil {
			t.Fatal(err)
		}
		return by
	},
}

// goesOn reports whether a principal's session still is one.
func (w *world) goesOn(t *testing.T, by *auth.Principal) bool {
	t.Helper()
	session, user, err := w.Store.SessionByID(t.Context(), by.Session.ID)
	if err != nil {
		t.Fatal(err)
	}
	return session.Check(user, by.Channel, w.Clock.At) == nil
}

// ASVS 6.2.2, 6.2.3
func TestEverybodyChangesTheirOwnPassword(t *testing.T) {
	t.Parallel()
	proof := auth.PasswordProof("password of sam@example.com")
	for channel, signIn := range principals {
		t.Run(channel, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			var others []*auth.Principal
			for _, other := range principals {
				others = append(others, other(t, w))
			}
			by := signIn(t, w)
			w.Clock.Advance(30 * time.Minute) // proving it is part of the change, however long ago they signed in
			if err := w.ChangeOwnPassword(t.Context(), by, proof, "correct horse"); err != nil {
				t.Fatal(err)
			}
			if !w.goesOn(t, by) || w.goesOn(t, others[0]) || w.goesOn(t, others[1]) {
				t.Error("they stay in this session, and in no other")
			}
			want := "sam@example.com password set user sam@example.com; usable password: \"yes\" → \"yes\"; sessions ended: \"\" → \"2\"\n"
			if got := authtest.Told(w.Store.Events); !strings.HasSuffix(got, want) {
				t.Errorf("events tell\n%s", got)
			}
			if last := w.Store.Events[len(w.Store.Events)-1]; last.Channel != by.Channel || last.Address != authtest.Desk.Address {
				t.Errorf("the event is %+v", last)
			}
			w.MustHoldNoSecret(t)
			in := authtest.CredentialsOf("sam@example.com")
			w.MustRefuse(t, in, auth.CodeInvalidCredentials)
			in.Password = "correct horse"
			w.MustLogin(t, in)
		})
	}
}

func TestAnOwnPasswordThatIsNotChanged(t *testing.T) {
	t.Parallel()
	const right = "password of sam@example.com"
	for name, test := range map[string]struct {
		proof, password string
		meanwhile       func(w *world)
		want            auth.Code
		fields          string
	}{
		"without the old one":         {"", "correct horse", nil, auth.CodeInvalid, "current_password"},
		"with a wrong old one":        {"a wrong guess", "correct horse", nil, auth.CodeInvalid, "current_password"},
		"to a weak one":               {right, "trustno1", nil, auth.CodeInvalid, "new_password"},
		"to none":                     {right, "", nil, auth.CodeInvalid, "new_password"},
		"to one like the address":     {right, "sam@example.com", nil, auth.CodeInvalid, "new_password"},
		"with neither":                {"", "", nil, auth.CodeInvalid, "current_password new_password"},
		"by who is inactive since":    {right, "correct horse", func(w *world) { w.Store.User(authtest.SamID).IsActive = false }, auth.CodeInvalidToken, ""},
		"by who was signed out since": {right, "correct horse", func(w *world) { clear(w.Store.Sessions) }, auth.CodeInvalidToken, ""},
		"in a session whose password Django has changed": {right, "correct horse", func(w *world) { w.Store.User(authtest.SamID).Password = "current$other" }, auth.CodeInvalidToken, ""},
	} {
		for channel, signIn := range principals {
			t.Run(name+" "+channel, func(t *testing.T) {
				t.Parallel()
				w := staffed(t)
				by := signIn(t, w)
				was := w.Store.User(authtest.SamID).Password
				if test.meanwhile != nil {
					w.Store.OnChange = func() { test.meanwhile(w) }
				}
				err := w.ChangeOwnPassword(t.Context(), by, auth.PasswordProof(test.proof), test.password)
				if auth.ErrorCode(err) != test.want {
					t.Fatalf("answers %v, want %s", err, test.want)
				}
				var refusal *auth.Error
				if !errors.As(err, &refusal) {
					t.Fatal(err)
				}
				if got := authtest.FieldsOf(refusal); got != test.fields {
					t.Errorf("finds fault with %q, want %q", got, test.fields)
				}
				if w.Store.User(authtest.SamID).Password != was { // what the change began with is back
					t.Error("it was changed")
				}
			})
		}
	}
}
