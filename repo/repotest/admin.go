package repotest

import (
	"context"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
)

// over makes three sessions of a user that are over at noon: ended, expired just
// now, and both; it returns their ids.
func (f fixture) over(t testing.TB, user auth.User) []string {
	t.Helper()
	ids := []string{"ended", "expired", "both"}
	for i, id := range ids {
		in := login(user, id)
		in.Session.CreatedAt, in.Session.RenewedAt = noon.Add(-time.Hour), noon.Add(-time.Hour)
		if i > 0 {
			in.Session.ExpiresAt = noon
		}
		f.begin(t, in)
		if i != 1 {
			must(t, f.RevokeSession(t.Context(), id, noon.Add(-time.Minute), eventOf(auth.ActionSignedOut, user)))
		}
	}
	return ids
}

// staying returns a check that each session has ended, or not, as it has now.
func (f fixture) staying(t testing.TB, ids []string) (check func()) {
	t.Helper()
	var before []auth.Session
	for _, id := range ids {
		before = append(before, f.session(t, id))
	}
	return func() {
		t.Helper()
		for i, id := range ids {
			was, is := before[i], f.session(t, id)
			if (was.RevokedAt == nil) != (is.RevokedAt == nil) || was.RevokedAt != nil && !was.RevokedAt.Equal(*is.RevokedAt) {
				t.Errorf("%s was ended at %v, and is now at %v", id, was.RevokedAt, is.RevokedAt)
			}
		}
	}
}

var adminSessions = []contractTest{
	{"a session has a channel and the time when the password was given", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		in := login(alice, "s1")
		confirmed := noon.Add(time.Microsecond)
		in.Session.Channel, in.Session.ConfirmedAt = auth.ChannelAdmin, &confirmed
		f.begin(t, in)
		got := f.session(t, "s1")
		if got.Channel != auth.ChannelAdmin || got.ConfirmedAt == nil {
			t.Fatalf("it is %+v", got)
		}
		sameInUTC(t, "confirmed", *got.ConfirmedAt, confirmed)
		f.begin(t, login(alice, "s2"))
		if got := f.session(t, "s2"); got.Channel != auth.ChannelAPI || got.ConfirmedAt != nil {
			t.Errorf("another is %+v", got)
		}
	}},
	{"a confirmation is noted, and changes nothing else", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		f.begin(t, login(alice, "s1"))
		f.begin(t, login(alice, "s2"))
		want := f.session(t, "s1")
		at := noon.Add(time.Hour)
		must(t, f.ConfirmSession(t.Context(), "s1", at))
		got := f.session(t, "s1")
		if got.ConfirmedAt == nil || !got.ConfirmedAt.Equal(at) {
			t.Errorf("confirmed at %v", got.ConfirmedAt)
		}
		if got.ConfirmedAt = nil; got != want {
			t.Errorf("it became %+v", got)
		}
		if f.session(t, "s2").ConfirmedAt != nil {
			t.Error("another was confirmed")
		}
	}},
	{"a session that was ended, or is not there, is not confirmed", func(t *testing.T, f fixture) {
		f.begin(t, login(f.create(t, "alice@example.com"), "s1"))
		must(t, f.RevokeSession(t.Context(), "s1", noon, auth.Event{}))
		mustBe(t, f.ConfirmSession(t.Context(), "s1", noon), auth.ErrNoRow)
		mustBe(t, f.ConfirmSession(t.Context(), "nothing", noon), auth.ErrNoRow)
		if f.session(t, "s1").ConfirmedAt != nil {
			t.Error("it was confirmed")
		}
	}},
	{"a user's sessions end but for one, and but for those that are over", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		for _, id := range []string{"s1", "s2", "kept"} {
			f.begin(t, login(alice, id))
		}
		f.begin(t, login(bob, "bob's"))
		check := f.staying(t, append(f.over(t, alice), "kept", "bob's"))
		f.change(t, func(ctx context.Context, tx accounts.Tx) error {
			ended, err := tx.Sessions.EndSessions(ctx, alice.ID, noon, "kept")
			if ended != 2 {
				t.Errorf("ended %d, want 2", ended)
			}
			return err
		})
		check()
		for _, id := range []string{"s1", "s2"} {
			if got := f.session(t, id).RevokedAt; got == nil || !got.Equal(noon) {
				t.Errorf("%s was ended at %v", id, got)
			}
		}
	}},
	{"one session is ended, and it is told whether it was not over yet", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		over := f.over(t, alice)
		f.begin(t, login(alice, "s1"))
		f.begin(t, login(alice, "s2"))
		check := f.staying(t, append(over, "s2"))
		f.change(t, func(ctx context.Context, tx accounts.Tx) error {
			if ended, err := tx.Sessions.EndSession(ctx, "s1", noon); err != nil || !ended {
				t.Errorf("it is not ended: %v", err)
			}
			for _, id := range append(over, "s1", "nothing") {
				if ended, err := tx.Sessions.EndSession(ctx, id, noon); err != nil || ended {
					t.Errorf("%s is ended again: %v", id, err)
				}
			}
			return nil
		})
		check()
		if got := f.session(t, "s1").RevokedAt; got == nil || !got.Equal(noon) {
			t.Errorf("it was ended at %v", got)
		}
	}},
	{"a session goes on with another password", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		f.begin(t, login(alice, "s1"))
		f.begin(t, login(alice, "s2"))
		f.change(t, func(ctx context.Context, tx accounts.Tx) error {
			return tx.Sessions.MarkSession(ctx, "s1", "another mark")
		})
		if got, other := f.session(t, "s1").PasswordMark, f.session(t, "s2").PasswordMark; got != "another mark" || other != mark(alice.Password) {
			t.Errorf("the marks are %q and %q", got, other)
		}
	}},
}

