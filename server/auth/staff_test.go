package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var desk = Client{Address: "192.0.2.9", UserAgent: "Firefox"}

func credentialsOf(email string) Credentials {
	return Credentials{Email: email, Password: "password of " + email, Client: desk}
}

// signInStaff signs somebody in at the admin site, and returns the secret.
func (w *world) signInStaff(t *testing.T, email string) string {
	t.Helper()
	secret, err := w.LoginStaff(t.Context(), credentialsOf(email))
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func (w *world) mustBeStaff(t *testing.T, secret string) *Staff {
	t.Helper()
	staff, err := w.AuthenticateStaff(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	return staff
}

func (w *world) mustBeNobody(t *testing.T, secret string) {
	t.Helper()
	if staff, err := w.AuthenticateStaff(t.Context(), secret); ErrorCode(err) != CodeAuthenticationRequired || staff != nil {
		t.Errorf("it is %+v, %v", staff, err)
	}
}

func TestLoginStaff(t *testing.T) {
	t.Parallel()
	w := office(t)
	w.may(samID, "users.view_user")
	w.store.userGroups[samID] = []int64{supportID}
	secret := w.signInStaff(t, "sam@example.com")
	staff := w.mustBeStaff(t, secret)
	if staff.User.ID != samID || staff.Session.Channel != ChannelAdmin || !staff.Session.ExpiresAt.Equal(noon.Add(24*time.Hour)) || staff.Session.Address != desk.Address {
		t.Errorf("is %+v", staff)
	}
	if got := fmt.Sprint(staff.Rights.Permissions()); got != "[users.change_user users.view_user]" || staff.Rights.Include(Everything()) {
		t.Errorf("may %s", got)
	}
	by := staff.Actor(w.Now(), Client{Address: "192.0.2.77"})
	if by.Channel != ChannelAdmin || by.UserID != samID || by.Name != "sam@example.com" || by.Address != "192.0.2.77" || !by.Confirmed || !by.Rights.Has("users.change_user") {
		t.Errorf("acts as %+v", by)
	}
	if got := told(w.store.events); got != "sam@example.com signed in user sam@example.com\n" || w.store.events[0].Channel != ChannelAdmin {
		t.Errorf("events tell %s", got)
	}
	w.mustHoldNoSecret(t, secret)
	// Who reads the database cannot come in by what it holds.
	for id := range w.store.sessions {
		if strings.Contains(secret, id) || strings.Contains(id, secret) {
			t.Error("the store holds the secret")
		}
	}
	if another := w.signInStaff(t, "sam@example.com"); another == secret {
		t.Error("two logins have one secret")
	}
	if super := w.mustBeStaff(t, w.signInStaff(t, "root@example.com")); !super.Rights.Include(Everything()) {
		t.Errorf("a superuser may %+v", super.Rights)
	}
}

func TestOnlyStaffSignInAtTheAdminSite(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(w *world)
		in      Credentials
	}{
		"who is no member of staff": {func(*world) {}, credentialsOf("alice@example.com")},
		"a wrong password":          {func(*world) {}, wrong(credentialsOf("sam@example.com"))},
		"nobody":                    {func(*world) {}, credentialsOf("nobody@example.com")},
		"who is inactive":           {func(w *world) { w.store.user(samID).IsActive = false }, credentialsOf("sam@example.com")},
		"a superuser and not staff": {func(w *world) { w.store.user(rootID).IsStaff = false }, credentialsOf("root@example.com")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			test.arrange(w)
			secret, err := w.LoginStaff(t.Context(), test.in)
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.Code != CodeInvalidCredentials || secret != "" {
				t.Fatalf("answers %v", err)
			}
			if refusal.Detail != "This is not the e-mail address and password of a member of staff." {
				t.Errorf("says %q", refusal.Detail)
			}
			if len(w.store.sessions)+len(w.store.events) > 0 || len(w.store.attempts) == 0 {
				t.Errorf("sessions %v, events %v, attempts %v", w.store.sessions, w.store.events, w.store.attempts)
			}
		})
	}
}

func TestBothChannelsCountTheSameAttempts(t *testing.T) {
	t.Parallel()
	w := office(t)
	in := credentialsOf("sam@example.com")
	for i := range maxAttemptsPerClient {
		if i%2 == 0 {
			w.mustRefuse(t, wrong(in), CodeInvalidCredentials)
		} else if _, err := w.LoginStaff(t.Context(), wrong(in)); ErrorCode(err) != CodeInvalidCredentials {
			t.Fatal(err)
		}
	}
	w.mustRefuse(t, in, CodeTooManyAttempts)
	if _, err := w.LoginStaff(t.Context(), in); ErrorCode(err) != CodeTooManyAttempts {
		t.Errorf("answers %v", err)
	}
}

