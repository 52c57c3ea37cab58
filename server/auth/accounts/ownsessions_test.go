package accounts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
)

// ownSessions returns the ids of the sessions that a principal is shown.
func (w *world) ownSessions(t *testing.T, by *auth.Principal) []string {
	t.Helper()
	sessions, err := w.ListOwnSessions(t.Context(), by)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, 0, len(sessions))
	for _, session := range sessions {
		ids = append(ids, session.ID)
	}
	return ids
}

// sam signs sam in by the API and on the admin site, a minute apart, and alice by the API.
func (w *world) sam(t *testing.T) (api, admin *auth.Principal) {
	t.Helper()
	api = principals["by the API"](t, w)
	w.MustLogin(t, authtest.CredentialsOf("alice@example.com"))
	w.Clock.Advance(time.Minute)
	return api, principals["on the admin site"](t, w)
}

// ASVS 7.5.2
func TestPeopleSeeTheirOwnSessionsOnEveryChannel(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	api, admin := w.sam(t)
	want := []string{admin.Session.ID, api.Session.ID}
	for _, by := range []*auth.Principal{api, admin} {
		if got := w.ownSessions(t, by); !slices.Equal(got, want) {
			t.Errorf("on %s they are %q, want %q", by.Channel, got, want)
		}
	}
}

// A session is shown while somebody could still act in it, and not after.
func TestSessionsThatAreNotShown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change    func(w *world, api, admin *auth.Principal)
		api, site bool
	}{
		"none of them":              {func(*world, *auth.Principal, *auth.Principal) {}, true, true},
		"one that was ended":        {func(w *world, api, _ *auth.Principal) { w.Store.End(api.Session.ID, w.Clock.At) }, false, true},
		"an idle one of the site":   {func(w *world, _, _ *auth.Principal) { w.Clock.Advance(auth.AdminIdle) }, true, false},
		"an idle one of the API":    {func(w *world, _, _ *auth.Principal) { w.Clock.Advance(24*time.Hour - time.Minute) }, false, false},
		"those of another password": {func(w *world, _, _ *auth.Principal) { w.Store.User(authtest.SamID).Password = "current$other" }, false, false},
		"of who is staff no longer": {func(w *world, _, _ *auth.Principal) { w.Store.User(authtest.SamID).IsStaff = false }, true, false},
		"of who is inactive":        {func(w *world, _, _ *auth.Principal) { w.Store.User(authtest.SamID).IsActive = false }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t)
			api, admin := w.sam(t)
			test.change(w, api, admin)
			by := *api
			by.User = *w.Store.User(authtest.SamID)
			got := w.ownSessions(t, &by)
			if slices.Contains(got, api.Session.ID) != test.api || slices.Contains(got, admin.Session.ID) != test.site {
				t.Errorf("they are %q; that of the API %s, of the site %s", got, api.Session.ID, admin.Session.ID)
			}
		})
	}
}

func TestOfVeryManySessionsTheCurrentOneIsShown(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	by := principals["by the API"](t, w)
	for i := range accounts.MaxOwnSessions + 5 {
		newer := by.Session
		newer.ID, newer.CreatedAt = fmt.Sprint("newer-", i), newer.CreatedAt.Add(time.Duration(i+1)*time.Second)
		w.Store.Sessions[newer.ID] = newer
	}
	got := w.ownSessions(t, by)
	if len(got) != accounts.MaxOwnSessions || got[0] != "newer-104" || got[accounts.MaxOwnSessions-1] != by.Session.ID {
		t.Errorf("%d are shown: %q", len(got), got)
	}
}

// ASVS 7.5.2
func TestPeopleEndOneOfTheirSessions(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	api, admin := w.sam(t)
	if err := w.EndOwnSession(t.Context(), api, admin.Session.ID); err != nil {
		t.Fatal(err)
	}
	if w.goesOn(t, admin) || !w.goesOn(t, api) {
		t.Error("that one is over, and no other")
	}
	if err := w.EndOwnSession(t.Context(), api, api.Session.ID); err != nil {
		t.Fatal(err)
	}
	if w.goesOn(t, api) {
		t.Error("the current one goes on")
	}
	want := "sam@example.com sessions ended user sam@example.com; session: \"192.0.2.9 Firefox\" → \"\"\n" +
		"sam@example.com signed out user sam@example.com\n"
	if got := authtest.Told(w.Store.Events); !strings.HasSuffix(got, want) {
		t.Errorf("events tell\n%s\nwant them to end\n%s", got, want)
	}
	w.MustHoldNoSecret(t)
}

// ASVS 7.5.2
func TestASessionThatIsNotOnesOwnIsOneThatIsNone(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	api, over := w.sam(t)
	w.Store.End(over.Session.ID, w.Clock.At)
	alices := ""
	for id, session := range w.Store.Sessions {
		if session.UserID == authtest.AliceID {
			alices = id
		}
	}
	details := map[string]bool{}
	for _, id := range []string{alices, over.Session.ID, "unknown", "", " ", "a\x00b", "é", strings.Repeat("x", 33), api.Session.ID + " "} {
		refusal := w.MustChangeNothing(t, auth.CodeNotFound, func() error { return w.EndOwnSession(t.Context(), api, id) })
		details[refusal.Detail] = true
	}
	if alices == "" || len(details) != 1 {
		t.Errorf("they are told apart: %v", details)
	}
}

// ASVS 7.5.2
func TestPeopleEndAllTheirSessions(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{true, false} {
		w := staffed(t)
		api, admin := w.sam(t)
		if err := w.EndOwnSessions(t.Context(), api, keep); err != nil {
			t.Fatal(err)
		}
		if w.goesOn(t, admin) || w.goesOn(t, api) != keep {
			t.Errorf("keeping the current one is %v: the API's goes on is %v", keep, w.goesOn(t, api))
		}
		count := map[bool]int{true: 1, false: 2}[keep]
		want := fmt.Sprintf("sam@example.com sessions ended user sam@example.com; sessions ended: \"\" → \"%d\"\n", count)
		if got := authtest.Told(w.Store.Events); !strings.HasSuffix(got, want) {
			t.Errorf("events tell\n%s", got)
		}
		for _, session := range w.Store.Sessions {
			if session.UserID == authtest.AliceID && session.RevokedAt != nil {
				t.Error("somebody else's was ended")
			}
		}
	}
}

func TestWhoIsSignedOutMeanwhileEndsNothing(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	api, admin := w.sam(t)
	w.Store.End(api.Session.ID, w.Clock.At)
	w.MustChangeNothing(t, auth.CodeInvalidToken, func() error { return w.EndOwnSession(t.Context(), api, admin.Session.ID) })
	w.MustChangeNothing(t, auth.CodeInvalidToken, func() error { return w.EndOwnSessions(t.Context(), api, true) })
}
