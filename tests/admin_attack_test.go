package tests

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// A request may wait for its turn, to hash a password or to change something. Who it is
// from may have lost meanwhile what they had when it came.
func TestWhoHasLostTheirRightsGetsNothingThroughThatWasOnItsWay(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		root(t, app)
		i := 0
		for name, test := range map[string]struct {
			meanwhile string
			want      auth.Code
		}{
			"nothing":                           {`UPDATE users_user SET first_name = 'x' WHERE id = $1`, ""},
			"they were deactivated":             {`UPDATE users_user SET is_active = false WHERE id = $1`, auth.CodeInvalidToken},
			"they are no staff any more":        {`UPDATE users_user SET is_staff = false WHERE id = $1`, auth.CodeInvalidToken},
			"they were demoted":                 {`UPDATE users_user SET is_superuser = false WHERE id = $1`, auth.CodeForbidden},
			"they have a new password":          {`UPDATE users_user SET password = 'other' WHERE id = $1`, auth.CodeInvalidToken},
			"they were signed out":              {`UPDATE latchkey_session SET revoked_at = created_at WHERE user_id = $1`, auth.CodeInvalidToken},
			"the session was taken out":         {`DELETE FROM latchkey_session WHERE user_id = $1`, auth.CodeInvalidToken},
			"the session is of another channel": {`UPDATE latchkey_session SET channel = 'api' WHERE user_id = $1`, auth.CodeInvalidToken},
		} {
			i++
			boss := app.AddUser(t, apptest.User{Email: fmt.Sprintf("boss%d@example.com", i), Password: "wonderland-42", IsStaff: true, Super: true})
			by := actorOf(t, app, boss)
			app.Exec(t, test.meanwhile, boss.ID)
			puppet := accounts.UserForm{Email: fmt.Sprintf("puppet%d@example.com", i), IsActive: true, IsStaff: true, IsSuperuser: true}
			if _, err := app.Accounts.CreateUser(t.Context(), by, puppet, nil); auth.ErrorCode(err) != test.want || (err == nil) != (test.want == "") {
				t.Errorf("when %s: %v, want %q", name, err, test.want)
			}
		}
	})
}

// actorOf returns a member of staff as they are when their request begins.
func actorOf(t *testing.T, app *apptest.App, user apptest.User) *auth.Principal {
	t.Helper()
	grant, err := app.SignIn.LoginAdmin(t.Context(), signin.Credentials{Email: user.Email, Password: user.Password})
	if err != nil {
		t.Fatal(err)
	}
	by, err := app.SignIn.AuthenticateAdmin(t.Context(), grant.Secret, auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	return by
}

// Taking from a group what one has not oneself would make its members touchable.
func TestNobodyTakesAccountsOverByTakingTheirGroupsRights(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		app.Exec(t, `INSERT INTO auth_group (id, name) VALUES (71, 'Chiefs')`)
		app.Exec(t, `INSERT INTO auth_group_permissions (group_id, permission_id) SELECT 71, id FROM auth_permission WHERE codename = 'delete_user'`)
		chief := app.AddUser(t, apptest.User{Email: "chief@example.com", Password: "wonderland-42", IsStaff: true})
		app.Exec(t, `INSERT INTO users_user_groups (user_id, group_id) VALUES ($1, 71)`, chief.ID)
		sly := app.AddUser(t, apptest.User{Email: "sly@example.com", Password: "wonderland-42", IsStaff: true})
		permit(t, app, sly, "users.change_user", "auth.change_group", "auth.delete_group")
		browser := app.Staff(t, sly)
		for _, form := range []struct {
			path   string
			values url.Values
		}{
			{"/admin/groups/71/", url.Values{"name": {"Chiefs"}}},
			{"/admin/groups/71/delete/", nil},
			{"/admin/groups/do/?action=delete&key=71", nil},
			{fmt.Sprintf("/admin/users/%d/password/", chief.ID), url.Values{"usable": {"no"}}},
		} {
			if got := browser.Submit(t, form.path, form.values); got.Status != http.StatusForbidden || !strings.Contains(got.Text(), "permissions that you do not have") {
				t.Errorf("%s: %d %s", form.path, got.Status, got.Text())
			}
		}
		if held, err := app.Store.PermissionsOf(t.Context(), chief.ID); err != nil || len(held) != 1 {
			t.Errorf("the chief may %v, %v", held, err)
		}
	})
}

