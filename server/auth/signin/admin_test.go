package signin_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

func TestLoginAdmin(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.Permit(authtest.SamID, "users.view_user")
	w.Store.UserGroups[authtest.SamID] = []int64{authtest.SupportID}
	secret := w.MustSignInAdmin(t, "sam@example.com")
	staff := w.MustBeAdmin(t, secret)
	if staff.User.ID != authtest.SamID || staff.Session.Channel != auth.ChannelAdmin || !staff.Session.ExpiresAt.Equal(authtest.Noon.Add(24*time.Hour)) || staff.Session.Address != authtest.Desk.Address {
		t.Errorf("is %+v", staff)
	}
	if got := fmt.Sprint(staff.Rights.Permissions()); got != "[users.change_user users.view_user]" || staff.Rights.Include(auth.Everything()) {
		t.Errorf("may %s", got)
	}
	if e := staff.Event(w.Clock.At, "does"); e.Channel != auth.ChannelAdmin || e.ActorID != authtest.SamID || e.Actor != "sam@example.com" || e.Address != authtest.Desk.Address {
		t.Errorf("acts as %+v", e)
	}
	if staff.Channel != auth.ChannelAdmin || !staff.IsConfirmed(w.Clock.At) {
		t.Errorf("is %+v", staff)
	}
	if got := authtest.Told(w.Store.Events); got != "sam@example.com signed in user sam@example.com\n" || w.Store.Events[0].Channel != auth.ChannelAdmin {
		t.Errorf("events tell %s", got)
	}
	w.MustHoldNoSecret(t, secret)
	// Who reads the database cannot come in by what it holds.
	for id := range w.Store.Sessions {
		if strings.Contains(secret, id) || strings.Contains(id, secret) {
			t.Error("the store holds the secret")
		}
	}
	if another := w.MustSignInAdmin(t, "sam@example.com"); another == secret {
		t.Error("two logins have one secret")
	}
	if super := w.MustBeAdmin(t, w.MustSignInAdmin(t, "root@example.com")); !super.Rights.Include(auth.Everything()) {
		t.Errorf("a superuser may %+v", super.Rights)
	}
}

func TestOnlyStaffSignInAtTheAdminSite(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(w *world)
		in      signin.Credentials
	}{
		"who is no member of staff": {func(*world) {}, authtest.CredentialsOf("alice@example.com")},
		"a wrong password":          {func(*world) {}, authtest.Wrong(authtest.CredentialsOf("sam@example.com"))},
		"nobody":                    {func(*world) {}, authtest.CredentialsOf("nobody@example.com")},
		"who is inactive":           {func(w *world) { w.Store.User(authtest.SamID).IsActive = false }, authtest.CredentialsOf("sam@example.com")},
		"a superuser and not staff": {func(w *world) { w.Store.User(authtest.RootID).IsStaff = false }, authtest.CredentialsOf("root@example.com")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			test.arrange(w)
			grant, err := w.LoginAdmin(t.Context(), test.in)
			var refusal *auth.Error
			if !errors.As(err, &refusal) || refusal.Code != auth.CodeInvalidCredentials || grant != (signin.AdminGrant{}) {
				t.Fatalf("answers %v", err)
			}
			if refusal.Detail != "Incorrect e-mail address or password, or the account is not staff." {
				t.Errorf("says %q", refusal.Detail)
			}
			if len(w.Store.Sessions)+len(w.Store.Events) > 0 || len(w.Store.Attempts) == 0 {
				t.Errorf("sessions %v, events %v, attempts %v", w.Store.Sessions, w.Store.Events, w.Store.Attempts)
			}
		})
	}
}

