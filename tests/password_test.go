package tests

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// ASVS 6.2.2, 6.2.3, 7.4.3
func TestChangingOnesPassword(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		admin := root(t, app)
		bob := app.Login(t, app.AddUser(t, apptest.User{Email: "bob@example.com", Password: "builder-42"}))
		here, elsewhere, browser := app.Login(t, admin), app.Login(t, admin), app.Staff(t, admin)

		got := wantStatus(t, app, passwordRequest(here, admin.Password, "looking-glass-43"), http.StatusNoContent, "")
		if got.Body != "" {
			t.Errorf("answers %s", got.Body)
		}
		session := apptest.Request{Method: "POST", Path: "/users/session/", Token: here}
		if got := wantStatus(t, app, session, http.StatusOK, ""); got.Token(t).AccessToken != here {
			t.Error("the token of this session was replaced")
		}
		wantStatus(t, app, whoAmI(bob), http.StatusOK, "")
		wantRefusal(t, app.Do(t, whoAmI(elsewhere)), "invalid_token")
		if got := browser.Get(t, "/admin/users/"); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Location, "/admin/login/") {
			t.Errorf("the session on the admin site is answered %d %s", got.Status, got.Location)
		}
		wantStatus(t, app, apptest.LoginRequest(admin.Email, admin.Password), http.StatusUnauthorized, "invalid_credentials")
		app.Clock.Advance(13 * time.Hour) // a renewal is due
		renewed := wantStatus(t, app, session, http.StatusOK, "").Token(t).AccessToken
		wantStatus(t, app, whoAmI(renewed), http.StatusOK, "")

		events := passwordEvents(t, app)
		if len(events) != 1 {
			t.Fatalf("the audit log has %d events: %+v", len(events), events)
		}
		if e := events[0]; e.Channel != auth.ChannelAPI || e.ActorID != admin.ID || e.Target != admin.Email || e.Address == "" {
			t.Errorf("the event is %+v", e)
		}
		checkEvents(t, app)
		admin.Password = "looking-glass-43"
		app.Login(t, admin)
	})
}

func TestAPasswordThatIsNotChanged(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42", LastName: "Liddell"})
		here, elsewhere, over := app.Login(t, alice), app.Login(t, alice), app.Login(t, alice)
		wantLetIn(t, app.Do(t, apptest.Request{Method: "POST", Path: "/users/logout/", Token: over}))

		for name, test := range map[string]struct {
			current, replacement string
			fields               string
		}{
			"a wrong current one":          {marker, "looking-glass-43", "current_password"},
			"no current one":               {"", "looking-glass-43", "current_password"},
			"a short one":                  {alice.Password, "m4rk3r!", "new_password"},
			"one of 1,025 characters":      {alice.Password, strings.Repeat("é", 1025), "new_password"},
			"a current one of 1,025":       {strings.Repeat("x", 1025), "looking-glass-43", "current_password"},
			"one like the name":            {alice.Password, "Liddell-7", "new_password"},
			"one like the product":         {alice.Password, "my-latchkey", "new_password"},
			"one like the site":            {alice.Password, "localhost-1", "new_password"},
			"a common one":                 {alice.Password, "trustno1", "new_password"},
			"one like the address":         {alice.Password, "alice@example.com", "new_password"},
			"none":                         {alice.Password, "", "new_password"},
			"neither":                      {"", "", "current_password new_password"},
			"a wrong one, and a short one": {marker, "m4rk3r!", "new_password"}, // so nobody guesses without being counted
		} {
			got := wantStatus(t, app, passwordRequest(here, test.current, test.replacement), http.StatusUnprocessableEntity, "invalid_request")
			if fields := fieldsOf(t, got); fields != test.fields {
				t.Errorf("%s: finds fault with %q, want %q", name, fields, test.fields)
			}
			if strings.Contains(got.Body, marker) {
				t.Errorf("%s: the answer repeats what was sent: %s", name, got.Body)
			}
		}
		for body, fields := range map[string]string{
			`{"current_password":"wonderland-42"}`:                       "new_password",
			`{"new_password":"looking-glass-43"}`:                        "current_password",
			`{"current_password":"wonderland-42","new_password":null}`:   "new_password",
			`{"current_password":"wonderland-42","new_password":"\ud8"}`: "body",
		} {
			in := apptest.Request{Method: "POST", Path: "/users/password/", Token: here, Body: body}
			if got := fieldsOf(t, wantStatus(t, app, in, http.StatusUnprocessableEntity, "invalid_request")); got != fields {
				t.Errorf("%s: finds fault with %q, want %q", body, got, fields)
			}
		}
		form := passwordRequest(here, alice.Password, "looking-glass-43")
		form.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		wantStatus(t, app, form, http.StatusUnsupportedMediaType, "unsupported_media_type")
		long := passwordRequest(here, alice.Password, strings.Repeat("long", 16<<10))
		wantStatus(t, app, long, http.StatusRequestEntityTooLarge, "body_too_large")
		wantRefusal(t, app.Do(t, passwordRequest("", alice.Password, "looking-glass-43")), "authentication_required")
		wantRefusal(t, app.Do(t, passwordRequest(over, alice.Password, "looking-glass-43")), "invalid_token")

		wantUnchanged(t, app, alice, here, elsewhere)
		if strings.Contains(app.Log.String(), marker) {
			t.Error("the log repeats what was sent")
		}
	})
}

