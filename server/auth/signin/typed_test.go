package signin_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
)

// Phones and pasting put spaces around an address, and nobody sees them.
func TestAnAddressIsTrimmedOnEveryChannel(t *testing.T) {
	t.Parallel()
	for _, around := range []string{" ", "\t", "\u00a0", "\u3000", "\ufeff", "\u200b"} {
		w := staffed(t)
		in := authtest.CredentialsOf("sam@example.com")
		in.Email = around + in.Email + around
		w.MustLogin(t, in)
		if _, err := w.LoginAdmin(t.Context(), in); err != nil {
			t.Errorf("%q: the admin site answers %v", around, err)
		}
	}
}

// Else a space more would be a guess more.
// ASVS 6.3.1
func TestGuessesWithSpacesCountWithThoseWithout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	for _, around := range []string{"", " ", "\u00a0", "\ufeff"} {
		in := authtest.Wrong(authtest.AliceLogin())
		in.Email += around
		w.MustRefuse(t, in, auth.CodeInvalidCredentials)
	}
	once := newWorld(t, authtest.Alice())
	once.MustRefuse(t, authtest.Wrong(authtest.AliceLogin()), auth.CodeInvalidCredentials)
	for key := range w.Store.Attempts {
		if _, same := once.Store.Attempts[key]; !same {
			t.Errorf("%s is counted for one spelling alone", key)
		}
	}
}

// ASVS 6.2.8
func TestAPasswordIsNotTrimmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	in := authtest.AliceLogin()
	in.Password += " "
	w.MustRefuse(t, in, auth.CodeInvalidCredentials)
}

// It costs nothing, and is no guess: it is the same for everybody, known or not.
// ASVS 6.2.9
func TestAPasswordThatIsTooLongIsNeitherHashedNorCounted(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	by := w.MustBeAdmin(t, w.MustSignInAdmin(t, "sam@example.com"))
	checks, counted := len(w.Passwords.Checks), maps.Clone(w.Store.Attempts)
	long := strings.Repeat("x", auth.MaxPasswordLength+1)
	for _, email := range []string{"sam@example.com", "nobody@example.com"} {
		in := authtest.CredentialsOf(email)
		in.Password = long
		if refusal := w.MustRefuse(t, in, auth.CodeInvalid); authtest.FieldsOf(refusal) != "password" {
			t.Errorf("finds fault with %v", refusal.Fields)
		}
		if _, err := w.LoginAdmin(t.Context(), in); auth.ErrorCode(err) != auth.CodeInvalid {
			t.Errorf("the admin site answers %v", err)
		}
	}
	if err := w.Confirm(t.Context(), by, auth.PasswordProof(long)); auth.ErrorCode(err) != auth.CodeInvalid {
		t.Errorf("a confirmation is answered %v", err)
	}
	if len(w.Passwords.Checks) != checks || !maps.Equal(w.Store.Attempts, counted) {
		t.Errorf("checked were %d, counted %v", len(w.Passwords.Checks)-checks, w.Store.Attempts)
	}
}
