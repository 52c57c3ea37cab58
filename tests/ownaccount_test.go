package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/config"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

func TestChangingOnesNames(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42", FirstName: "Alice", LastName: "Liddell"})
		token := app.Login(t, alice)
		for _, c := range []struct{ body, first, last string }{
			{`{"first_name":"Alicia"}`, "Alicia", "Liddell"},
			{`{"last_name":"  Hargreaves "}`, "Alicia", "Hargreaves"},
			{`{"first_name":"Ａ 🗝","last_name":""}`, "Ａ 🗝", ""},
			{`{}`, "Ａ 🗝", ""},
			{`{"first_name":"Alice","last_name":"Liddell","email":"root@example.com","is_staff":true,"is_superuser":true,"is_active":false,"id":1,"password":"x"}`, "Alice", "Liddell"},
		} {
			got := wantStatus(t, app, namesRequest(token, c.body), http.StatusOK, "")
			for _, user := range []gen.User{userIn(t, got), userIn(t, wantStatus(t, app, whoAmI(token), http.StatusOK, ""))} {
				if user.FirstName != c.first || user.LastName != c.last || user.Email != alice.Email || user.IsStaff || user.IsSuperuser || !user.IsActive || user.ID != alice.ID {
					t.Errorf("%s: the user is %+v", c.body, user)
				}
			}
		}
		for body, fields := range map[string]string{
			`{"first_name":null}`:      "first_name",
			`{"first_name":7}`:         "first_name",
			`{"last_name":"a\u0000b"}`: "last_name",
			`{"last_name":"a\nb"}`:     "last_name",
			`[]`:                       "body",
			`{"first_name":"a`:         "body",
			`{"first_name":"` + strings.Repeat("é", 151) + `","last_name":"` + strings.Repeat("🗝", 151) + `"}`: "first_name last_name",
		} {
			if got := fieldsOf(t, wantStatus(t, app, namesRequest(token, body), http.StatusUnprocessableEntity, "invalid_request")); got != fields {
				t.Errorf("%.60s: finds fault with %q, want %q", body, got, fields)
			}
		}
		form := namesRequest(token, "first_name=x")
		form.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		wantStatus(t, app, form, http.StatusUnsupportedMediaType, "unsupported_media_type")
		merge := namesRequest(token, `{"first_name":"Al"}`)
		merge.Header = http.Header{"Content-Type": {"application/merge-patch+json"}}
		wantStatus(t, app, merge, http.StatusOK, "")
		if got := len(eventsOf(t, app, auth.ActionChanged)); got != 5 {
			t.Errorf("the audit log tells of %d changes", got)
		}
		checkEvents(t, app)
	})
}

// ASVS 7.5.2
func TestOnesOwnSessions(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		admin := root(t, app)
		bob := app.Login(t, app.AddUser(t, apptest.User{Email: "bob@example.com", Password: "builder-42"}))
		phone := app.Login(t, admin)
		app.Clock.Advance(time.Minute)
		site := app.Staff(t, admin)
		app.Clock.Advance(time.Minute)
		const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
		in := apptest.LoginRequest(admin.Email, admin.Password)
		in.Header = http.Header{"User-Agent": {chrome}}
		here := wantStatus(t, app, in, http.StatusOK, "").Token(t).AccessToken

		sessions := sessionsOf(t, app, here)
		if len(sessions) != 3 {
			t.Fatalf("they are %+v", sessions)
		}
		now := app.Clock.Now().UTC()
		if s := sessions[0]; s.ID != sidOf(t, here) || !s.Current || s.Client != "Chrome on Linux" || s.UserAgent != chrome || s.Address != "127.0.0.1" ||
			s.Channel != "api" || !s.CreatedAt.Equal(now) || !s.RenewedAt.Equal(now) {
			t.Errorf("the current one is %+v", s)
		}
		if s := sessions[1]; s.Channel != "admin" || s.Current || !s.CreatedAt.Equal(now.Add(-time.Minute)) {
			t.Errorf("that of the admin site is %+v", s)
		}
		if s := sessions[2]; s.ID != sidOf(t, phone) || s.Current {
			t.Errorf("the first one is %+v", s)
		}
		if seen := sessionsOf(t, app, bob); len(seen) != 1 || !seen[0].Current {
			t.Errorf("somebody else sees %+v", seen)
		}

		wantEnded(t, app, here, sessions[1].ID)
		if got := site.Get(t, "/admin/users/"); got.Status != http.StatusSeeOther {
			t.Errorf("the session on the admin site is answered %d", got.Status)
		}
		wantEnded(t, app, here, sessions[2].ID)
		wantRefusal(t, app.Do(t, whoAmI(phone)), "invalid_token")
		wantEnded(t, app, here, sessions[0].ID) // which is to sign out
		wantRefusal(t, app.Do(t, whoAmI(here)), "invalid_token")
		wantStatus(t, app, whoAmI(bob), http.StatusOK, "")

		ended, out := eventsOf(t, app, auth.ActionSessionsEnded), eventsOf(t, app, auth.ActionSignedOut)
		if len(ended) != 2 || len(out) != 1 || ended[0].ActorID != admin.ID || ended[0].Target != admin.Email {
			t.Errorf("the audit log has %+v and %+v", ended, out)
		}
		checkEvents(t, app)
	})
}