// ASVS 6.3.1, 6.3.4
func TestBothChannelsCountTheSameAttempts(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	in := authtest.CredentialsOf("sam@example.com")
	for i := range authtest.Limits.PerClient {
		if i%2 == 0 {
			w.MustRefuse(t, authtest.Wrong(in), auth.CodeInvalidCredentials)
		} else if _, err := w.LoginAdmin(t.Context(), authtest.Wrong(in)); auth.ErrorCode(err) != auth.CodeInvalidCredentials {
			t.Fatal(err)
		}
	}
	w.MustRefuse(t, in, auth.CodeTooManyAttempts)
	if _, err := w.LoginAdmin(t.Context(), in); auth.ErrorCode(err) != auth.CodeTooManyAttempts {
		t.Errorf("answers %v", err)
	}
}

// A failed login takes the same time on both channels, whatever the reason.
func TestAFailedAdminLoginTakesTheTimeOfALogin(t *testing.T) {
	t.Parallel()
	took := map[string]time.Duration{}
	for name, in := range map[string]signin.Credentials{
		"wrong": authtest.Wrong(authtest.CredentialsOf("sam@example.com")), "nobody": authtest.CredentialsOf("nobody@example.com"), "not staff": authtest.CredentialsOf("alice@example.com"),
	} {
		w := staffed(t)
		w.Passwords.Takes["current"] = 70 * time.Millisecond
		if err := w.MeasureHashes(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := w.Clock.At
		if _, err := w.LoginAdmin(t.Context(), in); auth.ErrorCode(err) != auth.CodeInvalidCredentials {
			t.Fatal(err)
		}
		took[name] = w.Clock.At.Sub(began)
	}
	if took["wrong"] != took["nobody"] || took["wrong"] != took["not staff"] || took["wrong"] == 0 {
		t.Errorf("they take %v", took)
	}
}

// ASVS 7.3.1, 7.3.2
func TestWhenAnAdminSessionIsOver(t *testing.T) {
	t.Parallel()
	change := func(f func(s *auth.Session)) func(*testing.T, *world) {
		return func(_ *testing.T, w *world) {
			for id, s := range w.Store.Sessions {
				f(&s)
				w.Store.Sessions[id] = s
			}
		}
	}
	for name, test := range map[string]struct {
		meanwhile func(t *testing.T, w *world)
		over      bool
	}{
		"nothing happens":                    {func(*testing.T, *world) {}, false},
		"nothing is done for almost an hour": {func(_ *testing.T, w *world) { w.Clock.Advance(time.Hour - time.Microsecond) }, false},
		"nothing is done for an hour":        {func(_ *testing.T, w *world) { w.Clock.Advance(time.Hour) }, true},
		"its absolute end is not yet":        {change(func(s *auth.Session) { s.ExpiresAt = authtest.Noon.Add(time.Microsecond) }), false},
		"its absolute end has come":          {change(func(s *auth.Session) { s.ExpiresAt = authtest.Noon }), true},
		"it was ended":                       {change(func(s *auth.Session) { s.RevokedAt = &authtest.Noon }), true},
		"it is the API's":                    {change(func(s *auth.Session) { s.Channel = auth.ChannelAPI }), true},
		"it is of no channel":                {change(func(s *auth.Session) { s.Channel = "" }), true},
		"the user is no longer staff":        {func(_ *testing.T, w *world) { w.Store.User(authtest.SamID).IsStaff = false }, true},
		"the user is inactive":               {func(_ *testing.T, w *world) { w.Store.User(authtest.SamID).IsActive = false }, true},
		"the user is gone":                   {func(_ *testing.T, w *world) { w.Store.UserRows = w.Store.UserRows[:1] }, true},
		"the session is gone":                {func(_ *testing.T, w *world) { clear(w.Store.Sessions) }, true},
		"a Django changes the password":      {func(_ *testing.T, w *world) { w.Store.User(authtest.SamID).Password = "current$other" }, true},
		"somebody sets the password": {func(t *testing.T, w *world) {
			if _, err := w.SetPassword(t.Context(), auth.CommandLine("test"), authtest.SamID, new("correct horse")); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			secret := w.MustSignInAdmin(t, "sam@example.com")
			test.meanwhile(t, w)
			if test.over {
				w.MustBeNobody(t, secret)
			} else {
				w.MustBeAdmin(t, secret)
			}
		})
	}
}

// Who works all day stays in, and yet not beyond the absolute end.
//
// ASVS 7.3.2
func TestAnAdminSessionThatIsUsedLastsADay(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	secret := w.MustSignInAdmin(t, "sam@example.com")
	for range 40 {
		w.Clock.Advance(50 * time.Minute)
		if _, err := w.AuthenticateAdmin(t.Context(), secret, authtest.Desk); err != nil {
			break
		}
	}
	if lasted := w.Clock.At.Sub(authtest.Noon); lasted < 24*time.Hour || lasted > 24*time.Hour+50*time.Minute {
		t.Errorf("it has lasted %v", lasted)
	}
}

func TestAnAdminSessionIsNotedNoMoreThanOnceAMinute(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	secret := w.MustSignInAdmin(t, "sam@example.com")
	for _, step := range []struct{ wait, noted time.Duration }{
		{time.Minute - time.Microsecond, 0}, {time.Microsecond, time.Minute}, {time.Second, time.Minute}, {time.Minute, 2*time.Minute + time.Second},
	} {
		w.Clock.Advance(step.wait)
		w.MustBeAdmin(t, secret)
		if got := w.Store.Sessions[signin.SessionIDOf(secret)].RenewedAt; !got.Equal(authtest.Noon.Add(step.noted)) {
			t.Errorf("after %v it was used last at %v, want %v", w.Clock.At.Sub(authtest.Noon), got, authtest.Noon.Add(step.noted))
		}
	}
}

func TestAnAdminSessionWhoseStoreIsGone(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	secret := w.MustSignInAdmin(t, "sam@example.com")
	w.Store.Err = auth.Unavailable(errors.New("gone"))
	if _, err := w.AuthenticateAdmin(t.Context(), secret, authtest.Desk); auth.ErrorCode(err) != auth.CodeUnavailable {
		t.Errorf("answers %v", err)
	}
}

// ASVS 9.2.2
func TestSessionsOfOneChannelAreNoneOfTheOther(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	raw := w.MustLogin(t, authtest.CredentialsOf("sam@example.com")).AccessToken
	secret := w.MustSignInAdmin(t, "sam@example.com")
	for id := range w.Store.Sessions {
		w.MustBeNobody(t, id)
		w.MustBeNobody(t, raw)
		// A token of ours that names the session, as if somebody had it made.
		forged, err := w.Tokens.Issue(t.Context(), auth.AccessToken{ID: id, UserID: authtest.SamID, SessionID: id, IssuedAt: authtest.Noon, ExpiresAt: authtest.Noon.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Authenticate(t.Context(), forged, authtest.Desk)
		if isAPIs := w.Store.Sessions[id].Channel == auth.ChannelAPI; isAPIs != (err == nil) {
			t.Errorf("a token of a session of the channel %q: %v", w.Store.Sessions[id].Channel, err)
		}
	}
	for _, presented := range []string{secret, ""} {
		if _, err := w.Authenticate(t.Context(), presented, authtest.Desk); auth.ErrorCode(err) != auth.CodeInvalidToken {
			t.Errorf("the API takes %q: %v", presented, err)
		}
	}
	w.MustBeNobody(t, "")
}

// fromAddress returns a principal whose request comes from elsewhere.
func fromAddress(by *auth.Principal, address string) *auth.Principal {
	by.Client.Address = address
	return by
}

func TestLogoutOfTheAdminSite(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	secret, other := w.MustSignInAdmin(t, "sam@example.com"), w.MustSignInAdmin(t, "sam@example.com")
	if err := w.Logout(t.Context(), fromAddress(w.MustBeAdmin(t, secret), "192.0.2.77")); err != nil {
		t.Fatal(err)
	}
	w.MustBeNobody(t, secret)
	w.MustBeAdmin(t, other)
	if e := w.Store.Events[2]; e.Action != auth.ActionSignedOut || e.Channel != auth.ChannelAdmin || e.Address != "192.0.2.77" || e.TargetID != "2" {
		t.Errorf("the event is %+v", e)
	}
}

// ASVS 7.5.3
func TestConfirmingThePassword(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	secret := w.MustSignInAdmin(t, "sam@example.com")
	if staff := w.MustBeAdmin(t, secret); !staff.IsConfirmed(authtest.Noon.Add(10*time.Minute-time.Microsecond)) || staff.IsConfirmed(authtest.Noon.Add(10*time.Minute)) {
		t.Error("a login confirms for ten minutes")
	}
	w.Clock.Advance(30 * time.Minute)
	staff := w.MustBeAdmin(t, secret)
	if staff.IsConfirmed(w.Clock.At) {
		t.Fatal("is confirmed after half an hour")
	}
	refusal := w.MustChangeNothing(t, auth.CodeInvalid, func() error { return w.Confirm(t.Context(), staff, auth.PasswordProof("a wrong guess")) })
	if authtest.FieldsOf(refusal) != "current_password" || staff.IsConfirmed(w.Clock.At) {
		t.Errorf("finds fault with %q", authtest.FieldsOf(refusal))
	}
	w.MustChangeNothing(t, auth.CodeInvalid, func() error { return w.Confirm(t.Context(), staff, auth.PasswordProof("")) })
	if err := w.Confirm(t.Context(), staff, auth.PasswordProof("password of sam@example.com")); err != nil {
		t.Fatal(err)
	}
	if !staff.IsConfirmed(w.Clock.At) || !w.MustBeAdmin(t, secret).IsConfirmed(w.Clock.At) {
		t.Error("is not confirmed, on this page or the next")
	}
	w.Clock.Advance(10 * time.Minute)
	if w.MustBeAdmin(t, secret).IsConfirmed(w.Clock.At) {
		t.Error("is confirmed for ever")
	}
	if w.Passwords.Inside != 0 {
		t.Error("a place in the pool is kept")
	}
}

func TestASessionThatWasNeverConfirmed(t *testing.T) {
	t.Parallel()
	if (&auth.Principal{Session: auth.Session{ID: "x"}}).IsConfirmed(authtest.Noon) {
		t.Error("is confirmed")
	}
}

// Whoever has a stolen session would else guess its password here.
//
// ASVS 6.3.1, 6.3.4
func TestConfirmingIsLimitedLikeALogin(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	staff := w.MustBeAdmin(t, w.MustSignInAdmin(t, "sam@example.com"))
	for range authtest.Limits.PerClient {
		if err := w.Confirm(t.Context(), staff, auth.PasswordProof("a wrong guess")); auth.ErrorCode(err) != auth.CodeInvalid {
			t.Fatal(err)
		}
	}
	checked := len(w.Passwords.Checks)
	if err := w.Confirm(t.Context(), staff, auth.PasswordProof("password of sam@example.com")); auth.ErrorCode(err) != auth.CodeTooManyAttempts {
		t.Errorf("answers %v", err)
	}
	if len(w.Passwords.Checks) != checked {
		t.Error("a password was checked beyond the limit")
	}
	// Nor is the user kept from what the thief of one session has not.
	other := w.MustBeAdmin(t, w.MustSignInAdmin(t, "sam@example.com"))
	if err := w.Confirm(t.Context(), other, auth.PasswordProof("password of sam@example.com")); err != nil {
		t.Errorf("in another session: %v", err)
	}
}

func TestAProofForgivesWrongOnesBeforeIt(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	staff := w.MustBeAdmin(t, w.MustSignInAdmin(t, "sam@example.com"))
	for range 3 {
		for range authtest.Limits.PerClient - 1 {
			if err := w.Confirm(t.Context(), staff, auth.PasswordProof("a wrong guess")); auth.ErrorCode(err) != auth.CodeInvalid {
				t.Fatal(err)
			}
		}
		if err := w.Confirm(t.Context(), staff, auth.PasswordProof("password of sam@example.com")); err != nil {
			t.Fatal(err)
		}
	}
}

// ASVS 6.3.1
func TestAHundredWrongProofsLockTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	by, err := w.Authenticate(t.Context(), w.MustLogin(t, authtest.AliceLogin()).AccessToken, authtest.Desk)
	if err != nil {
		t.Fatal(err)
	}
	for range authtest.Limits.UntilLocked {
		w.Clock.Advance(authtest.Limits.MaxWait)
		if err := w.Confirm(t.Context(), by, auth.PasswordProof("a wrong guess")); auth.ErrorCode(err) != auth.CodeInvalid {
			t.Fatal(err)
		}
	}
	w.Clock.Advance(authtest.Limits.MaxWait)
	if err := w.Confirm(t.Context(), by, auth.PasswordProof("wonderland")); auth.ErrorCode(err) != auth.CodeTooManyAttempts || len(w.Store.LockedFor) != 1 {
		t.Errorf("answers %v, and locked for %v", err, w.Store.LockedFor)
	}
}

func TestConfirmingThatCannotGoOn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(w *world)
		want    auth.Code
	}{
		"because the pool is full":      {func(w *world) { w.Passwords.Full = auth.Busy(errors.New("full")) }, auth.CodeBusy},
		"because the check fails":       {func(w *world) { w.Passwords.Err = auth.Busy(errors.New("full")) }, auth.CodeBusy},
		"because the store is gone":     {func(w *world) { w.Store.Err = auth.Unavailable(errors.New("gone")) }, auth.CodeUnavailable},
		"because the session was ended": {func(w *world) { w.Store.End(signin.SessionIDOf("id-1id-2"), w.Clock.At) }, auth.CodeInvalidToken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			staff := w.MustBeAdmin(t, w.MustSignInAdmin(t, "sam@example.com"))
			w.Clock.Advance(time.Hour - time.Second)
			test.arrange(w)
			if err := w.Confirm(t.Context(), staff, auth.PasswordProof("password of sam@example.com")); auth.ErrorCode(err) != test.want {
				t.Errorf("answers %v, want %s", err, test.want)
			}
			if test.want != "" && staff.IsConfirmed(w.Clock.At) {
				t.Error("is confirmed")
			}
		})
	}
}

