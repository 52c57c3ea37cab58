package signin_test

import (
	"errors"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
)

// ASVS 7.2.1, 7.3.1, 7.3.2
func TestAuthenticate(t *testing.T) {
	t.Parallel()
	change := func(f func(s *auth.Session)) func(*world) {
		return func(w *world) {
			session := w.Store.Sessions["id-1"]
			f(&session)
			w.Store.Sessions["id-1"] = session
		}
	}
	tests := map[string]struct {
		arrange func(w *world)
		want    auth.Code
	}{
		"a fresh token is good":                     {func(*world) {}, ""},
		"a token is good until its last moment":     {func(w *world) { w.Clock.Advance(24*time.Hour - 1) }, ""},
		"a token ends":                              {func(w *world) { w.Clock.Advance(24 * time.Hour) }, auth.CodeInvalidToken},
		"a session that is gone":                    {func(w *world) { delete(w.Store.Sessions, "id-1") }, auth.CodeInvalidToken},
		"a session that was ended":                  {change(func(s *auth.Session) { s.RevokedAt = &authtest.Noon }), auth.CodeInvalidToken},
		"a session that ends in the next moment":    {change(func(s *auth.Session) { s.ExpiresAt = authtest.Noon.Add(time.Microsecond) }), ""},
		"a session at its absolute end":             {change(func(s *auth.Session) { s.ExpiresAt = authtest.Noon }), auth.CodeInvalidToken},
		"a session of another user":                 {change(func(s *auth.Session) { s.UserID = 2 }), auth.CodeInvalidToken},
		"an inactive user":                          {func(w *world) { w.Store.UserRows[0].IsActive = false }, auth.CodeInvalidToken},
		"a deleted user":                            {func(w *world) { w.Store.UserRows = nil }, auth.CodeInvalidToken},
		"a password that somebody else changed":     {func(w *world) { w.Store.UserRows[0].Password = "current$other" }, auth.CodeInvalidToken},
		"a password that was hashed anew elsewhere": {func(w *world) { w.Store.UserRows[0].Password = "weak$wonderland" }, auth.CodeInvalidToken},
		"a session without a mark":                  {change(func(s *auth.Session) { s.PasswordMark = "" }), auth.CodeInvalidToken},
		"a store that cannot be reached":            {func(w *world) { w.Store.Err = auth.Unavailable(errors.New("gone")) }, auth.CodeUnavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Alice(), auth.User{ID: 2, Email: "bob@example.com", Password: "current$wonderland", IsActive: true})
			raw := w.MustLogin(t, authtest.AliceLogin()).AccessToken
			test.arrange(w)
			id, err := w.Authenticate(t.Context(), raw, authtest.Desk)
			if auth.ErrorCode(err) != test.want || (err == nil) != (test.want == "") {
				t.Fatalf("answers %v, want %q", err, test.want)
			}
			if err == nil && (id.User.ID != 1 || id.Session.ID != "id-1" || id.Token.SessionID != "id-1") {
				t.Errorf("is %+v", id)
			}
		})
	}
}

func TestAuthenticateRefusesWhatIsNoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.MustLogin(t, authtest.AliceLogin())
	for _, raw := range []string{"", "token-", "token-id-1", "id-2"} {
		if _, err := w.Authenticate(t.Context(), raw, authtest.Desk); auth.ErrorCode(err) != auth.CodeInvalidToken {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

// ASVS 7.4.1
func TestLogoutEndsOneSessionAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	phone, laptop := w.MustLogin(t, authtest.AliceLogin()), w.MustLogin(t, authtest.AliceLogin())
	id := w.mustAuthenticate(t, phone.AccessToken)
	if err := w.Logout(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Authenticate(t.Context(), phone.AccessToken, authtest.Desk); auth.ErrorCode(err) != auth.CodeInvalidToken {
		t.Errorf("after logout: %v", err)
	}
	w.mustAuthenticate(t, laptop.AccessToken)
}

func (w *world) mustAuthenticate(t *testing.T, raw string) *auth.Principal {
	t.Helper()
	id, err := w.Authenticate(t.Context(), raw, authtest.Desk)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestWhenATokenIsRenewed(t *testing.T) {
	t.Parallel()
	// The session of these ends 720 hours and 500 ms after noon; tokens hold
	// whole seconds.
	end := authtest.Noon.Add(720*time.Hour + 500*time.Millisecond)
	whole := end.Truncate(time.Second)
	tests := map[string]struct {
		now, tokenEnds time.Time
		due            bool
	}{
		"not while exactly half of its life is left":             {authtest.Noon.Add(12 * time.Hour), authtest.Noon.Add(24 * time.Hour), false},
		"as soon as less is left":                                {authtest.Noon.Add(12*time.Hour + 1), authtest.Noon.Add(24 * time.Hour), true},
		"in its last moment":                                     {authtest.Noon.Add(24*time.Hour - 1), authtest.Noon.Add(24 * time.Hour), true},
		"when the renewed one reaches to the session's end":      {end.Add(-13 * time.Hour), end.Add(-time.Hour).Truncate(time.Second), true},
		"even when that gains but a second":                      {end.Add(-time.Hour), whole.Add(-time.Second), true},
		"not when it reaches there already":                      {end.Add(-11 * time.Hour), whole, false},
		"not a second before the end":                            {end.Add(-time.Second), whole, false},
		"not in the half second that whole seconds cannot reach": {whole.Add(time.Millisecond), whole, false},
		"not when its end lies beyond the session's":             {end.Add(-time.Hour), whole.Add(time.Second), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := &auth.Principal{Session: auth.Session{ExpiresAt: end}, Token: auth.AccessToken{ExpiresAt: test.tokenEnds}}
			if got := w.IsDue(id, test.now); got != test.due {
				t.Errorf("due: %v, want %v", got, test.due)
			}
		})
	}
}

func TestARenewalIsATokenOfTheSameSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	first := w.MustLogin(t, authtest.AliceLogin()).AccessToken
	w.Clock.Advance(13 * time.Hour)
	id := w.mustAuthenticate(t, first)
	grant, err := w.Renew(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	want := auth.AccessToken{ID: "id-4", UserID: 1, SessionID: "id-1", IssuedAt: w.Clock.At, ExpiresAt: w.Clock.At.Add(24 * time.Hour)}
	if got := w.Tokens.Issued[grant.AccessToken]; got != want {
		t.Errorf("says %+v, want %+v", got, want)
	}
	session := w.Store.Sessions["id-1"]
	if !session.RenewedAt.Equal(w.Clock.At) || !session.ExpiresAt.Equal(authtest.Noon.Add(720*time.Hour)) {
		t.Errorf("the session is %+v", session)
	}
	w.mustAuthenticate(t, first) // stays good: its holder may not have got the new one
	w.mustAuthenticate(t, grant.AccessToken)
}

func TestATokenThatIsNotDueIsGivenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	raw := w.MustLogin(t, authtest.AliceLogin()).AccessToken
	w.Clock.Advance(12 * time.Hour)
	grant, err := w.Renew(t.Context(), w.mustAuthenticate(t, raw))
	if err != nil || grant.AccessToken != raw || grant.User.ID != 1 {
		t.Errorf("gives %+v, %v", grant, err)
	}
	if session := w.Store.Sessions["id-1"]; !session.RenewedAt.Equal(authtest.Noon) {
		t.Error("the store was troubled for nothing")
	}
}

func TestARenewalThatFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(w *world)
		want    auth.Code
	}{
		"because the session was ended meanwhile": {func(w *world) {
			_ = w.Store.RevokeSession(t.Context(), "id-1", authtest.Noon, auth.Event{})
		}, auth.CodeInvalidToken},
		"because the store cannot be reached": {func(w *world) { w.Store.Err = auth.Unavailable(errors.New("gone")) }, auth.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Alice())
			raw := w.MustLogin(t, authtest.AliceLogin()).AccessToken
			w.Clock.Advance(13 * time.Hour)
			id := w.mustAuthenticate(t, raw)
			test.arrange(w)
			grant, err := w.Renew(t.Context(), id)
			if auth.ErrorCode(err) != test.want || grant.AccessToken != "" {
				t.Errorf("answers %v with token %q, want %s", err, grant.AccessToken, test.want)
			}
		})
	}
}

