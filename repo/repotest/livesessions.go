package repotest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
)

// liveIDs asks for the live sessions of a user on both channels at noon: those of the API that
// were renewed within a day, and those of the admin site within an hour.
func (f fixture) liveIDs(t testing.TB, user auth.User, change ...func(*accounts.LiveSessions)) []string {
	t.Helper()
	of := accounts.LiveSessions{
		UserID: user.ID, PasswordMark: mark(user.Password), At: noon, Limit: 100,
		RenewedAfter: map[auth.Channel]time.Time{auth.ChannelAPI: noon.Add(-24 * time.Hour), auth.ChannelAdmin: noon.Add(-time.Hour)},
	}
	for _, each := range change {
		each(&of)
	}
	sessions, err := f.LiveSessions(t.Context(), of)
	must(t, err)
	ids := make([]string, 0, len(sessions))
	for _, session := range sessions {
		if session != f.session(t, session.ID) {
			t.Errorf("%+v is not as it is stored", session)
		}
		ids = append(ids, session.ID)
	}
	return ids
}

// beginAt begins a session of a user, as change has it.
func (f fixture) beginAt(t testing.TB, user auth.User, id string, change func(*auth.Session)) {
	t.Helper()
	in := login(user, id)
	change(&in.Session)
	f.begin(t, in)
}

var liveSessions = []contractTest{
	{"live sessions are a user's own, newest first", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		for i, id := range []string{"b", "a", "d", "c"} { // the last two at the same time
			f.beginAt(t, alice, id, func(s *auth.Session) { s.CreatedAt = noon.Add(-time.Hour + time.Duration(min(i, 2))*time.Minute) })
		}
		f.begin(t, login(bob, "of somebody else"))
		if got, want := f.liveIDs(t, alice), []string{"d", "c", "a", "b"}; !slices.Equal(got, want) {
			t.Errorf("they are %q, want %q", got, want)
		}
		if got := f.liveIDs(t, alice, func(of *accounts.LiveSessions) { of.Limit = 3 }); !slices.Equal(got, []string{"d", "c", "a"}) {
			t.Errorf("of three at most they are %q", got)
		}
	}},
	{"sessions in which nobody can act are not live", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		f.over(t, alice)
		for name, change := range map[string]func(*auth.Session){
			"another password": func(s *auth.Session) { s.PasswordMark = mark("another") },
			"idle":             func(s *auth.Session) { s.RenewedAt = noon.Add(-24 * time.Hour) },
			"idle on the site": func(s *auth.Session) { s.Channel, s.RenewedAt = auth.ChannelAdmin, noon.Add(-time.Hour) },
			"live":             func(s *auth.Session) { s.RenewedAt = noon.Add(-24*time.Hour + time.Microsecond) },
			"live on the site": func(s *auth.Session) {
				s.Channel, s.RenewedAt = auth.ChannelAdmin, noon.Add(-time.Hour+time.Microsecond)
			},
			"live for a moment":   func(s *auth.Session) { s.ExpiresAt = noon.Add(time.Microsecond) },
			"on no known channel": func(s *auth.Session) { s.Channel = auth.ChannelCLI },
		} {
			f.beginAt(t, alice, name, change)
		}
		got := f.liveIDs(t, alice)
		slices.Sort(got)
		if want := []string{"live", "live for a moment", "live on the site"}; !slices.Equal(got, want) {
			t.Errorf("they are %q, want %q", got, want)
		}
		onlyAPI := func(of *accounts.LiveSessions) { delete(of.RenewedAfter, auth.ChannelAdmin) }
		if got := f.liveIDs(t, alice, onlyAPI); slices.Contains(got, "live on the site") || len(got) != 2 {
			t.Errorf("of who is no staff they are %q", got)
		}
		if got := f.liveIDs(t, alice, func(of *accounts.LiveSessions) { clear(of.RenewedAfter) }); len(got) > 0 {
			t.Errorf("of who is let in nowhere they are %q", got)
		}
	}},
	{"whoever has no session has none that is live", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		for i := range 3 {
			f.begin(t, login(f.create(t, fmt.Sprintf("user%d@example.com", i)), fmt.Sprint("s", i)))
		}
		if got := f.liveIDs(t, alice); len(got) > 0 {
			t.Errorf("they are %q", got)
		}
	}},
}