// A failed login takes the same time on both channels, whatever the reason.
func TestAFailedStaffLoginTakesTheTimeOfALogin(t *testing.T) {
	t.Parallel()
	took := map[string]time.Duration{}
	for name, in := range map[string]Credentials{
		"wrong": wrong(credentialsOf("sam@example.com")), "nobody": credentialsOf("nobody@example.com"), "not staff": credentialsOf("alice@example.com"),
	} {
		w := office(t)
		w.passwords.takes["current"] = 70 * time.Millisecond
		if err := w.MeasureHashes(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := w.clock.now
		if _, err := w.LoginStaff(t.Context(), in); ErrorCode(err) != CodeInvalidCredentials {
			t.Fatal(err)
		}
		took[name] = w.clock.now.Sub(began)
	}
	if took["wrong"] != took["nobody"] || took["wrong"] != took["not staff"] || took["wrong"] == 0 {
		t.Errorf("they take %v", took)
	}
}

func TestWhenAStaffSessionIsOver(t *testing.T) {
	t.Parallel()
	change := func(f func(s *Session)) func(*testing.T, *world) {
		return func(_ *testing.T, w *world) {
			for id, s := range w.store.sessions {
				f(&s)
				w.store.sessions[id] = s
			}
		}
	}
	for name, test := range map[string]struct {
		meanwhile func(t *testing.T, w *world)
		over      bool
	}{
		"nothing happens":                    {func(*testing.T, *world) {}, false},
		"nothing is done for almost an hour": {func(_ *testing.T, w *world) { w.clock.advance(time.Hour - time.Microsecond) }, false},
		"nothing is done for an hour":        {func(_ *testing.T, w *world) { w.clock.advance(time.Hour) }, true},
		"its absolute end is not yet":        {change(func(s *Session) { s.ExpiresAt = noon.Add(time.Microsecond) }), false},
		"its absolute end has come":          {change(func(s *Session) { s.ExpiresAt = noon }), true},
		"it was ended":                       {change(func(s *Session) { s.RevokedAt = &noon }), true},
		"it is the API's":                    {change(func(s *Session) { s.Channel = ChannelAPI }), true},
		"it is of no channel":                {change(func(s *Session) { s.Channel = "" }), true},
		"the user is no longer staff":        {func(_ *testing.T, w *world) { w.store.user(samID).IsStaff = false }, true},
		"the user is inactive":               {func(_ *testing.T, w *world) { w.store.user(samID).IsActive = false }, true},
		"the user is gone":                   {func(_ *testing.T, w *world) { w.store.users = w.store.users[:1] }, true},
		"the session is gone":                {func(_ *testing.T, w *world) { clear(w.store.sessions) }, true},
		"a Django changes the password":      {func(_ *testing.T, w *world) { w.store.user(samID).Password = "current$other" }, true},
		"somebody sets the password": {func(t *testing.T, w *world) {
			if err := settingPassword(samID, new("correct horse"))(t, w, CommandLine("test")); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			secret := w.signInStaff(t, "sam@example.com")
			test.meanwhile(t, w)
			if test.over {
				w.mustBeNobody(t, secret)
			} else {
				w.mustBeStaff(t, secret)
			}
		})
	}
}

// Who works all day stays in, and yet not beyond the absolute end.
func TestAStaffSessionThatIsUsedLastsADay(t *testing.T) {
	t.Parallel()
	w := office(t)
	secret := w.signInStaff(t, "sam@example.com")
	for range 40 {
		w.clock.advance(50 * time.Minute)
		if _, err := w.AuthenticateStaff(t.Context(), secret); err != nil {
			break
		}
	}
	if lasted := w.clock.now.Sub(noon); lasted < 24*time.Hour || lasted > 24*time.Hour+50*time.Minute {
		t.Errorf("it has lasted %v", lasted)
	}
}

func TestAStaffSessionIsNotedNoMoreThanOnceAMinute(t *testing.T) {
	t.Parallel()
	w := office(t)
	secret := w.signInStaff(t, "sam@example.com")
	for _, step := range []struct{ wait, noted time.Duration }{
		{time.Minute - time.Microsecond, 0}, {time.Microsecond, time.Minute}, {time.Second, time.Minute}, {time.Minute, 2*time.Minute + time.Second},
	} {
		w.clock.advance(step.wait)
		w.mustBeStaff(t, secret)
		if got := w.store.sessions[sessionIDOf(secret)].RenewedAt; !got.Equal(noon.Add(step.noted)) {
			t.Errorf("after %v it was used last at %v, want %v", w.clock.now.Sub(noon), got, noon.Add(step.noted))
		}
	}
}

func TestAStaffSessionWhoseStoreIsGone(t *testing.T) {
	t.Parallel()
	w := office(t)
	secret := w.signInStaff(t, "sam@example.com")
	w.store.err = Unavailable(errors.New("gone"))
	if _, err := w.AuthenticateStaff(t.Context(), secret); ErrorCode(err) != CodeUnavailable {
		t.Errorf("answers %v", err)
	}
}

func TestSessionsOfOneChannelAreNoneOfTheOther(t *testing.T) {
	t.Parallel()
	w := office(t)
	raw := w.mustLogin(t, credentialsOf("sam@example.com")).AccessToken
	secret := w.signInStaff(t, "sam@example.com")
	for id := range w.store.sessions {
		w.mustBeNobody(t, id)
		w.mustBeNobody(t, raw)
		// A token of ours that names the session, as if somebody had it made.
		forged, err := w.tokens.Issue(AccessToken{ID: id, UserID: samID, SessionID: id, IssuedAt: noon, ExpiresAt: noon.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Authenticate(t.Context(), forged)
		if isAPIs := w.store.sessions[id].Channel == ChannelAPI; isAPIs != (err == nil) {
			t.Errorf("a token of a session of the channel %q: %v", w.store.sessions[id].Channel, err)
		}
	}
	for _, presented := range []string{secret, ""} {
		if _, err := w.Authenticate(t.Context(), presented); ErrorCode(err) != CodeInvalidToken {
			t.Errorf("the API takes %q: %v", presented, err)
		}
	}
	w.mustBeNobody(t, "")
}

func TestLogoutStaff(t *testing.T) {
	t.Parallel()
	w := office(t)
	secret, other := w.signInStaff(t, "sam@example.com"), w.signInStaff(t, "sam@example.com")
	if err := w.LogoutStaff(t.Context(), w.mustBeStaff(t, secret), Client{Address: "192.0.2.77"}); err != nil {
		t.Fatal(err)
	}
	w.mustBeNobody(t, secret)
	w.mustBeStaff(t, other)
	if e := w.store.events[2]; e.Action != ActionSignedOut || e.Channel != ChannelAdmin || e.Address != "192.0.2.77" || e.SubjectID != "2" {
		t.Errorf("the event is %+v", e)
	}
}

func TestConfirmingThePassword(t *testing.T) {
	t.Parallel()
	w := office(t)
	secret := w.signInStaff(t, "sam@example.com")
	if staff := w.mustBeStaff(t, secret); !staff.IsConfirmed(noon.Add(10*time.Minute-time.Microsecond)) || staff.IsConfirmed(noon.Add(10*time.Minute)) {
		t.Error("a login confirms for ten minutes")
	}
	w.clock.advance(30 * time.Minute)
	staff := w.mustBeStaff(t, secret)
	if staff.Actor(w.Now(), desk).Confirmed {
		t.Fatal("is confirmed after half an hour")
	}
	refusal := w.mustChangeNothing(t, CodeInvalid, func() error { return w.Confirm(t.Context(), staff, "a wrong guess", desk) })
	if fieldsOf(refusal) != "confirm" || staff.Actor(w.Now(), desk).Confirmed {
		t.Errorf("finds fault with %q", fieldsOf(refusal))
	}
	w.mustChangeNothing(t, CodeInvalid, func() error { return w.Confirm(t.Context(), staff, "", desk) })
	if err := w.Confirm(t.Context(), staff, "password of sam@example.com", desk); err != nil {
		t.Fatal(err)
	}
	if !staff.Actor(w.Now(), desk).Confirmed || !w.mustBeStaff(t, secret).IsConfirmed(w.Now()) {
		t.Error("is not confirmed, on this page or the next")
	}
	w.clock.advance(10 * time.Minute)
	if w.mustBeStaff(t, secret).IsConfirmed(w.Now()) {
		t.Error("is confirmed for ever")
	}
	if w.passwords.inside != 0 {
		t.Error("a place in the pool is kept")
	}
}

func TestASessionThatWasNeverConfirmed(t *testing.T) {
	t.Parallel()
	if (&Staff{}).IsConfirmed(noon) {
		t.Error("is confirmed")
	}
}

// Whoever has a stolen session would else guess its password here.
func TestConfirmingCountsUnderTheLimitsOfALogin(t *testing.T) {
	t.Parallel()
	w := office(t)
	staff := w.mustBeStaff(t, w.signInStaff(t, "sam@example.com"))
	for range maxAttemptsPerClient {
		if err := w.Confirm(t.Context(), staff, "a wrong guess", desk); ErrorCode(err) != CodeInvalid {
			t.Fatal(err)
		}
	}
	checked := len(w.passwords.checks)
	if err := w.Confirm(t.Context(), staff, "password of sam@example.com", desk); ErrorCode(err) != CodeTooManyAttempts {
		t.Errorf("answers %v", err)
	}
	if len(w.passwords.checks) != checked {
		t.Error("a password was checked beyond the limit")
	}
	w.mustRefuse(t, credentialsOf("sam@example.com"), CodeTooManyAttempts)
}

func TestConfirmingThatCannotGoOn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(w *world)
		want    Code
	}{
		"because the pool is full":      {func(w *world) { w.passwords.full = Busy(errors.New("full")) }, CodeBusy},
		"because the check fails":       {func(w *world) { w.passwords.err = Busy(errors.New("full")) }, CodeBusy},
		"because the store is gone":     {func(w *world) { w.store.err = Unavailable(errors.New("gone")) }, CodeUnavailable},
		"because the session was ended": {func(w *world) { w.store.end(sessionIDOf("id-1id-2"), w.clock.now) }, CodeAuthenticationRequired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := office(t)
			staff := w.mustBeStaff(t, w.signInStaff(t, "sam@example.com"))
			w.clock.advance(time.Hour - time.Second)
			test.arrange(w)
			if err := w.Confirm(t.Context(), staff, "password of sam@example.com", desk); ErrorCode(err) != test.want {
				t.Errorf("answers %v, want %s", err, test.want)
			}
			if test.want != "" && staff.IsConfirmed(w.Now()) {
				t.Error("is confirmed")
			}
		})
	}
}