// Whoever tries ids learns nothing by the answer: not one byte differs but the request's id.
// ASVS 7.5.2
func TestASessionThatIsNotOnesOwnIsAnsweredAsNone(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		bob := app.AddUser(t, apptest.User{Email: "bob@example.com", Password: "builder-42"})
		here, over, bobs := app.Login(t, alice), app.Login(t, alice), app.Login(t, bob)
		wantLetIn(t, app.Do(t, apptest.Request{Method: "POST", Path: "/users/logout/", Token: over}))
		answers := map[string][]string{}
		for _, id := range []string{
			sidOf(t, bobs), sidOf(t, over), "7k3mq2xv5n4hj6wz8r9t2c5ybd", "x", "%00", "%20", "%FF", "%C3%A9", "..%3B", "'%20OR%201=1--", "%25",
			strings.ToUpper(sidOf(t, here)), sidOf(t, here) + "%20", strings.Repeat("x", 33), strings.Repeat("x", 4000),
		} {
			got := wantStatus(t, app, endRequest(here, id), http.StatusNotFound, "not_found")
			same := strings.ReplaceAll(got.Body, got.Problem(t).RequestID, "ID")
			answers[same] = append(answers[same], id)
		}
		if len(answers) != 1 {
			t.Errorf("they are told apart: %v", answers)
		}
		wantStatus(t, app, endRequest(here, ""), http.StatusNotFound, "not_found") // a path to nothing
		wantStatus(t, app, whoAmI(here), http.StatusOK, "")
		wantStatus(t, app, whoAmI(bobs), http.StatusOK, "")
	})
}

// ASVS 7.5.2
func TestSigningOutEverywhere(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		admin := root(t, app)
		bob := app.Login(t, app.AddUser(t, apptest.User{Email: "bob@example.com", Password: "builder-42"}))
		for query, stays := range map[string]bool{"?keep_current=true": true, "": false, "?keep_current=false": false} {
			here, elsewhere, site := app.Login(t, admin), app.Login(t, admin), app.Staff(t, admin)
			for _, bad := range []string{"?keep_current=perhaps", "?keep_current=", "?keep_current=1&keep_current=x"} {
				got := wantStatus(t, app, apptest.Request{Method: "POST", Path: "/users/logout-all/" + bad, Token: here}, http.StatusUnprocessableEntity, "invalid_request")
				if strings.Contains(got.Body, "perhaps") {
					t.Errorf("repeats what was sent: %s", got.Body)
				}
			}
			wantStatus(t, app, whoAmI(elsewhere), http.StatusOK, "")
			wantStatus(t, app, apptest.Request{Method: "POST", Path: "/users/logout-all/" + query, Token: here}, http.StatusNoContent, "")
			wantRefusal(t, app.Do(t, whoAmI(elsewhere)), "invalid_token")
			if got := site.Get(t, "/admin/users/"); got.Status != http.StatusSeeOther {
				t.Errorf("%q: the session on the admin site is answered %d", query, got.Status)
			}
			if got := app.Do(t, whoAmI(here)).Status; (got == http.StatusOK) != stays {
				t.Errorf("%q: the current session is answered %d", query, got)
			}
			wantStatus(t, app, whoAmI(bob), http.StatusOK, "")
		}
		checkEvents(t, app)
	})
}

