package repotest

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

const window = 15 * time.Minute

// counted reads how much is counted under each key that has any.
func (f fixture) counted(t testing.TB, keys ...string) map[string]int {
	t.Helper()
	found, err := f.FailedAttempts(t.Context(), keys, noon.Add(-1000*time.Hour))
	must(t, err)
	counts := map[string]int{}
	for _, each := range found {
		counts[each.Key] = each.Count
	}
	return counts
}

func (f fixture) fail(t testing.TB, at time.Time, keys ...string) {
	t.Helper()
	must(t, f.CountFailedAttempt(t.Context(), keys, at, at.Add(-window)))
}

// only reads what is counted under one key since then.
func (f fixture) only(t testing.TB, key string, since time.Time) (signin.FailedAttempts, bool) {
	t.Helper()
	found, err := f.FailedAttempts(t.Context(), []string{key}, since)
	must(t, err)
	if len(found) == 0 {
		return signin.FailedAttempts{}, false
	}
	return found[0], len(found) == 1
}

var attempts = []contractTest{
	{"nothing is counted before anything failed", func(t *testing.T, f fixture) {
		found, err := f.FailedAttempts(t.Context(), []string{"a", "b"}, noon)
		if err != nil || len(found) != 0 {
			t.Errorf("reads %v, %v", found, err)
		}
		if found, err := f.FailedAttempts(t.Context(), nil, noon); err != nil || len(found) != 0 {
			t.Errorf("of no key: reads %v, %v", found, err)
		}
	}},
	{"failures are counted under each key, from the first one's time", func(t *testing.T, f fixture) {
		f.fail(t, noon, "user", "client")
		f.fail(t, noon.Add(time.Minute), "user", "another client")
		f.fail(t, noon.Add(2*time.Minute), "user", "client")
		for key, want := range map[string]signin.FailedAttempts{
			"user":           {Key: "user", Count: 3, Since: noon},
			"client":         {Key: "client", Count: 2, Since: noon},
			"another client": {Key: "another client", Count: 1, Since: noon.Add(time.Minute)},
		} {
			if got, found := f.only(t, key, noon.Add(-window)); !found || got != want {
				t.Errorf("%s: %+v, want %+v", key, got, want)
			}
		}
	}},
	{"only what began after the given time is read", func(t *testing.T, f fixture) {
		f.fail(t, noon, "key")
		if _, found := f.only(t, "key", noon.Add(-time.Microsecond)); !found {
			t.Error("what began a microsecond after it is not")
		}
		if _, found := f.only(t, "key", noon); found {
			t.Error("what began at it is")
		}
	}},
	{"a window lasts until its last moment, and the next begins anew", func(t *testing.T, f fixture) {
		f.fail(t, noon, "key")
		f.fail(t, noon.Add(window-time.Microsecond), "key")
		if got, _ := f.only(t, "key", noon.Add(-window)); got.Count != 2 || !got.Since.Equal(noon) {
			t.Errorf("within: %+v", got)
		}
		f.fail(t, noon.Add(window), "key")
		if got, _ := f.only(t, "key", noon.Add(-window)); got.Count != 1 || !got.Since.Equal(noon.Add(window)) {
			t.Errorf("after: %+v", got)
		}
	}},
	{"a window of one key is not that of another", func(t *testing.T, f fixture) {
		f.fail(t, noon, "old", "both")
		f.fail(t, noon.Add(window), "new", "both")
		if got := f.counted(t, "old", "new", "both"); got["old"] != 1 || got["new"] != 1 || got["both"] != 1 {
			t.Errorf("counted are %v", got)
		}
	}},
	{"windows are told apart within a second", func(t *testing.T, f fixture) {
		whole := noon.Truncate(time.Second)
		for i, offset := range []time.Duration{0, 100 * time.Millisecond, 120 * time.Millisecond, 999999 * time.Microsecond} {
			key := fmt.Sprint("key", i)
			f.fail(t, whole.Add(offset), key)
			for _, other := range []time.Duration{0, 99 * time.Millisecond, 100 * time.Millisecond, 110 * time.Millisecond, 500 * time.Millisecond, time.Second} {
				if _, found := f.only(t, key, whole.Add(other)); found != (offset > other) {
					t.Errorf("began %v after the second, and since %v after it: read %v", offset, other, found)
				}
			}
		}
	}},
	{"fifty failures at once are counted, each of them", func(t *testing.T, f fixture) {
		answers := atOnce(50, func(i int) error {
			return f.CountFailedAttempt(t.Context(), []string{"user", fmt.Sprint("client", i%5)}, noon, noon.Add(-window))
		})
		if ok, _, others := tally(answers, nil); ok != 50 {
			t.Fatalf("%d were counted; %v", ok, others)
		}
		got := f.counted(t, "user", "client0", "client1", "client2", "client3", "client4")
		if got["user"] != 50 || got["client0"] != 10 || got["client4"] != 10 {
			t.Errorf("counted are %v", got)
		}
	}},
	{"fifty failures at once in a new window are counted, each of them", func(t *testing.T, f fixture) {
		for range 5 {
			f.fail(t, noon, "user")
		}
		later := noon.Add(window)
		for _, err := range atOnce(50, func(int) error {
			return f.CountFailedAttempt(t.Context(), []string{"user"}, later, later.Add(-window))
		}) {
			must(t, err)
		}
		if got, _ := f.only(t, "user", noon); got.Count != 50 || !got.Since.Equal(later) {
			t.Errorf("counted are %+v", got)
		}
	}},
}