// use uses a link up in a transaction of its own.
func (f fixture) use(ctx context.Context, hash string, at time.Time) error {
	return f.Change(ctx, func(ctx context.Context, tx accounts.Tx) error {
		return tx.Tokens.UseToken(ctx, auth.TokenSetup, hash, at)
	})
}

// addToken stores the token of a link that makes the first superuser.
func (f fixture) addToken(t testing.TB, hash string, expires time.Time) error {
	t.Helper()
	return f.AddToken(t.Context(), auth.OneTimeToken{Kind: auth.TokenSetup, Hash: hash, ExpiresAt: expires})
}

func (f fixture) mustBeOpen(t testing.TB, hash string, at time.Time, want bool) {
	t.Helper()
	if open, err := f.TokenIsOpen(t.Context(), auth.TokenSetup, hash, at); err != nil || open != want {
		t.Errorf("%s is open: %v, %v, want %v", hash, open, err, want)
	}
}

var links = []contractTest{
	{"a one-time link is open until it expires", func(t *testing.T, f fixture) {
		expires := noon.Add(time.Hour)
		must(t, f.addToken(t, "hash", expires))
		f.mustBeOpen(t, "hash", noon, true)
		f.mustBeOpen(t, "hash", expires.Add(-time.Microsecond), true)
		f.mustBeOpen(t, "hash", expires, false)
		f.mustBeOpen(t, "another", noon, false)
		mustBe(t, f.use(t.Context(), "hash", expires), auth.ErrNoRow)
		must(t, f.use(t.Context(), "hash", expires.Add(-time.Microsecond)))
	}},
	{"a one-time link is used once", func(t *testing.T, f fixture) {
		must(t, f.addToken(t, "hash", noon.Add(time.Hour)))
		must(t, f.addToken(t, "another", noon.Add(time.Hour)))
		must(t, f.use(t.Context(), "hash", noon))
		mustBe(t, f.use(t.Context(), "hash", noon), auth.ErrNoRow)
		f.mustBeOpen(t, "hash", noon, false)
		f.mustBeOpen(t, "another", noon, true)
		mustBe(t, f.use(t.Context(), "nothing", noon), auth.ErrNoRow)
	}},
	{"of twenty who use one link at once, one does", func(t *testing.T, f fixture) {
		must(t, f.addToken(t, "hash", noon.Add(time.Hour)))
		answers := atOnce(20, func(int) error { return f.use(t.Context(), "hash", noon) })
		if ok, used, others := tally(answers, auth.ErrNoRow); ok != 1 || used != 19 || len(others) > 0 {
			t.Errorf("%d did, for %d it was used; %v", ok, used, others)
		}
	}},
	{"a link is open still when the change that used it fails", func(t *testing.T, f fixture) {
		must(t, f.addToken(t, "hash", noon.Add(time.Hour)))
		mustBe(t, f.Change(t.Context(), func(ctx context.Context, tx accounts.Tx) error {
			must(t, tx.Tokens.UseToken(ctx, auth.TokenSetup, "hash", noon))
			return errBoom
		}), errBoom)
		f.mustBeOpen(t, "hash", noon, true)
	}},
	{"links that have expired are deleted, used or not", func(t *testing.T, f fixture) {
		for hash, expires := range map[string]time.Time{"over": noon.Add(-time.Microsecond), "used": noon.Add(-time.Hour), "just not over": noon, "open": noon.Add(time.Hour)} {
			must(t, f.addToken(t, hash, expires))
		}
		must(t, f.use(t.Context(), "used", noon.Add(-2*time.Hour)))
		if deleted, err := f.DeleteExpired(t.Context(), noon); err != nil || deleted != 2 {
			t.Errorf("deleted %d, %v, want 2", deleted, err)
		}
		if n := f.count(t, "SELECT count(*) FROM latchkey_one_time_token WHERE hash IN ('open', 'just not over')"); n != 2 {
			t.Errorf("%d are left", n)
		}
	}},
	{"a token does what its kind says, and nothing else", func(t *testing.T, f fixture) {
		must(t, f.addToken(t, "hash", noon.Add(time.Hour)))
		if open, err := f.TokenIsOpen(t.Context(), "another kind", "hash", noon); err != nil || open {
			t.Errorf("it is open: %v, %v", open, err)
		}
		err := f.Change(t.Context(), func(ctx context.Context, tx accounts.Tx) error {
			return tx.Tokens.UseToken(ctx, "another kind", "hash", noon)
		})
		mustBe(t, err, auth.ErrNoRow)
		f.mustBeOpen(t, "hash", noon, true)
	}},
	{"a token that is for a user goes with them", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		for hash, id := range map[string]int64{"alice's": alice.ID, "bob's": bob.ID, "nobody's": 0} {
			must(t, f.AddToken(t.Context(), auth.OneTimeToken{Kind: auth.TokenSetup, Hash: hash, UserID: id, ExpiresAt: noon.Add(time.Hour)}))
		}
		f.change(t, func(ctx context.Context, tx accounts.Tx) error { return tx.Users.DeleteUser(ctx, alice.ID) })
		f.exec(t, "DELETE FROM users_user WHERE id = $1", bob.ID) // as a Django does
		for hash, open := range map[string]bool{"alice's": false, "bob's": false, "nobody's": true} {
			f.mustBeOpen(t, hash, noon, open)
		}
	}},
}