// A superuser who cannot sign in is of no help to the one who locks themselves out.
func TestTheLastSuperuserWhoCanSignInStays(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		last := root(t, app)
		app.AddUser(t, apptest.User{Email: "locked@example.com", Encoded: "!nothing", IsStaff: true, Super: true})
		app.AddUser(t, apptest.User{Email: "outside@example.com", Password: "wonderland-42", Super: true})
		browser := app.Staff(t, last)
		page := fmt.Sprintf("/admin/users/%d/", last.ID)
		for name, values := range map[string]url.Values{
			"is_staff":     {"is_active": {"on"}, "is_superuser": {"on"}},
			"is_active":    {"is_staff": {"on"}, "is_superuser": {"on"}},
			"is_superuser": {"is_staff": {"on"}, "is_active": {"on"}},
		} {
			values.Set("email", last.Email)
			got := browser.Submit(t, page, values)
			if got.Status != http.StatusUnprocessableEntity || !strings.Contains(got.Body, `id="field-`+name+`-fault"`) {
				t.Errorf("without %s: %d %s", name, got.Status, got.Text())
			}
		}
		if got := browser.Submit(t, page+"password/", url.Values{"usable": {"no"}}); got.Status != http.StatusUnprocessableEntity {
			t.Errorf("without a password: %d %s", got.Status, got.Text())
		}
	})
}

// The form that comes back after a conflict can be saved. It must not take back in
// silence what somebody did before the last one.
func TestAConflictTellsOfEverythingThatSavingWouldUndo(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	browser, colleague := app.Staff(t, root(t, app)), app.Staff(t, app.AddUser(t, apptest.User{Email: "second@example.com", Password: "wonderland-42", IsStaff: true, Super: true}))
	alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "x"})
	page := fmt.Sprintf("/admin/users/%d/", alice.ID)
	mine := browser.Get(t, page).Hidden()
	for _, values := range []url.Values{{"email": {alice.Email}}, {"email": {alice.Email}, "last_name": {"Liddell"}}} {
		if got := colleague.Submit(t, page, values); got.Status != http.StatusSeeOther {
			t.Fatalf("%d %s", got.Status, got.Text())
		}
	}
	mine.Set("email", alice.Email)
	mine.Set("is_active", "on")
	got := browser.Post(t, page, mine)
	if got.Status != http.StatusConflict || !strings.Contains(got.Text(), "last_name from “Liddell” to “”, is_active from “no” to “yes”.") {
		t.Errorf("%d %s", got.Status, got.Text())
	}
}

// What is not in the chain is no event, and what an event says is what stands there.
func TestTheRecordTellsOfWhatSomebodyPutsIntoIt(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		app.Staff(t, root(t, app)).Submit(t, "/admin/groups/add/", url.Values{"name": {"Editors"}})
		checkEvents(t, app)
		const columns = `version, at, channel, actor_id, actor, address, action, target_kind, target_id, target, changes, hash`
		for name, test := range map[string]struct{ harm, undo string }{
			"an event after the last": {
				`INSERT INTO latchkey_event (id, ` + columns + `) SELECT 4, ` + columns + ` FROM latchkey_event WHERE id = 3`,
				`DELETE FROM latchkey_event WHERE id = 4`,
			},
			"words in place of no changes": {
				`UPDATE latchkey_event SET changes = 'it was somebody else' WHERE id = 1`,
				`UPDATE latchkey_event SET changes = '[]' WHERE id = 1`,
			},
			"a field that no event has": {
				`UPDATE latchkey_event SET changes = replace(changes, '[{', '[{"note":"forged",') WHERE id = 3`,
				`UPDATE latchkey_event SET changes = replace(changes, '"note":"forged",', '') WHERE id = 3`,
			},
		} {
			app.Exec(t, test.harm)
			if found, err := app.Audit.Verify(t.Context(), nil); err != nil || found.Fault == "" {
				t.Errorf("%s: %+v, %v", name, found, err)
			}
			app.Exec(t, test.undo)
			checkEvents(t, app)
		}
	})
}

