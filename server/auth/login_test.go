package auth

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestLoginBeginsASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice())
	w.clock.advance(1234567 * time.Nanosecond)
	grant, err := w.Login(t.Context(), aliceLogin())
	if err != nil {
		t.Fatal(err)
	}
	began := noon.Add(1234 * time.Microsecond)
	want := Session{
		ID: "id-1", UserID: 1, Channel: ChannelAPI, CreatedAt: began, RenewedAt: began, ExpiresAt: began.Add(720 * time.Hour),
		Address: "192.0.2.1", UserAgent: "Firefox", PasswordMark: passwordMark("current$wonderland"),
	}
	if got := w.store.sessions["id-1"]; got != want {
		t.Errorf("the session is %+v\nwant %+v", got, want)
	}
	if grant.User.LastLogin == nil || !grant.User.LastLogin.Equal(began) {
		t.Errorf("last_login is %v, want %v", grant.User.LastLogin, began)
	}
	token := w.tokens.issued[grant.AccessToken]
	if want := (AccessToken{ID: "id-2", UserID: 1, SessionID: "id-1", IssuedAt: noon, ExpiresAt: noon.Add(24 * time.Hour)}); token != want {
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
			user := alice()
			user.Password = test.stored
			w := newWorld(t, user)
			grant, err := w.Login(t.Context(), aliceLogin())
			if err != nil {
				t.Fatal(err)
			}
			begun := w.store.begun[0]
			if begun.UpgradePassword != test.want {
				t.Errorf("upgrades to %q, want %q", begun.UpgradePassword, test.want)
			}
			if begun.User.Password != test.stored || begun.PreviousMark != passwordMark(test.stored) {
				t.Error("the store is not told what the password was")
			}
			kept := w.store.users[0].Password
			if begun.Session.PasswordMark != passwordMark(kept) {
				t.Error("the session's mark is not that of the password that is stored now")
			}
			if _, err := w.Authenticate(t.Context(), grant.AccessToken); err != nil {
				t.Errorf("the new session is not good: %v", err)
			}
		})
	}
}

func TestARightLoginIsNotRefusedWhenItsUpgradeCannotRun(t *testing.T) {
	t.Parallel()
	user := alice()
	user.Password = "weak$wonderland"
	w := newWorld(t, user)
	w.passwords.hashErr = Busy(errors.New("full"))
	if _, err := w.Login(t.Context(), aliceLogin()); err != nil {
		t.Fatalf("answers %v", err)
	}
	if got := w.store.users[0].Password; got != user.Password {
		t.Errorf("the password became %q", got)
	}
}

func TestAUserThatChangesUnderALogin(t *testing.T) {
	t.Parallel()
	type change func(w *world, try int)
	tests := map[string]struct {
		change change
		want   Code
		tries  int
	}{
		"to a hash of the same password, is looked at again": {
			func(w *world, try int) {
				if try == 1 {
					w.store.users[0].Password = "stronger$wonderland"
				}
			}, "", 2,
		},
		"to another password, is refused": {
			func(w *world, _ int) { w.store.users[0].Password = "current$something-else" }, CodeInvalidCredentials, 1,
		},
		"and is inactive, is refused": {
			func(w *world, _ int) { w.store.users[0].IsActive = false }, CodeInvalidCredentials, 1,
		},
		"and is gone, is refused": {
			func(w *world, _ int) { w.store.users = nil }, CodeInvalidCredentials, 1,
		},
		"each time, is told to come back": {
			func(w *world, try int) {
				w.store.users[0].Password = []string{"stronger$wonderland", "stronger2$wonderland"}[try%2]
			}, CodeBusy, maxLoginTries,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, alice())
			w.store.onBegin = func(NewSession) error {
				test.change(w, len(w.store.begun))
				return nil
			}
			_, err := w.Login(t.Context(), aliceLogin())
			if got := ErrorCode(err); got != test.want || (err == nil) != (test.want == "") {
				t.Errorf("answers %v, want %q", err, test.want)
			}
			if got := len(w.store.begun); got != test.tries {
				t.Errorf("tried %d times, want %d", got, test.tries)
			}
			if counted := len(w.store.attempts) > 0; counted != (test.want == CodeInvalidCredentials) {
				t.Errorf("counted as a failed attempt: %v", counted)
			}
		})
	}
}

func TestAStoreThatFailsWhenTheSessionBeginsGivesNoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice())
	w.store.onBegin = func(NewSession) error { return Unavailable(errors.New("gone")) }
	grant, err := w.Login(t.Context(), aliceLogin())
	if ErrorCode(err) != CodeUnavailable || grant.AccessToken != "" || len(w.store.begun) != 1 {
		t.Errorf("answers %v with token %q after %d tries", err, grant.AccessToken, len(w.store.begun))
	}
}

// PostgreSQL answers an error to a NUL and to what is not UTF-8, and no address
// is longer than its column.
func TestTheStoreIsAskedOnlyForWhatAnAddressCanBe(t *testing.T) {
	t.Parallel()
	for email, asked := range map[string]bool{
		"alice@example.com":                    true,
		"":                                     true,
		strings.Repeat("ü", MaxEmailLength):    true,
		strings.Repeat("ü", MaxEmailLength+1):  false,
		"alice@example.com\x00":                false,
		"\x00":                                 false,
		"al\xffice@example.com":                false,
		"\xed\xa0\x80@example.com (surrogate)": false,
	} {
		w := newWorld(t, alice())
		w.guess(t.Context(), email)
		if got := len(w.store.lookedUp) > 0; got != asked {
			t.Errorf("%q: asked %v, want %v", email, got, asked)
		}
	}
}

func TestWhatIsKeptOfAUserAgentCanBeStored(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ agent, want string }{
		"a short one is kept":                 {"Firefox/9 (like a fox)", "Firefox/9 (like a fox)"},
		"one that just fits is kept":          {strings.Repeat("a", maxUserAgent), strings.Repeat("a", maxUserAgent)},
		"a longer one is cut":                 {strings.Repeat("a", maxUserAgent+1), strings.Repeat("a", maxUserAgent)},
		"no database wants a NUL":             {"Fire\x00fox", "Fire?fox"},
		"nor what is not UTF-8":               {"Fire\xff\xc3fox", "Fire??fox"},
		"a database in LATIN1 has no 漢":       {"漢fox", "?fox"},
		"a terminal may take orders from ESC": {"\x1b[2Jfox", "?[2Jfox"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := cutUserAgent(test.agent); got != test.want {
				t.Errorf("%q became %q, want %q", test.agent, got, test.want)
			}
		})
	}
}