var cleaning = []contractTest{
	{"what has expired is deleted, and nothing else", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		for id, ends := range map[string]time.Time{
			"long over": noon.Add(-time.Hour), "just over": noon.Add(-time.Microsecond), "ends now": noon, "goes on": noon.Add(time.Microsecond),
		} {
			in := login(alice, id)
			in.Session.ExpiresAt = ends
			f.begin(t, in)
		}
		f.begin(t, login(alice, "ended, and not over"))
		must(t, f.RevokeSession(t.Context(), "ended, and not over", noon.Add(-time.Hour), auth.Event{}))
		f.fail(t, noon.Add(-window-time.Microsecond), "over")
		f.fail(t, noon.Add(-window), "just not over")

		deleted, err := f.DeleteExpired(t.Context(), noon)
		if err != nil || deleted != 3 {
			t.Errorf("deleted %d, %v, want 3", deleted, err)
		}
		for id, there := range map[string]bool{"long over": false, "just over": false, "ends now": true, "goes on": true, "ended, and not over": true} {
			if _, _, err := f.SessionByID(t.Context(), id); (err == nil) != there {
				t.Errorf("%s: %v", id, err)
			}
		}
		if got := f.counted(t, "over", "just not over"); len(got) != 1 || got["just not over"] != 1 {
			t.Errorf("counted are %v", got)
		}
		if f.reread(t, alice).ID != alice.ID {
			t.Error("the user is gone")
		}
	}},
	{"more than one batch is deleted, and counted", func(t *testing.T, f fixture) {
		const rows = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) `
		alice := f.create(t, "alice@example.com")
		f.exec(t, rows+`INSERT INTO latchkey_failed_attempt (key, failures, since) SELECT 'key' || i, 1, '2024-01-01 00:00:00+00:00' FROM n`)
		f.exec(t, rows+`INSERT INTO latchkey_session (id, user_id, created_at, renewed_at, expires_at, address, user_agent, password_mark)
			SELECT 'id' || i, $1, '2024-01-01 00:00:00+00:00', '2024-01-01 00:00:00+00:00', '2024-01-02 00:00:00+00:00', '', '', '' FROM n`, alice.ID)
		f.begin(t, login(alice, "goes on"))
		deleted, err := f.DeleteExpired(t.Context(), noon)
		if err != nil || deleted != 5000 {
			t.Errorf("deleted %d, %v, want 5000", deleted, err)
		}
		if n := f.count(t, "SELECT (SELECT count(*) FROM latchkey_session) + (SELECT count(*) FROM latchkey_failed_attempt)"); n != 1 {
			t.Errorf("%d rows are left, want 1", n)
		}
		if deleted, err := f.DeleteExpired(t.Context(), noon); err != nil || deleted != 0 {
			t.Errorf("then deleted %d, %v", deleted, err)
		}
	}},
}