// Where somebody signs in from is for those who may see sessions, or the log.
func TestAHistoryTellsNoAddressesToWhoMaySeeUsersAlone(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	admin := app.Staff(t, root(t, app))
	alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
	app.Login(t, alice)
	var session string
	if err := app.DB(t).QueryRowContext(t.Context(), `SELECT id FROM latchkey_session WHERE user_id = $1`, alice.ID).Scan(&session); err != nil {
		t.Fatal(err)
	}
	if got := admin.Submit(t, "/admin/sessions/"+session+"/end/", nil); got.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", got.Status, got.Text())
	}
	for i, test := range []struct {
		permissions []string
		told        bool
	}{
		{[]string{"users.view_user"}, false},
		{[]string{"users.view_user", "sessions.view_session"}, true},
		{[]string{"users.view_user", "admin.view_logentry"}, true},
	} {
		staff := app.AddUser(t, apptest.User{Email: fmt.Sprintf("staff%d@example.com", i), Password: "wonderland-42", IsStaff: true})
		permit(t, app, staff, test.permissions...)
		text := app.Staff(t, staff).Get(t, fmt.Sprintf("/admin/users/%d/history/", alice.ID)).Text()
		if !strings.Contains(text, "sessions ended") || strings.Contains(text, "127.0.0.1") != test.told {
			t.Errorf("%v: %s", test.permissions, text)
		}
	}
}

// One's own session is ended after the others that were ticked, wherever it stands.
func TestWhoEndsTheirOwnSessionTogetherWithOthersEndsThemAll(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	boss := root(t, app)
	app.Login(t, boss)
	browser := app.Staff(t, boss)
	app.Login(t, boss)
	rows, err := app.DB(t).QueryContext(t.Context(), `SELECT id FROM latchkey_session ORDER BY channel`) // admin, api, api
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	path := "/admin/sessions/do/?action=end"
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		path += "&key=" + id
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if got := browser.Submit(t, path, nil); got.Status != http.StatusSeeOther {
		t.Errorf("%d %s", got.Status, got.Text())
	}
	var open int
	if err := app.DB(t).QueryRowContext(t.Context(), `SELECT count(*) FROM latchkey_session WHERE revoked_at IS NULL`).Scan(&open); err != nil || open != 0 {
		t.Errorf("%d are open, %v", open, err)
	}
}

// Who signs in is led to pages of the site, and to nothing beside it.
func TestALoginLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	browser := app.Staff(t, root(t, app))
	for next, want := range map[string]string{
		"/admin/users/?q=a":            "/admin/users/?q=a",
		"/admin/users/../groups/":      "/admin/groups/",
		"/admin/../logout":             "/admin/",
		"/admin/%2e%2e/logout":         "/admin/",
		"/admin/../..//evil.example":   "/admin/",
		"//evil.example/admin/":        "/admin/",
		"https://evil.example/admin/":  "/admin/",
		`/\evil.example/admin/`:        "/admin/",
		"/admin/\r\nSet-Cookie: a=b":   "/admin/",
		"javascript:alert(1)//admin/":  "/admin/",
		"/admin/users/%0d%0aLocation:": "/admin/users/%0D%0ALocation:",
	} {
		if got := browser.Get(t, "/admin/login/?"+url.Values{"next": {next}}.Encode()); got.Location != want {
			t.Errorf("%q leads to %q, want %q", next, got.Location, want)
		}
	}
}
