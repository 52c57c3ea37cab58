package repotest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

var endings = []contractTest{
	{"a renewal is noted, and changes nothing else", func(t *testing.T, f fixture) {
		in := login(f.create(t, "alice@example.com"), "s1")
		f.begin(t, in)
		must(t, f.RenewSession(t.Context(), "s1", noon.Add(time.Hour)))
		want := in.Session
		want.RenewedAt = noon.Add(time.Hour)
		if got := f.session(t, "s1"); got != want {
			t.Errorf("the session is %+v, want %+v", got, want)
		}
	}},
	{"a session that is not there cannot be renewed", func(t *testing.T, f fixture) {
		mustBe(t, f.RenewSession(t.Context(), "s1", noon), auth.ErrNoRow)
	}},
	{"a session is ended once", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		f.begin(t, login(alice, "s1"))
		f.begin(t, login(alice, "s2"))
		must(t, f.RevokeSession(t.Context(), "s1", noon.Add(time.Minute), auth.Event{}))
		must(t, f.RevokeSession(t.Context(), "s1", noon.Add(time.Hour), auth.Event{}))
		if got := f.session(t, "s1").RevokedAt; got == nil || !got.Equal(noon.Add(time.Minute)) {
			t.Errorf("it was ended at %v", got)
		}
		if f.session(t, "s2").RevokedAt != nil {
			t.Error("another session was ended")
		}
	}},
	{"ending what is not there is no fault", func(t *testing.T, f fixture) {
		must(t, f.RevokeSession(t.Context(), "nothing", noon, auth.Event{}))
	}},
	{"a session that was ended is not renewed", func(t *testing.T, f fixture) {
		f.begin(t, login(f.create(t, "alice@example.com"), "s1"))
		must(t, f.RevokeSession(t.Context(), "s1", noon, auth.Event{}))
		mustBe(t, f.RenewSession(t.Context(), "s1", noon.Add(time.Hour)), auth.ErrNoRow)
		if got := f.session(t, "s1"); !got.RenewedAt.Equal(noon) || got.RevokedAt == nil {
			t.Errorf("it is %+v", got)
		}
	}},
	{"a session that is renewed and ended at once is ended", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		for round := range 20 {
			id := fmt.Sprint("s", round)
			f.begin(t, login(alice, id))
			answers := atOnce(6, func(i int) error {
				if i == 0 {
					return f.RevokeSession(t.Context(), id, noon, auth.Event{})
				}
				return f.RenewSession(t.Context(), id, noon.Add(time.Duration(i)*time.Second))
			})
			if answers[0] != nil {
				t.Fatal(answers[0])
			}
			if _, _, others := tally(answers, auth.ErrNoRow); len(others) > 0 {
				t.Fatal(others)
			}
			if f.session(t, id).RevokedAt == nil {
				t.Fatal("it goes on")
			}
		}
	}},
	{"a new password is stored and ends the user's sessions that are not over", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		at := noon.Add(time.Hour)
		for id, ends := range map[string]time.Time{"s1": at.Add(time.Microsecond), "s2": at.Add(time.Hour), "over": at, "long over": noon} {
			in := login(alice, id)
			in.Session.ExpiresAt = ends
			f.begin(t, in)
		}
		f.begin(t, login(alice, "ended"))
		must(t, f.RevokeSession(t.Context(), "ended", noon, auth.Event{}))
		f.begin(t, login(bob, "bob's"))

		ended, err := f.SetPassword(t.Context(), alice.ID, "argon2$new", at)
		if err != nil || ended != 2 {
			t.Errorf("ended %d, %v, want 2", ended, err)
		}
		if got := f.reread(t, alice); got.Password != "argon2$new" {
			t.Errorf("the password is %q", got.Password)
		}
		if got := f.reread(t, bob); got.Password != bob.Password || f.session(t, "bob's").RevokedAt != nil {
			t.Error("another user was touched")
		}
		for _, id := range []string{"s1", "s2"} {
			if got := f.session(t, id).RevokedAt; got == nil || !got.Equal(at) {
				t.Errorf("%s was ended at %v", id, got)
			}
		}
		if got := f.session(t, "ended").RevokedAt; !got.Equal(noon) {
			t.Errorf("what had ended at noon has ended at %v", got)
		}
	}},
	{"a new password for nobody is refused", func(t *testing.T, f fixture) {
		ended, err := f.SetPassword(t.Context(), 4711, "x", noon)
		mustBe(t, err, auth.ErrNoRow)
		if ended != 0 {
			t.Errorf("ended %d", ended)
		}
	}},
	// Else whoever knows the old password stays in.
	{"a login that races with a new password does not survive it", func(t *testing.T, f fixture) {
		for round := range 20 {
			user := f.create(t, fmt.Sprintf("user%d@example.com", round))
			ids := []string{"a", "b", "c", "d"}
			answers := atOnce(len(ids)+1, func(i int) error {
				if i == len(ids)/2 {
					_, err := f.SetPassword(t.Context(), user.ID, "argon2$new", noon)
					return err
				}
				return f.BeginSession(t.Context(), login(user, fmt.Sprint(round, ids[i%len(ids)], i)))
			})
			for i, err := range answers {
				id := fmt.Sprint(round, ids[i%len(ids)], i)
				switch {
				case i == len(ids)/2:
					must(t, err)
				case errors.Is(err, auth.ErrChanged):
				case err != nil:
					t.Fatal(err)
				case f.session(t, id).RevokedAt == nil:
					t.Fatalf("round %d: a session of the old password goes on", round)
				}
			}
		}
	}},
}