// A change that cannot be told of is not made.
func TestAPasswordIsNotChangedWithoutAnEvent(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		here, elsewhere := app.Login(t, alice), app.Login(t, alice)
		app.Exec(t, "ALTER TABLE latchkey_event RENAME TO gone")
		wantStatus(t, app, passwordRequest(here, alice.Password, "looking-glass-43"), http.StatusInternalServerError, "internal")
		app.Exec(t, "ALTER TABLE gone RENAME TO latchkey_event")
		wantUnchanged(t, app, alice, here, elsewhere)
	})
}

// Guesses at one's own password are limited like those at the login, in each session by
// itself: whoever has stolen one keeps its owner from nothing.
//
// ASVS 6.3.1, 6.3.4
func TestGuessesAtTheCurrentPasswordAreLimited(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		token, other := app.Login(t, alice), app.Login(t, alice)
		for range 5 {
			wantStatus(t, app, passwordRequest(token, "wrong", "looking-glass-43"), http.StatusUnprocessableEntity, "invalid_request")
		}
		right := passwordRequest(token, alice.Password, "looking-glass-43")
		got := wantStatus(t, app, right, http.StatusTooManyRequests, "too_many_attempts")
		if wait := got.Header.Get("Retry-After"); wait != "60" {
			t.Errorf("Retry-After is %s", wait)
		}
		wantUnchanged(t, app, alice, token)
		wantStatus(t, app, passwordRequest(other, alice.Password, "looking-glass-43"), http.StatusNoContent, "")
		wantStatus(t, app, whoAmI(token), http.StatusUnauthorized, "invalid_token")
	})
}

// passwordRequest is the request that changes one's password.
func passwordRequest(token, current, replacement string) apptest.Request {
	body, err := json.Marshal(map[string]string{"current_password": current, "new_password": replacement})
	if err != nil {
		panic(err) // strings can always be marshalled
	}
	return apptest.Request{Method: "POST", Path: "/users/password/", Token: token, Body: string(body)}
}

func whoAmI(token string) apptest.Request {
	return apptest.Request{Method: "GET", Path: "/users/me/", Token: token}
}

// wantUnchanged fails the test unless a user's password and sessions are what they were.
func wantUnchanged(t *testing.T, app *apptest.App, user apptest.User, tokens ...string) {
	t.Helper()
	for _, token := range tokens {
		wantStatus(t, app, whoAmI(token), http.StatusOK, "")
	}
	app.Login(t, user)
	if events := passwordEvents(t, app); len(events) > 0 {
		t.Errorf("the audit log tells of a change: %+v", events)
	}
}

// passwordEvents returns the events that tell of a new password.
func passwordEvents(t *testing.T, app *apptest.App) []auth.Event {
	t.Helper()
	return eventsOf(t, app, auth.ActionPasswordSet)
}

// fieldsOf returns the fields that an answer finds fault with.
func fieldsOf(t *testing.T, got apptest.Response) string {
	t.Helper()
	faults := got.Problem(t).Errors
	if faults == nil {
		return ""
	}
	var fields []string
	for _, fault := range *faults {
		fields = append(fields, fault.Field)
	}
	return strings.Join(fields, " ")
}