// A wrong guess takes as long as one at a login, which tells nobody anything.
func TestAWrongGuessWhenConfirmingTakesTheTimeOfALogin(t *testing.T) {
	t.Parallel()
	w := office(t)
	w.store.samples = []string{"slow$x"}
	w.passwords.takes["current"], w.passwords.takes["slow"] = 10*time.Millisecond, 200*time.Millisecond
	if err := w.MeasureHashes(t.Context()); err != nil {
		t.Fatal(err)
	}
	staff := w.mustBeStaff(t, w.signInStaff(t, "sam@example.com"))
	began := w.clock.now
	if err := w.Confirm(t.Context(), staff, "a wrong guess", desk); ErrorCode(err) != CodeInvalid {
		t.Fatal(err)
	}
	if took := w.clock.now.Sub(began); took < 200*time.Millisecond {
		t.Errorf("took %v", took)
	}
}

// A guess that nobody could count would be free.
func TestAGuessThatCannotBeCountedIsNotAnswered(t *testing.T) {
	t.Parallel()
	w := office(t)
	staff := w.mustBeStaff(t, w.signInStaff(t, "sam@example.com"))
	w.store.countErr = Unavailable(errors.New("gone"))
	if err := w.Confirm(t.Context(), staff, "a wrong guess", desk); ErrorCode(err) != CodeUnavailable {
		t.Errorf("answers %v", err)
	}
}

