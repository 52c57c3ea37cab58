package auth

import (
	"errors"
	"testing"
	"time"
)

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	change := func(f func(s *Session)) func(*world) {
		return func(w *world) {
			session := w.store.sessions["id-1"]
			f(&session)
			w.store.sessions["id-1"] = session
		}
	}
	tests := map[string]struct {
		arrange func(w *world)
		want    Code
	}{
		"a fresh token is good":                     {func(*world) {}, ""},
		"a token is good until its last moment":     {func(w *world) { w.clock.advance(24*time.Hour - 1) }, ""},
		"a token ends":                              {func(w *world) { w.clock.advance(24 * time.Hour) }, CodeInvalidToken},
		"a session that is gone":                    {func(w *world) { delete(w.store.sessions, "id-1") }, CodeInvalidToken},
		"a session that was ended":                  {change(func(s *Session) { s.RevokedAt = &noon }), CodeInvalidToken},
		"a session that ends in the next moment":    {change(func(s *Session) { s.ExpiresAt = noon.Add(time.Microsecond) }), ""},
		"a session at its absolute end":             {change(func(s *Session) { s.ExpiresAt = noon }), CodeInvalidToken},
		"a session of another user":                 {change(func(s *Session) { s.UserID = 2 }), CodeInvalidToken},
		"an inactive user":                          {func(w *world) { w.store.users[0].IsActive = false }, CodeInvalidToken},
		"a deleted user":                            {func(w *world) { w.store.users = nil }, CodeInvalidToken},
		"a password that somebody else changed":     {func(w *world) { w.store.users[0].Password = "current$other" }, CodeInvalidToken},
		"a password that was hashed anew elsewhere": {func(w *world) { w.store.users[0].Password = "weak$wonderland" }, CodeInvalidToken},
		"a session without a mark":                  {change(func(s *Session) { s.PasswordMark = "" }), CodeInvalidToken},
		"a store that cannot be reached":            {func(w *world) { w.store.err = Unavailable(errors.New("gone")) }, CodeUnavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, alice(), User{ID: 2, Email: "bob@example.com", Password: "current$wonderland", IsActive: true})
			raw := w.mustLogin(t, aliceLogin()).AccessToken
			test.arrange(w)
			id, err := w.Authenticate(t.Context(), raw)
			if ErrorCode(err) != test.want || (err == nil) != (test.want == "") {
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
	w := newWorld(t, alice())
	w.mustLogin(t, aliceLogin())
	for _, raw := range []string{"", "token-", "token-id-1", "id-2"} {
		if _, err := w.Authenticate(t.Context(), raw); ErrorCode(err) != CodeInvalidToken {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestLogoutEndsOneSessionAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice())
	phone, laptop := w.mustLogin(t, aliceLogin()), w.mustLogin(t, aliceLogin())
	id := w.mustAuthenticate(t, phone.AccessToken)
	if err := w.Logout(t.Context(), id, Client{Address: "192.0.2.1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Authenticate(t.Context(), phone.AccessToken); ErrorCode(err) != CodeInvalidToken {
		t.Errorf("after logout: %v", err)
	}
	w.mustAuthenticate(t, laptop.AccessToken)
}

func (w *world) mustAuthenticate(t *testing.T, raw string) *Identity {
	t.Helper()
	id, err := w.Authenticate(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestWhenATokenIsRenewed(t *testing.T) {
	t.Parallel()
	// The session of these ends 720 hours and 500 ms after noon; tokens hold
	// whole seconds.
	end := noon.Add(720*time.Hour + 500*time.Millisecond)
	whole := end.Truncate(time.Second)
	tests := map[string]struct {
		now, tokenEnds time.Time
		due            bool
	}{
		"not while exactly half of its life is left":             {noon.Add(12 * time.Hour), noon.Add(24 * time.Hour), false},
		"as soon as less is left":                                {noon.Add(12*time.Hour + 1), noon.Add(24 * time.Hour), true},
		"in its last moment":                                     {noon.Add(24*time.Hour - 1), noon.Add(24 * time.Hour), true},
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
			id := &Identity{Session: Session{ExpiresAt: end}, Token: AccessToken{ExpiresAt: test.tokenEnds}}
			if got := w.isDue(id, test.now); got != test.due {
				t.Errorf("due: %v, want %v", got, test.due)
			}
		})
	}
}

func TestARenewalIsATokenOfTheSameSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice())
	first := w.mustLogin(t, aliceLogin()).AccessToken
	w.clock.advance(13 * time.Hour)
	id := w.mustAuthenticate(t, first)
	grant, err := w.Renew(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	want := AccessToken{ID: "id-3", UserID: 1, SessionID: "id-1", IssuedAt: w.clock.now, ExpiresAt: w.clock.now.Add(24 * time.Hour)}
	if got := w.tokens.issued[grant.AccessToken]; got != want {
		t.Errorf("says %+v, want %+v", got, want)
	}
	session := w.store.sessions["id-1"]
	if !session.RenewedAt.Equal(w.clock.now) || !session.ExpiresAt.Equal(noon.Add(720*time.Hour)) {
		t.Errorf("the session is %+v", session)
	}
	w.mustAuthenticate(t, first) // stays good: its holder may not have got the new one
	w.mustAuthenticate(t, grant.AccessToken)
}

func TestATokenThatIsNotDueIsGivenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice())
	raw := w.mustLogin(t, aliceLogin()).AccessToken
	w.clock.advance(12 * time.Hour)
	grant, err := w.Renew(t.Context(), w.mustAuthenticate(t, raw))
	if err != nil || grant.AccessToken != raw || grant.User.ID != 1 {
		t.Errorf("gives %+v, %v", grant, err)
	}
	if session := w.store.sessions["id-1"]; !session.RenewedAt.Equal(noon) {
		t.Error("the store was troubled for nothing")
	}
}

func TestARenewalThatFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(w *world)
		want    Code
	}{
		"because the session was ended meanwhile": {func(w *world) { _ = w.store.RevokeSession(t.Context(), "id-1", noon, Event{}) }, CodeInvalidToken},
		"because the store cannot be reached":     {func(w *world) { w.store.err = Unavailable(errors.New("gone")) }, CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, alice())
			raw := w.mustLogin(t, aliceLogin()).AccessToken
			w.clock.advance(13 * time.Hour)
			id := w.mustAuthenticate(t, raw)
			test.arrange(w)
			grant, err := w.Renew(t.Context(), id)
			if ErrorCode(err) != test.want || grant.AccessToken != "" {
				t.Errorf("answers %v with token %q, want %s", err, grant.AccessToken, test.want)
			}
		})
	}
}

// Whoever asks every minute is renewed twice a day, then once to reach the
// absolute end, and no more: a token that is renewed by its like would be
// renewed at every request.
func TestRenewalsEndWithTheSession(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]time.Duration{"at a whole second": 0, "between two seconds": 300 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, alice())
			w.clock.advance(odd)
			began := w.clock.now
			raw := w.mustLogin(t, aliceLogin()).AccessToken
			renewals := 0
			for {
				id, err := w.Authenticate(t.Context(), raw)
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
				w.clock.advance(time.Minute)
			}
			if got := w.clock.now.Sub(began); got < 720*time.Hour-time.Minute || got > 720*time.Hour+time.Minute {
				t.Errorf("signed out after %v, want 720h", got)
			}
			if renewals < 58 || renewals > 60 {
				t.Errorf("%d renewals in 30 days", renewals)
			}
			if last := w.tokens.issued[raw]; !last.ExpiresAt.Equal(began.Add(720 * time.Hour).Truncate(time.Second)) {
				t.Errorf("the last token ends at %v", last.ExpiresAt)
			}
		})
	}
}

func TestDeleteEndedDeletesWhatIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	deleted, err := w.DeleteEnded(t.Context())
	if err != nil || deleted != 3 {
		t.Errorf("answers %d, %v", deleted, err)
	}
	if want := [2]time.Time{noon, noon.Add(-attemptWindow)}; w.store.deletedTill != want {
		t.Errorf("deletes what ended before %v, want %v", w.store.deletedTill, want)
	}
}