// ASVS 6.2.1
func TestWhatAPasswordMustBeIsSaidAsItIsSet(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		fmt.Fprint(w, "8F81F01A9B6B9B8B4B7D4B7C0E0C9B6BD1A:3\r\n")
	}))
	t.Cleanup(service.Close)
	base, err := url.Parse(service.URL)
	if err != nil {
		t.Fatal(err)
	}
	app := apptest.Start(t, apptest.SQLite(t), func(c *config.Config) { c.MinPasswordLength, c.BreachedPasswords = 15, base })
	got := wantStatus(t, app, apptest.Request{Method: "GET", Path: "/users/password/rules/"}, http.StatusOK, "")
	var rules gen.PasswordRules
	if err := json.Unmarshal([]byte(got.Body), &rules); err != nil {
		t.Fatal(err)
	}
	if rules.MinLength != 15 || rules.MaxLength != 1024 || !strings.Contains(rules.Help, "at least 15 characters") || !strings.Contains(rules.Help, "data breaches") {
		t.Errorf("they are %+v", rules)
	}
	admin := root(t, app)
	token := app.Login(t, admin)
	wantStatus(t, app, passwordRequest(token, admin.Password, "looking-glass-"), http.StatusUnprocessableEntity, "invalid_request")
	if len(asked) > 0 {
		t.Error("breaches are asked about a password that is too short")
	}
	wantStatus(t, app, passwordRequest(token, admin.Password, "looking-glass-43"), http.StatusNoContent, "")
	if path := <-asked; len(path) != len("/00000") {
		t.Errorf("asked for %s", path)
	}
	// The admin site says the same sentence.
	admin.Password = "looking-glass-43"
	if page := app.Staff(t, admin).Get(t, "/admin/password/"); !strings.Contains(page.Body, rules.Help) {
		t.Errorf("the admin site does not say %q: %.200s", rules.Help, page.Body)
	}
}

func TestAnAddressIsTrimmedAtEveryDoor(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42", IsStaff: true})
		for _, around := range []string{" ", "\t", "\u00a0", "\u3000", "\ufeff", "\u200b", " \u200b \t"} {
			wantStatus(t, app, apptest.LoginRequest(around+alice.Email+around, alice.Password), http.StatusOK, "")
			typed := alice
			typed.Email = alice.Email + around
			app.Staff(t, typed)
			user, err := app.Accounts.FindUser(t.Context(), auth.CommandLine("test"), around+alice.Email)
			if err != nil || user.ID != alice.ID {
				t.Errorf("%q: the command line finds %+v, %v", around, user, err)
			}
		}
		wantStatus(t, app, apptest.LoginRequest(alice.Email, alice.Password+" "), http.StatusUnauthorized, "invalid_credentials")
	})
}

// ASVS 6.2.9
func TestAPasswordThatIsTooLongAtTheLogin(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
	bodies := map[string]bool{}
	for _, email := range []string{alice.Email, "nobody@example.com"} {
		got := wantStatus(t, app, apptest.LoginRequest(email, strings.Repeat("x", 1025)), http.StatusUnprocessableEntity, "invalid_request")
		bodies[strings.ReplaceAll(got.Body, got.Problem(t).RequestID, "ID")] = true
		if fields := fieldsOf(t, got); fields != "password" {
			t.Errorf("finds fault with %q", fields)
		}
	}
	if len(bodies) != 1 {
		t.Errorf("who has an account is told apart: %v", bodies)
	}
	long := alice
	long.Password = strings.Repeat("x", 1025)
	page := app.NewBrowser(t).LogIn(t, long)
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "A password has at most 1024 characters.") {
		t.Errorf("the admin site answers %d", page.Status)
	}
}

func namesRequest(token, body string) apptest.Request {
	return apptest.Request{Method: "PATCH", Path: "/users/me/", Token: token, Body: body}
}

func endRequest(token, id string) apptest.Request {
	return apptest.Request{Method: "DELETE", Path: "/users/me/sessions/" + id + "/", Token: token}
}

// wantEnded ends a session, which then is none any more.
func wantEnded(t *testing.T, app *apptest.App, token, id string) {
	t.Helper()
	wantStatus(t, app, endRequest(token, id), http.StatusNoContent, "")
	if id != sidOf(t, token) {
		wantStatus(t, app, endRequest(token, id), http.StatusNotFound, "not_found")
		isIt := func(s gen.Session) bool { return s.ID == id }
		if slices.ContainsFunc(sessionsOf(t, app, token), isIt) {
			t.Errorf("%s is still listed", id)
		}
	}
}

func sessionsOf(t *testing.T, app *apptest.App, token string) []gen.Session {
	t.Helper()
	var list gen.SessionList
	got := wantStatus(t, app, apptest.Request{Method: "GET", Path: "/users/me/sessions/", Token: token}, http.StatusOK, "")
	if err := json.Unmarshal([]byte(got.Body), &list); err != nil {
		t.Fatal(err)
	}
	return list.Sessions
}

func userIn(t *testing.T, got apptest.Response) (user gen.User) {
	t.Helper()
	if err := json.Unmarshal([]byte(got.Body), &user); err != nil {
		t.Fatal(err)
	}
	return user
}

// eventsOf returns the events that tell of an action.
func eventsOf(t *testing.T, app *apptest.App, action auth.Action) (found []auth.Event) {
	t.Helper()
	err := app.Store.EachEvent(t.Context(), auth.ListParams{}, func(e auth.Event) error {
		if e.Action == action {
			found = append(found, e)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