// A wrong guess takes as long as one at a login, which tells nobody anything.
func TestAWrongGuessWhenConfirmingTakesTheTimeOfALogin(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	w.Store.Samples = []string{"slow$x"}
	w.Passwords.Takes["current"], w.Passwords.Takes["slow"] = 10*time.Millisecond, 200*time.Millisecond
	if err := w.MeasureHashes(t.Context()); err != nil {
		t.Fatal(err)
	}
	staff := w.MustBeAdmin(t, w.MustSignInAdmin(t, "sam@example.com"))
	began := w.Clock.At
	if err := w.Confirm(t.Context(), staff, auth.PasswordProof("a wrong guess")); auth.ErrorCode(err) != auth.CodeInvalid {
		t.Fatal(err)
	}
	if took := w.Clock.At.Sub(began); took < 200*time.Millisecond {
		t.Errorf("took %v", took)
	}
}

// A guess that nobody could count would be free.
func TestAGuessThatCannotBeCountedIsNotAnswered(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	staff := w.MustBeAdmin(t, w.MustSignInAdmin(t, "sam@example.com"))
	w.Store.CountErr = auth.Unavailable(errors.New("gone"))
	if err := w.Confirm(t.Context(), staff, auth.PasswordProof("a wrong guess")); auth.ErrorCode(err) != auth.CodeUnavailable {
		t.Errorf("answers %v", err)
	}
}
