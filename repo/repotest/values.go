package repotest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// oddTexts are what a query that is put together carelessly falls over.
var oddTexts = []string{
	`'`, `''`, `"`, "`", `\`, `\'`, `\\`, `'; DROP TABLE users_user; --`, `?`, `??`, `?0`, `?1`, `?TableAlias`, `?name`, `$1`, `$$`, `:name`, `@p1`,
	`%`, `_`, `%s`, `{{.}}`, `\u0041`, `\x41`, `E'\n'`, "a\nb", "a\r\nb", "a\tb", " a ", "🗝️", "👩‍👩‍👧", "\u202eabc", "\u00a0", "\ufeff", "NULL", "null", "0", "true",
}

var values = []contractTest{
	{"texts come back as they were", func(t *testing.T, f fixture) {
		for i, text := range oddTexts {
			want := auth.User{
				Email: fmt.Sprintf("%s-%d@example.com", text, i), Password: "!" + text, FirstName: text, LastName: text + text,
				IsActive: true, DateJoined: noon,
			}
			must(t, f.CreateUser(t.Context(), &want))
			if got := f.reread(t, want); got != want {
				t.Errorf("%q: %+v became %+v", text, want, got)
			}
			in := login(want, fmt.Sprint(text, i))
			in.Session.UserAgent, in.Session.Address, in.Session.PasswordMark = text, text, text
			f.begin(t, in)
			if got := f.session(t, in.Session.ID); got != in.Session {
				t.Errorf("%q: %+v became %+v", text, in.Session, got)
			}
			if _, err := f.SetPassword(t.Context(), want.ID, "?"+text, noon); err != nil || f.reread(t, want).Password != "?"+text {
				t.Errorf("%q: the password is %q, %v", text, f.reread(t, want).Password, err)
			}
		}
		if n := f.count(t, "SELECT count(*) FROM users_user"); n != len(oddTexts) {
			t.Errorf("there are %d users, want %d", n, len(oddTexts))
		}
	}},
	{"no text is a pattern", func(t *testing.T, f fixture) {
		f.create(t, "a_b%c@example.com")
		for _, email := range []string{"axb%c@example.com", "a_bxxc@example.com", "%", "A_B%", "___________________"} {
			_, err := f.UserByEmail(t.Context(), email)
			mustBe(t, err, auth.ErrNoRow)
		}
		if got, err := f.UserByEmail(t.Context(), "A_B%C@EXAMPLE.COM"); err != nil || got.Email != "a_b%c@example.com" {
			t.Errorf("finds %+v, %v", got, err)
		}
	}},
	{"times come back in UTC, to the microsecond", func(t *testing.T, f fixture) {
		for i, at := range []time.Time{
			noon,
			noon.Truncate(time.Second),
			time.Date(2026, 11, 24, 23, 59, 59, 999999000, time.UTC),
			time.Date(2026, 11, 24, 0, 0, 0, 1000, time.UTC),
			time.Date(2026, 1, 1, 3, 30, 0, 500000, time.FixedZone("", 5*3600+1800)),
			time.Date(2026, 12, 31, 23, 0, 0, 0, time.FixedZone("", -8*3600)),
			time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Date(2199, 12, 31, 12, 0, 0, 100000, time.UTC),
		} {
			user := auth.User{Email: fmt.Sprintf("%d@example.com", i), IsActive: true, DateJoined: at, LastLogin: &at}
			must(t, f.CreateUser(t.Context(), &user))
			got := f.reread(t, user)
			sameInUTC(t, "date_joined", got.DateJoined, at)
			sameInUTC(t, "last_login", *got.LastLogin, at)

			in, id := login(user, fmt.Sprint(i)), fmt.Sprint(i)
			in.Session.CreatedAt, in.Session.RenewedAt, in.Session.ExpiresAt = at, at, at.Add(time.Microsecond)
			f.begin(t, in)
			must(t, f.RevokeSession(t.Context(), id, at, auth.Event{}))
			session := f.session(t, id)
			sameInUTC(t, "created", session.CreatedAt, at)
			sameInUTC(t, "renewed", session.RenewedAt, at)
			sameInUTC(t, "expires", session.ExpiresAt, at.Add(time.Microsecond))
			sameInUTC(t, "revoked", *session.RevokedAt, at)
		}
	}},
	{"a context that is cancelled ends every call", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for name, err := range every(ctx, f, alice) {
			if err == nil {
				t.Errorf("%s goes on", name)
			} else if auth.ErrorCode(err) == auth.CodeUnavailable {
				t.Errorf("%s takes a client that hung up for a fault of the database: %v", name, err)
			}
		}
		f.begin(t, login(alice, "the store still works"))
	}},
	{"a context whose time is up ends every call as unavailable", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
		defer cancel()
		for name, err := range every(ctx, f, alice) {
			if auth.ErrorCode(err) != auth.CodeUnavailable {
				t.Errorf("%s answers %v", name, err)
			}
		}
		f.begin(t, login(alice, "the store still works"))
	}},
}

func sameInUTC(t *testing.T, what string, got, want time.Time) {
	t.Helper()
	if !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("%s: %v became %v", what, want, got)
	}
}

// every calls each method once.
func every(ctx context.Context, f fixture, user auth.User) map[string]error {
	answers := map[string]error{
		"CreateUser":    f.CreateUser(ctx, &auth.User{Email: "new@example.com", DateJoined: noon}),
		"BeginSession":  f.BeginSession(ctx, login(user, "every")),
		"RenewSession":  f.RenewSession(ctx, "every", noon),
		"RevokeSession": f.RevokeSession(ctx, "every", noon, auth.Event{}),
	}
	answers["ConfirmSession"] = f.ConfirmSession(ctx, "every", noon)
	answers["AddToken"] = f.AddToken(ctx, auth.OneTimeToken{Kind: auth.TokenSetup, Hash: "hash", ExpiresAt: noon})
	answers["EachUser"] = f.EachUser(ctx, auth.ListParams{}, func(auth.User) error { return nil })
	answers["EachEvent"] = f.EachEvent(ctx, auth.ListParams{}, func(auth.Event) error { return nil })
	_, answers["TokenIsOpen"] = f.TokenIsOpen(ctx, auth.TokenSetup, "hash", noon)
	_, answers["CountSuperusers"] = f.CountSuperusers(ctx)
	_, answers["Account"] = f.Account(ctx, user.ID)
	_, answers["RightsOf"] = f.PermissionsOf(ctx, user.ID)
	_, answers["Permissions"] = f.Permissions(ctx)
	_, answers["Groups"] = f.Groups(ctx)
	_, answers["Group"] = f.Group(ctx, 1)
	_, answers["Users"] = f.ListUsers(ctx, auth.ListParams{Size: 1, Search: "alice"})
	_, answers["ListGroups"] = f.ListGroups(ctx, auth.ListParams{Size: 1})
	_, answers["Sessions"] = f.ListSessions(ctx, auth.ListParams{Size: 1})
	_, answers["Events"] = f.ListEvents(ctx, auth.ListParams{Size: 1})
	_, answers["Event"] = f.Event(ctx, 1)
	_, _, answers["EventHead"] = f.EventHead(ctx)
	_, answers["RelatedRows"] = f.RelatedRows(ctx, []int64{user.ID})
	_, answers["UserByEmail"] = f.UserByEmail(ctx, user.Email)
	_, answers["SetPassword"] = f.SetPassword(ctx, user.ID, "x", noon)
	_, _, answers["SessionByID"] = f.SessionByID(ctx, "every")
	_, answers["ReserveAttempt"] = f.ReserveAttempt(ctx, signin.Attempt{At: noon, Counters: unlimited("key")})
	answers["SettleAttempt"] = f.SettleAttempt(ctx, signin.Settlement{At: noon, Release: []string{"key"}})
	answers["LockAccount"] = f.LockAccount(ctx, []string{"key"}, user.ID, nil)
	_, answers["TrimAttempts"] = f.TrimAttempts(ctx, 1)
	_, answers["HashSamples"] = f.HashSamples(ctx)
	_, answers["DeleteExpired"] = f.DeleteExpired(ctx, noon)
	return answers
}

var concurrency = []contractTest{
	// SQLite's "database is locked" is what this is about.
	{"many who do everything at once do not get in each other's way", func(t *testing.T, f fixture) {
		const people, rounds = 16, 10
		shared := f.create(t, "shared@example.com")
		answers := atOnce(people, func(i int) error {
			user := auth.User{Email: fmt.Sprintf("person%d@example.com", i), IsActive: true, DateJoined: noon}
			if err := f.CreateUser(t.Context(), &user); err != nil {
				return err
			}
			for round := range rounds {
				if err := f.live(t.Context(), user, shared, fmt.Sprint(i, "-", round)); err != nil {
					return fmt.Errorf("person %d, round %d: %w", i, round, err)
				}
			}
			return nil
		})
		for _, err := range answers {
			if err != nil {
				t.Error(err)
			}
		}
		if got := f.counted(t, "shared"); got["shared"] != people*rounds {
			t.Errorf("counted are %v, want %d", got, people*rounds)
		}
		if n := f.count(t, "SELECT count(*) FROM latchkey_session"); n != 2*people*rounds {
			t.Errorf("there are %d sessions, want %d", n, 2*people*rounds)
		}
	}},
}

// live is a short life with the store.
func (f fixture) live(ctx context.Context, user, shared auth.User, id string) error {
	steps := []func() error{
		func() error { _, err := f.UserByEmail(ctx, user.Email); return err },
		func() error {
			_, err := f.ReserveAttempt(ctx, signin.Attempt{At: noon, Counters: unlimited("shared", fmt.Sprint("user", user.ID))})
			return err
		},
		func() error { return f.BeginSession(ctx, login(user, id)) },
		func() error { return f.BeginSession(ctx, login(shared, "shared "+id)) },
		func() error { _, _, err := f.SessionByID(ctx, id); return err },
		func() error { return f.RenewSession(ctx, id, noon.Add(time.Hour)) },
		func() error { _, err := f.HashSamples(ctx); return err },
		func() error { _, err := f.DeleteExpired(ctx, noon.Add(-time.Hour)); return err },
		func() error { _, err := f.SetPassword(ctx, user.ID, user.Password, noon); return err },
		func() error { return f.RevokeSession(ctx, "shared "+id, noon, auth.Event{}) },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}
