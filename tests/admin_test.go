package tests

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// root is a superuser.
func root(t *testing.T, app *apptest.App) apptest.User {
	t.Helper()
	return app.AddUser(t, apptest.User{Email: "root@example.com", Password: "wonderland-42", IsStaff: true, Super: true})
}

// Each action is done by who has the one permission that it takes.
func TestActionsAreDoneByWhoHasTheOnePermission(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		db := app.DB(t)
		count := func(query string, args ...any) (n int) {
			t.Helper()
			if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		app.Exec(t, `INSERT INTO auth_group (name) VALUES ('Editors')`)
		group := count(`SELECT id FROM auth_group`)
		tests := []struct {
			permissions []string
			path        string // {id} is the target's, {group} the group's, {session} the target's session
			values      url.Values
			changed     string // counts 1 afterwards
		}{
			{[]string{"users.add_user", "users.change_user"}, "/admin/users/add/", url.Values{"email": {"new@example.com"}, "usable": {"no"}, "is_active": {"on"}}, `SELECT count(*) FROM users_user WHERE email = 'new@example.com' AND password LIKE '!%' AND is_active`},
			{[]string{"users.change_user"}, "/admin/users/{id}/", url.Values{"email": {"{email}"}, "first_name": {"Given"}, "is_active": {"on"}}, `SELECT count(*) FROM users_user WHERE email = '{email}' AND first_name = 'Given'`},
			{[]string{"users.change_user"}, "/admin/users/{id}/password/", url.Values{"usable": {"yes"}, "password": {"another-one-42"}, "again": {"another-one-42"}}, `SELECT count(*) FROM users_user WHERE email = '{email}' AND password LIKE 'argon2$%'`},
			{[]string{"users.change_user"}, "/admin/users/{id}/deactivate/", nil, `SELECT count(*) FROM users_user WHERE email = '{email}' AND NOT is_active`},
			{[]string{"sessions.delete_session", "users.view_user"}, "/admin/users/{id}/end-sessions/", nil, `SELECT count(*) FROM latchkey_session WHERE user_id = {id} AND revoked_at IS NOT NULL`},
			{[]string{"sessions.delete_session"}, "/admin/sessions/{session}/end/", nil, `SELECT count(*) FROM latchkey_session WHERE user_id = {id} AND revoked_at IS NOT NULL`},
			{[]string{"users.delete_user"}, "/admin/users/{id}/delete/", nil, `SELECT 1 - count(*) FROM users_user WHERE email = '{email}'`},
			{[]string{"auth.add_group"}, "/admin/groups/add/", url.Values{"name": {"Writers"}}, `SELECT count(*) FROM auth_group WHERE name = 'Writers'`},
			{[]string{"auth.change_group"}, "/admin/groups/{group}/", url.Values{"name": {"Authors"}}, `SELECT count(*) FROM auth_group WHERE name = 'Authors'`},
			{[]string{"auth.delete_group"}, "/admin/groups/{group}/delete/", nil, `SELECT 1 - count(*) FROM auth_group WHERE id = {group}`},
		}
		for i, test := range tests {
			target := app.AddUser(t, apptest.User{Email: fmt.Sprintf("target%d@example.com", i), Password: "wonderland-42"})
			app.Login(t, target)
			var session string
			if err := db.QueryRowContext(t.Context(), `SELECT id FROM latchkey_session WHERE user_id = $1`, target.ID).Scan(&session); err != nil {
				t.Fatal(err)
			}
			staff := app.AddUser(t, apptest.User{Email: fmt.Sprintf("staff%d@example.com", i), Password: "wonderland-42", IsStaff: true})
			permit(t, app, staff, test.permissions...)
			fill := strings.NewReplacer("{id}", fmt.Sprint(target.ID), "{email}", target.Email, "{group}", fmt.Sprint(group), "{session}", session)
			values := url.Values{}
			for name, each := range test.values {
				values.Set(name, fill.Replace(each[0]))
			}
			path := fill.Replace(test.path)
			got := app.Staff(t, staff).Submit(t, path, values)
			if got.Status != http.StatusSeeOther {
				t.Errorf("%s by who has %v: %d %s", path, test.permissions, got.Status, got.Text())
			}
			if count(fill.Replace(test.changed)) != 1 {
				t.Errorf("%s by who has %v has changed nothing", path, test.permissions)
			}
		}
		checkEvents(t, app)
	})
}