func TestAMemberOfStaffSetsTheirOwnPassword(t *testing.T) {
	t.Parallel()
	w := office(t) // sam has no permission at all
	raw := w.mustLogin(t, credentialsOf("sam@example.com")).AccessToken
	secret, other := w.signInStaff(t, "sam@example.com"), w.signInStaff(t, "sam@example.com")
	staff := w.mustBeStaff(t, secret)
	if err := w.SetOwnPassword(t.Context(), staff, desk, "sam@example.com"); ErrorCode(err) != CodeInvalid {
		t.Errorf("a weak one: %v", err)
	}
	if err := w.SetOwnPassword(t.Context(), staff, desk, "correct horse"); err != nil {
		t.Fatal(err)
	}
	w.mustBeStaff(t, secret)
	w.mustBeNobody(t, other)
	if _, err := w.Authenticate(t.Context(), raw); ErrorCode(err) != CodeInvalidToken {
		t.Errorf("a session of the API goes on: %v", err)
	}
	const want = "sam@example.com password set user sam@example.com; usable password: \"yes\" → \"yes\"; sessions ended: \"\" → \"2\"\n"
	if got := told(w.store.events); !strings.HasSuffix(got, want) {
		t.Errorf("events tell\n%s", got)
	}
	w.clock.advance(confirmedFor)
	w.mustChangeNothing(t, CodeConfirmationRequired, func() error {
		return w.SetOwnPassword(t.Context(), w.mustKeepStaff(t, secret), desk, "another horse")
	})
}