// Whoever asks every minute is renewed twice a day, then once to reach the
// absolute end, and no more: a token that is renewed by its like would be
// renewed at every request.
//
// ASVS 7.3.2
func TestRenewalsEndWithTheSession(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]time.Duration{"at a whole second": 0, "between two seconds": 300 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Alice())
			w.Clock.Advance(odd)
			began := w.Clock.At
			raw := w.MustLogin(t, authtest.AliceLogin()).AccessToken
			renewals := 0
			for {
				id, err := w.Authenticate(t.Context(), raw, authtest.Desk)
				if err != nil {
					break
				}
				grant, err := w.Renew(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				if grant.AccessToken != raw {
					renewals++
				}
				raw = grant.AccessToken
				w.Clock.Advance(time.Minute)
			}
			if got := w.Clock.At.Sub(began); got < 720*time.Hour-time.Minute || got > 720*time.Hour+time.Minute {
				t.Errorf("signed out after %v, want 720h", got)
			}
			if renewals < 58 || renewals > 60 {
				t.Errorf("%d renewals in 30 days", renewals)
			}
			if last := w.Tokens.Issued[raw]; !last.ExpiresAt.Equal(began.Add(720 * time.Hour).Truncate(time.Second)) {
				t.Errorf("the last token ends at %v", last.ExpiresAt)
			}
		})
	}
}

// A Django that deactivates somebody and activates them again leaves no session that was
// used meanwhile.
// ASVS 7.4.2
func TestASessionWhoseUserWasSeenInactiveEnds(t *testing.T) {
	t.Parallel()
	for name, renewed := range map[string]bool{"seen meanwhile": true, "not seen meanwhile": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Alice())
			raw := w.MustLogin(t, authtest.AliceLogin()).AccessToken
			before := len(w.Store.Events)
			w.Store.UserRows[0].IsActive = false
			if renewed {
				for range 3 {
					_, err := w.Authenticate(t.Context(), raw, authtest.Desk)
					if auth.ErrorCode(err) != auth.CodeInvalidToken {
						t.Fatalf("an inactive user: %v", err)
					}
				}
			}
			w.Store.UserRows[0].IsActive = true
			if _, err := w.Authenticate(t.Context(), raw, authtest.Desk); (err != nil) != renewed {
				t.Errorf("once active again: %v", err)
			}
			events := w.Store.Events[before:]
			if !renewed {
				if len(events) != 0 {
					t.Errorf("the log says %+v", events)
				}
				return
			}
			if len(events) != 1 || events[0].Action != auth.ActionSessionsEnded || events[0].TargetID != "1" || events[0].Channel != auth.ChannelBackground {
				t.Errorf("the log says %+v, want that one session ended", events)
			}
		})
	}
}

// ASVS 7.4.2
func TestASessionOfTheAdminSiteWhoseUserWasSeenInactiveEnds(t *testing.T) {
	t.Parallel()
	staff := authtest.Alice()
	staff.IsStaff = true
	w := newWorld(t, staff)
	grant, err := w.LoginAdmin(t.Context(), authtest.AliceLogin())
	if err != nil {
		t.Fatal(err)
	}
	for _, active := range []bool{false, true} {
		w.Store.UserRows[0].IsActive = active
		if _, err := w.AuthenticateAdmin(t.Context(), grant.Secret, authtest.Desk); auth.ErrorCode(err) != auth.CodeInvalidToken {
			t.Errorf("active %t: %v", active, err)
		}
	}
}

func TestThatASessionCannotBeEndedChangesNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	raw := w.MustLogin(t, authtest.AliceLogin()).AccessToken
	w.Store.UserRows[0].IsActive = false
	w.Store.RevokeErr = auth.Unavailable(errors.New("gone"))
	if _, err := w.Authenticate(t.Context(), raw, authtest.Desk); auth.ErrorCode(err) != auth.CodeInvalidToken {
		t.Errorf("answers %v", err)
	}
}