// checkEvents fails the test unless the audit log is intact and holds no secret.
func checkEvents(t *testing.T, app *apptest.App) {
	t.Helper()
	found, err := app.Audit.Verify(t.Context(), nil)
	if err != nil || found.Fault != "" || found.Events == 0 {
		t.Errorf("the events: %+v, %v", found, err)
	}
	err = app.Store.EachEvent(t.Context(), auth.ListParams{}, func(e auth.Event) error {
		for _, secret := range []string{"argon2", "pbkdf2", "wonderland", "another-one"} {
			if strings.Contains(fmt.Sprint(e), secret) {
				t.Errorf("an event holds %q: %+v", secret, e)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Whatever is asked for, the answer is a page with a message, and never a 500.
func TestBadInputAtTheAdminSite(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		browser := app.Staff(t, root(t, app))
		app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		for path, want := range map[string]struct {
			status int
			says   string
		}{
			"/admin/users/999/":                                  {404, "This user does not exist"},
			"/admin/users/0/":                                    {404, "This user does not exist"},
			"/admin/users/-1/":                                   {404, "This user does not exist"},
			"/admin/users/007/":                                  {404, "This user does not exist"},
			"/admin/users/99999999999999999999/":                 {404, "This user does not exist"},
			"/admin/users/9223372036854775807/":                  {404, "This user does not exist"},
			"/admin/users/%00/":                                  {404, "This user does not exist"},
			"/admin/users/999/history/":                          {404, "This user does not exist"},
			"/admin/users/999/delete/":                           {404, "This user does not exist"},
			"/admin/users/1/nope/":                               {404, "Page not found"},
			"/admin/users/1/2/3/":                                {404, "Page not found"},
			"/admin/nope/":                                       {404, "Page not found"},
			"/admin/login/x/":                                    {404, "Page not found"},
			"/admin/groups/999/":                                 {404, "This group does not exist"},
			"/admin/groups/9223372036854775807/delete/":          {404, "This group does not exist"},
			"/admin/sessions/nope/":                              {404, "This session does not exist"},
			"/admin/sessions/%ff%00/":                            {404, "This session does not exist"},
			"/admin/sessions/" + strings.Repeat("a", 5000) + "/": {404, "This session does not exist"},
			"/admin/audit-log/999/":                              {404, "This event does not exist"},
			"/admin/users/?p=0":                                  {200, "Page “0” does not exist"},
			"/admin/users/?p=-1":                                 {200, "Page “-1” does not exist"},
			"/admin/users/?p=1000000000000000000":                {200, "Page “1000000000000000000” does not exist"},
			"/admin/users/?p=nope":                               {200, "Page “nope” does not exist"},
			"/admin/users/?p=7":                                  {200, "Page 7 does not exist"},
			"/admin/users/?p=999999":                             {200, "Page 999,999 does not exist"},
			"/admin/users/?o=password":                           {200, "Cannot sort by “password”"},
			"/admin/users/?o=--email":                            {200, "Cannot sort by “--email”"},
			"/admin/users/?o=email;drop":                         {200, ""},
			"/admin/users/?is_staff=maybe":                       {200, "“maybe” is not a valid choice"},
			"/admin/users/?group=9999":                           {200, "“9999” is not a valid choice"},
			"/admin/users/?date_joined=yesterday":                {200, "“yesterday” is not a valid choice"},
			"/admin/users/?nope=1":                               {200, "Unknown filter “nope”"},
			"/admin/users/?q=%00":                                {200, "contains invalid characters"},
			"/admin/users/?q=%ff":                                {200, "contains invalid characters"},
			"/admin/users/?q=" + strings.Repeat("a", 301):        {200, "at most 300 characters"},
			"/admin/users/?q=%25":                                {200, "No matching users"},
			"/admin/users/?q=_":                                  {200, "No matching users"},
			"/admin/users/?q=%5C":                                {200, "No matching users"},
			"/admin/users/?q=%22%27%22":                          {200, "No matching users"},
			"/admin/users/?q=%22OR+NEAR+%2A+%28":                 {200, "No matching users"},
			"/admin/users/export.csv?o=nope":                     {422, "Cannot sort by"},
			"/admin/users/export.csv/x/":                         {404, ""},
			"/admin/groups/export.csv":                           {404, "This group does not exist"},
			"/admin/users/do/?action=nope&key=1":                 {404, "Page not found"},
			"/admin/users/do/?action=delete&key=x":               {404, "This user does not exist"},
			"/admin/users/do/?action=delete&key=1&key=1&key=1":   {200, "cannot be undone"},
			"/admin/setup/":                                      {403, "This link was used or has expired"},
			"/admin/setup/?token=x":                              {403, "This link was used or has expired"},
		} {
			got := browser.Get(t, path)
			if got.Status != want.status || !strings.Contains(got.Text(), want.says) {
				t.Errorf("%.80s: %d %.300s\nwant %d %s", path, got.Status, got.Text(), want.status, want.says)
			}
		}
		for _, path := range []string{"/admin/users/do/?action=delete", "/admin/users/do/?key=1", "/admin/users/do/?action=delete" + strings.Repeat("&key=1", 51)} {
			if got := browser.Get(t, path); got.Status != http.StatusSeeOther || got.Location != "/admin/users/" {
				t.Errorf("%.50s: %d %s", path, got.Status, got.Location)
			}
		}
		checkBadForms(t, browser)
		if strings.Contains(app.Log.String(), `"level":"ERROR"`) {
			t.Errorf("the log has errors:\n%s", app.Log)
		}
	})
}

func checkBadForms(t *testing.T, browser *apptest.Browser) {
	t.Helper()
	good := func(more url.Values) url.Values {
		values := url.Values{"email": {"new@example.com"}, "usable": {"no"}}
		for name, each := range more {
			values[name] = each
		}
		return values
	}
	for name, test := range map[string]struct {
		path   string
		values url.Values
		status int
		says   string
	}{
		"no address":                {"/admin/users/add/", good(url.Values{"email": {""}}), 422, "This is required."},
		"no address at all":         {"/admin/users/add/", good(url.Values{"email": {"not an address"}}), 422, "no spaces"},
		"300 characters":            {"/admin/users/add/", good(url.Values{"email": {strings.Repeat("a", 288) + "@example.com"}}), 422, "at most 254 characters"},
		"a duplicate":               {"/admin/users/add/", good(url.Values{"email": {"ALICE@example.com"}}), 422, "already exists"},
		"a NUL in the address":      {"/admin/users/add/", good(url.Values{"email": {"a\x00b@example.com"}}), 422, "no spaces or control characters"},
		"a NUL in a name":           {"/admin/users/add/", good(url.Values{"first_name": {"a\x00b"}}), 422, "This contains invalid characters"},
		"bytes that are no text":    {"/admin/users/add/", good(url.Values{"last_name": {"\xff\xfe"}}), 422, "This contains invalid characters"},
		"a long name":               {"/admin/users/add/", good(url.Values{"last_name": {strings.Repeat("ü", 151)}}), 422, "Use at most 150 characters"},
		"a short password":          {"/admin/users/add/", good(url.Values{"usable": {"yes"}, "password": {"short"}, "again": {"short"}}), 422, "too short"},
		"two passwords":             {"/admin/users/add/", good(url.Values{"usable": {"yes"}, "password": {"wonderland-42"}, "again": {"wonderland-43"}}), 422, "do not match"},
		"no password":               {"/admin/users/add/", good(url.Values{"usable": {"yes"}}), 422, "This is required."},
		"a group that is none":      {"/admin/users/add/", good(url.Values{"groups": {"999"}}), 422, "no longer exists"},
		"a group that is no id":     {"/admin/users/add/", good(url.Values{"groups": {"x'; --"}}), 422, "no longer exists"},
		"a permission that is none": {"/admin/users/add/", good(url.Values{"permissions": {"9223372036854775807"}}), 422, "no longer exists"},
		"a megabyte":                {"/admin/users/add/", good(url.Values{"first_name": {strings.Repeat("a", 1<<20)}}), 413, "256 KiB"},
		"an unnamed group":          {"/admin/groups/add/", url.Values{"name": {"  "}}, 422, "This is required."},
		"a group of 151":            {"/admin/groups/add/", url.Values{"name": {strings.Repeat("g", 151)}}, 422, "Use at most 150 characters"},
		"a NUL in a group":          {"/admin/groups/add/", url.Values{"name": {"a\x00"}}, 422, "This contains invalid characters"},
		"a version that is none":    {"/admin/users/1/", url.Values{"version": {"nope"}, "email": {"root@example.com"}, "first_name": {"X"}, "is_active": {"on"}, "is_staff": {"on"}, "is_superuser": {"on"}}, 409, "was changed since you opened it"},
	} {
		got := browser.Submit(t, test.path, test.values)
		if got.Status != test.status || !strings.Contains(got.Text(), test.says) {
			t.Errorf("%s: %d %.400s\nwant %d %s", name, got.Status, got.Text(), test.status, test.says)
		}
		if test.status == 422 && test.values.Get("email") == "new@example.com" && !strings.Contains(got.Body, `value="new@example.com"`) {
			t.Errorf("%s: what was typed is lost", name)
		}
	}
	for name, header := range map[string]http.Header{
		"no form":        {"Content-Type": {"application/json"}},
		"a broken query": {"Content-Type": {"application/x-www-form-urlencoded; charset=\"broken"}},
		"many parts":     {"Content-Type": {"multipart/form-data; boundary=x"}},
	} {
		if got := browser.Do(t, "POST", "/admin/users/add/", url.Values{"email": {"new@example.com"}}, header); got.Status != 403 && got.Status != 422 {
			t.Errorf("%s: %d", name, got.Status)
		}
	}
	if got := browser.Do(t, "PUT", "/admin/users/", nil, nil); got.Status != 405 || got.Header.Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("PUT: %d, Allow %q", got.Status, got.Header.Get("Allow"))
	}
}

// A form that was not sent by a page of the site changes nothing.
// ASVS 7.6.2
func TestForeignFormsAreRefused(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	admin := root(t, app)
	browser, stranger := app.Staff(t, admin), app.NewBrowser(t)
	for name, header := range map[string]http.Header{
		"another site":                      {"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}},
		"another site, with our origin":     {"Sec-Fetch-Site": {"cross-site"}},
		"a sister site":                     {"Sec-Fetch-Site": {"same-site"}},
		"what no browser says":              {"Sec-Fetch-Site": {"nonsense"}},
		"another origin":                    {"Origin": {"https://evil.example"}},
		"another port of this machine":      {"Origin": {"http://127.0.0.1:1"}},
		"a name that ends like ours":        {"Origin": {app.URL + ".evil.example"}},
		"no origin to speak of":             {"Origin": {"null"}},
		"neither header":                    {"Origin": nil},
		"empty headers":                     {"Origin": {""}, "Sec-Fetch-Site": {""}},
		"neither, but a Referer that is us": {"Origin": nil, "Referer": {app.URL + "/admin/"}},
	} {
		for path, b := range map[string]*apptest.Browser{"/admin/groups/add/": browser, "/admin/logout/": browser, "/admin/login/": stranger} {
			got := b.Do(t, "POST", path, url.Values{"name": {"Foreign"}, "email": {admin.Email}, "password": {admin.Password}}, header)
			if got.Status != http.StatusForbidden || !strings.Contains(got.Text(), "did not come from this site") {
				t.Errorf("%s, to %s: %d %s", name, path, got.Status, got.Text())
			}
			if got.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s, to %s, sets a cookie", name, path)
			}
		}
	}
	if groups, err := app.Store.Groups(t.Context()); err != nil || len(groups) != 0 {
		t.Errorf("there are groups: %v, %v", groups, err)
	}
	for name, header := range map[string]http.Header{
		"Origin alone":         nil,
		"Sec-Fetch-Site alone": {"Origin": nil, "Sec-Fetch-Site": {"same-origin"}},
		"both":                 {"Sec-Fetch-Site": {"same-origin"}},
	} {
		if got := browser.Do(t, "POST", "/admin/groups/add/", url.Values{"name": {name}}, header); got.Status != http.StatusSeeOther {
			t.Errorf("our own, %s: %d %s", name, got.Status, got.Text())
		}
	}
}

// A form that was opened before its session ended can be sent once one is signed in again.
func TestAFormOutlivesItsSession(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	admin := root(t, app)
	browser := app.Staff(t, admin)
	form := browser.Get(t, "/admin/groups/add/").Hidden()
	form.Set("name", "Editors")
	app.Clock.Advance(2 * time.Hour)
	if got := browser.Post(t, "/admin/groups/add/", form); got.Status != http.StatusUnauthorized {
		t.Errorf("signed out: %d", got.Status)
	}
	if got := browser.LogIn(t, admin); got.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", got.Status, got.Text())
	}
	if got := browser.Post(t, "/admin/groups/add/", form); got.Status != http.StatusSeeOther {
		t.Errorf("signed in again: %d %s", got.Status, got.Text())
	}
}

// ASVS 9.2.2
func TestAnAdminSessionIsNoAPISessionAndTheOtherWayRound(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	admin := root(t, app)
	token := app.Login(t, admin)
	browser := app.NewBrowser(t)
	for _, secret := range []string{token, "x", strings.Repeat("x", 5000)} {
		got := browser.Do(t, "GET", "/admin/", nil, http.Header{"Cookie": {"latchkey_admin=" + secret}})
		if got.Status != http.StatusSeeOther {
			t.Errorf("the cookie %.20s…: %d", secret, got.Status)
		}
	}
	var cookie string
	signedIn := app.NewBrowser(t).LogIn(t, admin)
	for _, each := range signedIn.Header.Values("Set-Cookie") {
		if value, ok := strings.CutPrefix(each, "latchkey_admin="); ok {
			cookie = each
			value, _, _ = strings.Cut(value, ";")
			wantStatus(t, app, apptest.Request{Method: "GET", Path: "/users/me/", Token: value}, http.StatusUnauthorized, "invalid_token")
			var held int
			if err := app.DB(t).QueryRowContext(t.Context(), `SELECT count(*) FROM latchkey_session WHERE id = $1`, value).Scan(&held); err != nil || held != 0 {
				t.Errorf("the database holds the cookie: %d, %v", held, err)
			}
		}
	}
	for _, attribute := range []string{"HttpOnly", "SameSite=Lax", "Path=/admin/"} {
		if !strings.Contains(cookie, attribute) {
			t.Errorf("the cookie %q lacks %s", cookie, attribute)
		}
	}
}

// ASVS 7.3.1, 7.3.2
func TestAnAdminSessionEnds(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	admin := root(t, app)
	isIn := func(b *apptest.Browser) bool { return b.Get(t, "/admin/").Status == http.StatusOK }

	idle := app.Staff(t, admin)
	app.Clock.Advance(59 * time.Minute)
	if !isIn(idle) {
		t.Error("it ended before an hour without use")
	}
	app.Clock.Advance(59 * time.Minute)
	if !isIn(idle) {
		t.Error("use did not keep it")
	}
	app.Clock.Advance(time.Hour)
	if isIn(idle) {
		t.Error("it outlived an hour without use")
	}

	busy := app.Staff(t, admin)
	for range 47 {
		app.Clock.Advance(30 * time.Minute)
		if !isIn(busy) {
			t.Fatal("it ended within a day of use")
		}
	}
	app.Clock.Advance(30 * time.Minute)
	if isIn(busy) {
		t.Error("it outlived a day")
	}

	for name, statement := range map[string]string{
		"staff no more": `UPDATE users_user SET is_staff = false`, "inactive": `UPDATE users_user SET is_active = false`, "another password": `UPDATE users_user SET password = 'x'`,
	} {
		browser := app.Staff(t, admin)
		app.Exec(t, statement)
		if isIn(browser) {
			t.Errorf("%s, and still in", name)
		}
		app.Exec(t, `UPDATE users_user SET is_staff = true, is_active = true, password = $1`, apptest.Weak(admin.Password))
	}
}

// Guesses at the admin site count like those at the API, and for the same limit.
// ASVS 6.3.1, 6.3.4
func TestGuessesAtBothChannelsCountTogether(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	admin := root(t, app)
	wrong := apptest.User{Email: admin.Email, Password: "wrong"}
	browser := app.NewBrowser(t)
	for i := range 5 {
		if i%2 == 0 {
			wantStatus(t, app, apptest.LoginRequest(wrong.Email, wrong.Password), http.StatusUnauthorized, "invalid_credentials")
		} else if got := browser.LogIn(t, wrong); got.Status != http.StatusUnauthorized {
			t.Errorf("guess %d: %d", i, got.Status)
		}
	}
	got := browser.LogIn(t, admin)
	if got.Status != http.StatusTooManyRequests || got.Header.Get("Retry-After") != "60" || !strings.Contains(got.Text(), "Too many failed attempts") {
		t.Errorf("the sixth: %d %s", got.Status, got.Text())
	}
	wantStatus(t, app, apptest.LoginRequest(admin.Email, admin.Password), http.StatusTooManyRequests, "too_many_attempts")
}

// What is exported is what is filtered, and no spreadsheet takes it for a formula.
func TestTheListAsAFile(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		browser := app.Staff(t, root(t, app))
		app.AddUser(t, apptest.User{Email: "grace@example.com", Password: "x", FirstName: "=HYPERLINK(1)", LastName: `quo"te, comma`, Inactive: true})
		got := browser.Get(t, "/admin/users/export.csv?is_active=no")
		if got.Header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(got.Header.Get("Content-Disposition"), "attachment; filename=\"users-") {
			t.Errorf("headers: %v", got.Header)
		}
		file, marked := strings.CutPrefix(got.Body, "\ufeff")
		if !marked {
			t.Error("Excel would not take the file for UTF-8: it has no byte order mark")
		}
		rows, err := csv.NewReader(strings.NewReader(file)).ReadAll()
		if err != nil {
			t.Fatalf("%v\n%s", err, got.Body)
		}
		want := [][]string{
			{"email", "first_name", "last_name", "is_active", "is_staff", "is_superuser", "date_joined", "last_login"},
			{"grace@example.com", "'=HYPERLINK(1)", `quo"te, comma`, "false", "false", "false", "2024-06-26T08:45:00Z", ""},
		}
		if fmt.Sprint(rows) != fmt.Sprint(want) {
			t.Errorf("the file is\n%v\nwant\n%v", rows, want)
		}
	})
}