// mustKeepStaff is mustBeStaff where the store must not be written: what was noted a
// moment ago is noted.
func (w *world) mustKeepStaff(t *testing.T, secret string) *Staff {
	t.Helper()
	session, user, err := w.store.SessionByID(t.Context(), sessionIDOf(secret))
	if err != nil {
		t.Fatal(err)
	}
	return &Staff{User: user, Session: session}
}

// bare is a world without a superuser.
func bare(t *testing.T) *world {
	t.Helper()
	return newWorld(t, alice())
}

var first = NewUser{Email: "Root@Example.com", Password: "correct horse"}

func (w *world) offer(t *testing.T) string {
	t.Helper()
	token, err := w.OfferSetup(t.Context())
	if err != nil || token == "" {
		t.Fatalf("offers %q, %v", token, err)
	}
	return token
}

func TestTheFirstSuperuserIsMadeByALink(t *testing.T) {
	t.Parallel()
	w := bare(t)
	token := w.offer(t)
	for hash := range w.store.setups {
		if strings.Contains(hash, token) {
			t.Error("the store holds the link itself")
		}
	}
	if err := w.CheckSetup(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	user, err := w.SetUp(t.Context(), token, first, desk)
	if err != nil || user.Email != "root@example.com" || !user.IsSuperuser || !user.IsStaff || !user.IsActive {
		t.Fatalf("made %+v, %v", user, err)
	}
	e := w.store.events[0]
	if e.Channel != ChannelAdmin || e.ActorID != user.ID || e.Actor != user.Email || e.Address != desk.Address || e.Action != ActionAdded {
		t.Errorf("the event is %+v", e)
	}
	w.mustHoldNoSecret(t, token)
	if _, err := w.LoginStaff(t.Context(), Credentials{Email: "root@example.com", Password: "correct horse"}); err != nil {
		t.Error(err)
	}
	if token, err := w.OfferSetup(t.Context()); err != nil || token != "" {
		t.Errorf("then offers %q, %v", token, err)
	}
}

func TestALinkThatIsClosed(t *testing.T) {
	t.Parallel()
	for name, close := range map[string]func(t *testing.T, w *world){
		"it was used": func(t *testing.T, w *world) {
			for hash, setup := range w.store.setups {
				setup.used = true
				w.store.setups[hash] = setup
			}
		},
		"it is an hour old": func(_ *testing.T, w *world) { w.clock.advance(time.Hour) },
		"there is a superuser": func(t *testing.T, w *world) {
			if _, err := w.CreateSuperuser(t.Context(), CommandLine("test"), first); err != nil {
				t.Fatal(err)
			}
		},
		"there is a superuser who is asleep": func(_ *testing.T, w *world) { w.store.users[0].IsSuperuser, w.store.users[0].IsActive = true, false },
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
	w.mustChangeNothing(t, CodeForbidden, func() error { return w.CheckSetup(t.Context(), token) })
	w.mustChangeNothing(t, CodeForbidden, func() error {
		_, err := w.SetUp(t.Context(), token, NewUser{Email: "second@example.com", Password: "correct horse"}, desk)
		return err
	})
}

func TestALinkIsGoodForAlmostAnHourAndTwoAreGoodAtOnce(t *testing.T) {
	t.Parallel()
	w := bare(t)
	early, late := w.offer(t), w.offer(t)
	w.clock.advance(time.Hour - time.Microsecond)
	for _, token := range []string{early, late} {
		if err := w.CheckSetup(t.Context(), token); err != nil {
			t.Error(err)
		}
	}
	if _, err := w.SetUp(t.Context(), early, first, desk); err != nil {
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
			for hash := range w.store.setups {
				w.store.setups[hash] = fakeSetup{expires: noon.Add(time.Hour), used: true}
			}
		},
		"by a superuser from elsewhere": func(w *world) { w.store.users[0].IsSuperuser = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := bare(t)
			token := w.offer(t)
			w.store.onChange = func() { meanwhile(w) }
			if _, err := w.SetUp(t.Context(), token, first, desk); ErrorCode(err) != CodeForbidden {
				t.Errorf("answers %v", err)
			}
			if len(w.store.users) != 1 {
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
	for _, in := range []NewUser{{Email: "root", Password: "trustno1"}, {Email: "ALICE@example.com", Password: "correct horse"}} {
		w.mustChangeNothing(t, CodeInvalid, func() error {
			_, err := w.SetUp(t.Context(), token, in, desk)
			return err
		})
	}
	if _, err := w.SetUp(t.Context(), token, first, desk); err != nil {
		t.Error(err)
	}
}
