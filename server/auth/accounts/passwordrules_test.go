package accounts_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
)

// ASVS 6.2.1, 6.2.4, 6.2.5, 6.2.9, 6.2.11
func TestTheRulesForNewPasswords(t *testing.T) {
	t.Parallel()
	const (
		required = "This is required."
		short    = "This password is too short. It must have at least 8 characters."
		long     = "A password has at most 1024 characters."
		address  = "This password is too similar to the e-mail address."
		name     = "This password is too similar to the name."
		site     = "This password is too similar to the name of this site."
		common   = "This password is too common."
		breached = "This password is known from a data breach. Choose another one."
	)
	alice := auth.User{Email: "alice.liddell@wonderland.example", FirstName: "Alice Pleasance", LastName: "Hargreaves"}
	for password, want := range map[string]string{
		"":                              required,
		"sh0rt-7":                       short,
		"ünïcödé":                       short, // seven characters in eleven bytes
		"e\u0301e\u0301e\u0301e\u0301":  short, // four, typed as eight
		"ünïcödés":                      "",
		"🗝🗝🗝🗝🗝🗝🗝🗝":                      "",
		"85296374":                      "", // NIST: no rule about kinds of characters
		"zxczxcqq":                      "",
		"1234567890123456789x":          "",
		alice.Email:                     address,
		strings.ToUpper(alice.Email):    address,
		"alice.liddell":                 address,
		"alice.liddell1":                address,
		"my-alice.liddell":              address,
		"liddell-alice":                 address,
		"alice.liddell-1a2b3c4d":        "", // as much again as the shortest password
		"wonderland":                    address,
		"wonderland.example":            address,
		"ce.lidde":                      address,
		"ｌｉｄｄｅｌｌ１":                      address, // in full width
		"Hargreaves7":                   name,
		"pleasanceHARGREAVES":           name,
		"hargreaves and the hatter":     "",
		"Latchkey-24":                   site,
		"corner-shop.2":                 site,
		"my-latchkey-is-in-the-shed":    "",
		"trustno1":                      common,
		"breached-wonderland":           breached,
		"correct horse battery":         "",
		" spaces count ":                "",
		"with\x00a NUL":                 "",
		"\xff is no UTF-8":              "This password has bytes that are not UTF-8.",
		strings.Repeat("ab", 512):       "",
		strings.Repeat("ab", 512) + "c": long,
		strings.Repeat("🗝", 1024):       "", // of four bytes each
		strings.Repeat("🗝", 1025):       long,
	} {
		w := newWorld(t)
		if got := w.CheckNewPassword(t.Context(), password, alice); got != want {
			t.Errorf("%.40q: %q, want %q", password, got, want)
		}
	}
}

// ASVS 6.2.11
func TestAPasswordIsNotLikeAPartOfThreeLetters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for password, want := range map[string]bool{"bob-12ab": false, "bob@example.com-1": true, "bobby-is-here": false} {
		if got := w.CheckNewPassword(t.Context(), password, auth.User{Email: "bob@example.com"}) != ""; got != want {
			t.Errorf("%q is refused: %v, want %v", password, got, want)
		}
	}
}

// ASVS 6.2.11
func TestAUserWithoutANameHasNoneToResemble(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.CheckNewPassword(t.Context(), "correct horse", auth.User{}); got != "" {
		t.Error(got)
	}
}

// What leaves the machine is asked last: of a password that is refused anyway nobody learns.
// ASVS 6.2.12
func TestOnlyAPasswordThatIsGoodOtherwiseIsLookedUpAmongBreaches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, password := range []string{"", "short", "trustno1", "bob@example.com", strings.Repeat("x", 1025), "correct horse"} {
		w.CheckNewPassword(t.Context(), password, auth.User{Email: "bob@example.com"})
	}
	if want := []string{"correct horse"}; !slices.Equal(w.Breaches.Asked, want) {
		t.Errorf("asked for %q, want %q", w.Breaches.Asked, want)
	}
}

// A person reads before what they would be refused for after.
// ASVS 6.1.2, 6.2.1
func TestTheRulesAreSaidAsTheyAreSet(t *testing.T) {
	t.Parallel()
	const rest = " characters of any kind, spaces included. Common passwords are refused, and so are those that resemble the e-mail address, the name or this site."
	for least, want := range map[int]string{8: "Use at least 8" + rest, 15: "Use at least 15" + rest} {
		w := newWorld(t)
		s := accounts.New(accounts.Config{MinPasswordLength: least}, accounts.Deps{Passwords: w.Passwords, Clock: w.Clock})
		if got := s.PasswordRules(); got != (accounts.PasswordRules{MinLength: least, MaxLength: 1024, Help: want}) {
			t.Errorf("they are %+v", got)
		}
		for length, fine := range map[int]bool{least - 1: false, least: true} {
			if got := s.CheckNewPassword(t.Context(), strings.Repeat("qz", 32)[:length], auth.User{}); (got == "") != fine {
				t.Errorf("of %d characters, where %d are asked for: %q", length, least, got)
			}
		}
	}
	if help := newWorld(t).PasswordRules().Help; !strings.Contains(help, "known from data breaches") {
		t.Errorf("where breaches are asked about it says %q", help)
	}
}