// Whatever stands behind the question mark, a list is a page.
func TestTheAddressOfAList(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "x", FirstName: `%_\"'`})
		browser := app.Staff(t, root(t, app))
		for _, model := range []string{"users", "groups", "sessions", "audit-log"} {
			for _, query := range []string{
				"q=%22+OR+%2A", "q=%25_%5C%22%27", "q=a+b+c+d+e+f+g", "q=((+))", "q=%C4%B0", "q=-a+^b+c*", "q=%F0%9F%97%9D", "q=%E2%80%AE", "q=a%20AND%20b%20NOT%20c",
				"o=-email&p=2", "o=last_login", "o=-last_login&p=3", "o=%00&p=%00", "p=99999999999999999999", "is_staff=yes&is_active=no&is_superuser=yes",
				"group=1&group=2", "date_joined=week&last_login=never&q=a", "state=open&channel=admin&q=127", "action=created&channel=admin&target_kind=user&at=today", "kind=%27",
				";;;", "%zz=1", "q=" + strings.Repeat("%20a", 150),
			} {
				req, err := http.NewRequest(http.MethodGet, app.URL, nil)
				if err != nil {
					t.Fatal(err)
				}
				req.URL.Path, req.URL.RawQuery = "/admin/"+model+"/", query
				if got := browser.Send(t, req); got.Status != http.StatusOK {
					t.Errorf("%s?%s: %d %s", model, query, got.Status, got.Text())
				}
			}
		}
	})
}
