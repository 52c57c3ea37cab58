package accounts_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// bare is a world without a superuser.
func bare(t *testing.T) *world {
	t.Helper()
	return newWorld(t, authtest.Alice())
}

var first = accounts.NewUser{Email: "Root@Example.com", Password: "correct horse"}

func (w *world) offer(t *testing.T) string {
	t.Helper()
	token, err := w.OfferSetup(t.Context())
	if err != nil || token == "" {
		t.Fatalf("offers %q, %v", token, err)
	}
	return token
}

// ASVS 6.3.2, 6.4.1
func TestTheFirstSuperuserIsMadeByALink(t *testing.T) {
	t.Parallel()
	w := bare(t)
	token := w.offer(t)
	for hash := range w.Store.Tokens {
		if strings.Contains(hash, token) {
			t.Error("the store holds the link itself")
		}
	}
	if err := w.CheckSetup(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	user, err := w.SetUp(t.Context(), token, first, authtest.Desk)
	if err != nil || user.Email != "root@example.com" || !user.IsSuperuser || !user.IsStaff || !user.IsActive {
		t.Fatalf("made %+v, %v", user, err)
	}
	e := w.Store.Events[0]
	if e.Channel != auth.ChannelAdmin || e.ActorID != user.ID || e.Actor != user.Email || e.Address != authtest.Desk.Address || e.Action != auth.ActionCreated {
		t.Errorf("the event is %+v", e)
	}
	w.MustHoldNoSecret(t, token)
	if _, err := w.LoginAdmin(t.Context(), signin.Credentials{Email: "root@example.com", Password: "correct horse"}); err != nil {
		t.Error(err)
	}
	if token, err := w.OfferSetup(t.Context()); err != nil || token != "" {
		t.Errorf("then offers %q, %v", token, err)
	}
}

// ASVS 6.4.1
func TestALinkThatIsClosed(t *testing.T) {
	t.Parallel()
	for name, close := range map[string]func(t *testing.T, w *world){
		"it was used": func(t *testing.T, w *world) {
			for hash, setup := range w.Store.Tokens {
				setup.Used = true
				w.Store.Tokens[hash] = setup
			}
		},
		"it is an hour old": func(_ *testing.T, w *world) { w.Clock.Advance(time.Hour) },
		"there is a superuser": func(t *testing.T, w *world) {
			if _, err := w.CreateSuperuser(t.Context(), auth.CommandLine("test"), first); err != nil {
				t.Fatal(err)
			}
		},
		"there is a superuser who is asleep": func(_ *testing.T, w *world) {
			w.Store.UserRows[0].IsSuperuser, w.Store.UserRows[0].IsActive = true, false
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bare(t)
			token := w.offer(t)
			close(t, w)
			mustBeClosed(t, w, token)
		})
	}
	for _, token := range []string{"", "id-1", "id-1id-2x"} {
		w := bare(t)
		w.offer(t)
		mustBeClosed(t, w, token)
	}
}

func mustBeClosed(t *testing.T, w *world, token string) {
	t.Helper()
	w.MustChangeNothing(t, auth.CodeForbidden, func() error { return w.CheckSetup(t.Context(), token) })
	w.MustChangeNothing(t, auth.CodeForbidden, func() error {
		_, err := w.SetUp(t.Context(), token, accounts.NewUser{Email: "second@example.com", Password: "correct horse"}, authtest.Desk)
		return err
	})
}

// ASVS 6.4.1
func TestALinkIsGoodForAlmostAnHourAndTwoAreGoodAtOnce(t *testing.T) {
	t.Parallel()
	w := bare(t)
	early, late := w.offer(t), w.offer(t)
	w.Clock.Advance(time.Hour - time.Microsecond)
	for _, token := range []string{early, late} {
		if err := w.CheckSetup(t.Context(), token); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.SetUp(t.Context(), early, first, authtest.Desk); err != nil {
		t.Fatal(err)
	}
	mustBeClosed(t, w, early)
	mustBeClosed(t, w, late)
}

// Of two who both saw the form, the later is refused: the check before it is not
// what counts.
func TestALinkThatIsUsedMeanwhileIsClosed(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]func(w *world){
		"by another who has it": func(w *world) {
			for hash := range w.Store.Tokens {
				w.Store.Tokens[hash] = authtest.Token{OneTimeToken: auth.OneTimeToken{Kind: auth.TokenSetup, ExpiresAt: authtest.Noon.Add(time.Hour)}, Used: true}
			}
		},
		"by a superuser from elsewhere": func(w *world) { w.Store.UserRows[0].IsSuperuser = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bare(t)
			token := w.offer(t)
			w.Store.OnChange = func() { meanwhile(w) }
			if _, err := w.SetUp(t.Context(), token, first, authtest.Desk); auth.ErrorCode(err) != auth.CodeForbidden {
				t.Errorf("answers %v", err)
			}
			if len(w.Store.UserRows) != 1 {
				t.Error("a user was made")
			}
		})
	}
}

// Who mistypes the address has not used the link up.
func TestALinkOutlivesAForm(t *testing.T) {
	t.Parallel()
	w := bare(t)
	token := w.offer(t)
	for _, in := range []accounts.NewUser{{Email: "root", Password: "trustno1"}, {Email: "ALICE@example.com", Password: "correct horse"}} {
		w.MustChangeNothing(t, auth.CodeInvalid, func() error {
			_, err := w.SetUp(t.Context(), token, in, authtest.Desk)
			return err
		})
	}
	if _, err := w.SetUp(t.Context(), token, first, authtest.Desk); err != nil {
		t.Error(err)
	}
}
