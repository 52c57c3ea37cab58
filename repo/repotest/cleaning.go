package repotest

import (
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

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
		f.fail(t, at.Add(-time.Hour-time.Millisecond), "over") // counters of which nothing is left after an hour
		f.fail(t, at.Add(-time.Hour), "just not over")

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
		f.exec(t, rows+`INSERT INTO latchkey_attempt (key, failures, total, blocked_until, forgotten_at, expires_at) SELECT 'key' || i, 1, 1, 0, 0, 1 FROM n`)
		f.exec(t, rows+`INSERT INTO latchkey_session (id, user_id, created_at, renewed_at, expires_at, address, user_agent, password_mark)
			SELECT 'id' || i, $1, '2024-01-01 00:00:00+00:00', '2024-01-01 00:00:00+00:00', '2024-01-02 00:00:00+00:00', '', '', '' FROM n`, alice.ID)
		f.begin(t, login(alice, "goes on"))
		deleted, err := f.DeleteExpired(t.Context(), noon)
		if err != nil || deleted != 5000 {
			t.Errorf("deleted %d, %v, want 5000", deleted, err)
		}
		if n := f.count(t, "SELECT (SELECT count(*) FROM latchkey_session) + (SELECT count(*) FROM latchkey_attempt)"); n != 1 {
			t.Errorf("%d rows are left, want 1", n)
		}
		if deleted, err := f.DeleteExpired(t.Context(), noon); err != nil || deleted != 0 {
			t.Errorf("then deleted %d, %v", deleted, err)
		}
	}},
}
