package signin_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// ASVS 7.2.2, 7.2.4
func TestLoginBeginsASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.Clock.Advance(1234567 * time.Nanosecond)
	grant, err := w.Login(t.Context(), authtest.AliceLogin())
	if err != nil {
		t.Fatal(err)
	}
	began := authtest.Noon.Add(1234 * time.Microsecond)
	want := auth.Session{
		ID: "id-1", UserID: 1, Channel: auth.ChannelAPI, CreatedAt: began, RenewedAt: began, ExpiresAt: began.Add(720 * time.Hour),
		Address: "192.0.2.1", UserAgent: "Firefox", PasswordMark: auth.PasswordMark("current$wonderland"), ConfirmedAt: &began,
	}
	if got := w.Store.Sessions["id-1"]; !reflect.DeepEqual(got, want) {
		t.Errorf("the session is %+v\nwant %+v", got, want)
	}
	if grant.User.LastLogin == nil || !grant.User.LastLogin.Equal(began) {
		t.Errorf("last_login is %v, want %v", grant.User.LastLogin, began)
	}
	token := w.Tokens.Issued[grant.AccessToken]
	if want := (auth.AccessToken{ID: "id-2", UserID: 1, SessionID: "id-1", IssuedAt: authtest.Noon, ExpiresAt: authtest.Noon.Add(24 * time.Hour)}); token != want {
		t.Errorf("the token says %+v, want %+v", token, want)
	}
}

func TestLoginUpgradesOnlyWhatIsWeaker(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ stored, want string }{
		"a weaker password":                  {"weak$wonderland", "current$wonderland"},
		"a password of the current setting":  {"current$wonderland", ""},
		"a password of a stronger algorithm": {"stronger$wonderland", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			user := authtest.Alice()
			user.Password = test.stored
			w := newWorld(t, user)
			grant, err := w.Login(t.Context(), authtest.AliceLogin())
			if err != nil {
				t.Fatal(err)
			}
			begun := w.Store.Begun[0]
			if begun.UpgradePassword != test.want {
				t.Errorf("upgrades to %q, want %q", begun.UpgradePassword, test.want)
			}
			if begun.User.Password != test.stored || begun.PreviousMark != auth.PasswordMark(test.stored) {
				t.Error("the store is not told what the password was")
			}
			kept := w.Store.UserRows[0].Password
			if begun.Session.PasswordMark != auth.PasswordMark(kept) {
				t.Error("the session's mark is not that of the password that is stored now")
			}
			if _, err := w.Authenticate(t.Context(), grant.AccessToken, authtest.Desk); err != nil {
				t.Errorf("the new session is not good: %v", err)
			}
		})
	}
}

func TestARightLoginIsNotRefusedWhenItsUpgradeCannotRun(t *testing.T) {
	t.Parallel()
	user := authtest.Alice()
	user.Password = "weak$wonderland"
	w := newWorld(t, user)
	w.Passwords.HashErr = auth.Busy(errors.New("full"))
	if _, err := w.Login(t.Context(), authtest.AliceLogin()); err != nil {
		t.Fatalf("answers %v", err)
	}
	if got := w.Store.UserRows[0].Password; got != user.Password {
		t.Errorf("the password became %q", got)
	}
}

func TestAUserThatChangesUnderALogin(t *testing.T) {
	t.Parallel()
	type change func(w *world, try int)
	tests := map[string]struct {
		change change
		want   auth.Code
		tries  int
	}{
		"to a hash of the same password, is looked at again": {
			func(w *world, try int) {
				if try == 1 {
					w.Store.UserRows[0].Password = "stronger$wonderland"
				}
			}, "", 2,
		},
		"to another password, is refused": {
			func(w *world, _ int) { w.Store.UserRows[0].Password = "current$something-else" }, auth.CodeInvalidCredentials, 1,
		},
		"and is inactive, is refused": {
			func(w *world, _ int) { w.Store.UserRows[0].IsActive = false }, auth.CodeInvalidCredentials, 1,
		},
		"and is gone, is refused": {
			func(w *world, _ int) { w.Store.UserRows = nil }, auth.CodeInvalidCredentials, 1,
		},
		"each time, is told to come back": {
			func(w *world, try int) {
				w.Store.UserRows[0].Password = []string{"stronger$wonderland", "stronger2$wonderland"}[try%2]
			}, auth.CodeBusy, signin.MaxLoginTries,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Alice())
			w.Store.OnBegin = func(signin.NewSession) error {
				test.change(w, len(w.Store.Begun))
				return nil
			}
			_, err := w.Login(t.Context(), authtest.AliceLogin())
			if got := auth.ErrorCode(err); got != test.want || (err == nil) != (test.want == "") {
				t.Errorf("answers %v, want %q", err, test.want)
			}
			if got := len(w.Store.Begun); got != test.tries {
				t.Errorf("tried %d times, want %d", got, test.tries)
			}
			if counted := len(w.totals()) > 0; counted != (test.want == auth.CodeInvalidCredentials) {
				t.Errorf("counted as a failed attempt: %v", counted)
			}
		})
	}
}

func TestAStoreThatFailsWhenTheSessionBeginsGivesNoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.Store.OnBegin = func(signin.NewSession) error { return auth.Unavailable(errors.New("gone")) }
	grant, err := w.Login(t.Context(), authtest.AliceLogin())
	if auth.ErrorCode(err) != auth.CodeUnavailable || grant.AccessToken != "" || len(w.Store.Begun) != 1 {
		t.Errorf("answers %v with token %q after %d tries", err, grant.AccessToken, len(w.Store.Begun))
	}
}

// PostgreSQL answers an error to a NUL and to what is not UTF-8, and no address
// is longer than its column.
func TestTheStoreIsAskedOnlyForWhatAnAddressCanBe(t *testing.T) {
	t.Parallel()
	for email, asked := range map[string]bool{
		"alice@example.com": true,
		"":                  true,
		strings.Repeat("ü", auth.MaxEmailLength):   true,
		strings.Repeat("ü", auth.MaxEmailLength+1): false,
		"alice@example.com\x00":                    false,
		"\x00":                                     false,
		"al\xffice@example.com":                    false,
		"\xed\xa0\x80@example.com (surrogate)":     false,
	} {
		w := newWorld(t, authtest.Alice())
		w.guess(t.Context(), email)
		if got := len(w.Store.LookedUp) > 0; got != asked {
			t.Errorf("%q: asked %v, want %v", email, got, asked)
		}
	}
}

func TestWhatIsKeptOfAUserAgentCanBeStored(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ agent, want string }{
		"a short one is kept":                 {"Firefox/9 (like a fox)", "Firefox/9 (like a fox)"},
		"one that just fits is kept":          {strings.Repeat("a", signin.MaxUserAgent), strings.Repeat("a", signin.MaxUserAgent)},
		"a longer one is cut":                 {strings.Repeat("a", signin.MaxUserAgent+1), strings.Repeat("a", signin.MaxUserAgent)},
		"no database wants a NUL":             {"Fire\x00fox", "Fire?fox"},
		"nor what is not UTF-8":               {"Fire\xff\xc3fox", "Fire??fox"},
		"a database in LATIN1 has no 漢":       {"漢fox", "?fox"},
		"a terminal may take orders from ESC": {"\x1b[2Jfox", "?[2Jfox"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := signin.CutUserAgent(test.agent); got != test.want {
				t.Errorf("%q became %q, want %q", test.agent, got, test.want)
			}
		})
	}
}
