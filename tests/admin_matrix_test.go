package tests

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/admin"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// needs says which permissions open a page, in Django's words: any of the lists, all
// of a list. It is written by hand and not read from the site; a page that the site
// has and this has not fails the test.
var needs = map[string][][]string{
	"users list":         {{"users.view_user"}, {"users.change_user"}},
	"users one":          {{"users.view_user"}, {"users.change_user"}},
	"users history":      {{"users.view_user"}, {"users.change_user"}},
	"users export":       {{"users.view_user"}, {"users.change_user"}},
	"users add":          {{"users.add_user", "users.change_user"}},
	"users password":     {{"users.change_user"}},
	"users unlock":       {{"users.change_user"}},
	"users activate":     {{"users.change_user"}},
	"users deactivate":   {{"users.change_user"}},
	"users end-sessions": {{"sessions.delete_session", "users.view_user"}, {"sessions.delete_session", "users.change_user"}},
	"users delete":       {{"users.delete_user"}},
	"groups list":        {{"auth.view_group"}, {"auth.change_group"}},
	"groups one":         {{"auth.view_group"}, {"auth.change_group"}},
	"groups history":     {{"auth.view_group"}, {"auth.change_group"}},
	"groups add":         {{"auth.add_group"}},
	"groups delete":      {{"auth.delete_group"}},
	"sessions list":      {{"sessions.view_session"}, {"sessions.change_session"}},
	"sessions one":       {{"sessions.view_session"}, {"sessions.change_session"}},
	"sessions end":       {{"sessions.delete_session"}},
	"audit-log list":     {{"admin.view_logentry"}, {"admin.change_logentry"}},
	"audit-log one":      {{"admin.view_logentry"}, {"admin.change_logentry"}},
	"audit-log export":   {{"admin.view_logentry"}, {"admin.change_logentry"}},
}

// changes says which permissions a posted form takes, where that is more than the
// page does.
var changes = map[string][][]string{
	"users one":     {{"users.change_user"}},
	"groups one":    {{"auth.change_group"}},
	"sessions one":  {},
	"audit-log one": {},
}

func opens(alternatives [][]string, held []string) bool {
	return slices.ContainsFunc(alternatives, func(all []string) bool {
		return !slices.ContainsFunc(all, func(each string) bool { return !slices.Contains(held, each) })
	})
}

// matrix is a site with one of everything, and what its pages' keys are.
type matrix struct {
	*apptest.App
	db   *sql.DB
	keys map[string]string
}

func newMatrix(t *testing.T, databaseURL string) matrix {
	t.Helper()
	app := apptest.Start(t, databaseURL)
	target := app.AddUser(t, apptest.User{Email: "target@example.com", Password: "wonderland-42"})
	app.Login(t, target)
	app.Exec(t, `INSERT INTO auth_group (name) VALUES ('Editors')`)
	m := matrix{App: app, db: app.DB(t), keys: map[string]string{"users": fmt.Sprint(target.ID)}}
	m.keys["groups"] = m.text(t, `SELECT CAST(id AS varchar) FROM auth_group`)
	m.keys["sessions"] = m.text(t, `SELECT id FROM latchkey_session`)
	m.keys["audit-log"] = "1"
	return m
}

// text reads one value.
func (m matrix) text(t *testing.T, query string, args ...any) (value string) {
	t.Helper()
	if err := m.db.QueryRowContext(t.Context(), query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

func (m matrix) path(address admin.Address) string {
	return strings.ReplaceAll(address.Path, "{key}", m.keys[address.Model])
}

// allPermissions are Django's own, all that the database has.
func (m matrix) allPermissions(t *testing.T) []string {
	t.Helper()
	var all []string
	permissions, err := m.Store.Permissions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range permissions {
		all = append(all, string(p.Name()))
	}
	if len(all) < 24 { // and those of a model of one's own
		t.Fatalf("there are %d permissions: %v", len(all), all)
	}
	return all
}

// permit gives a user permissions, as a Django would.
func permit(t *testing.T, app *apptest.App, user apptest.User, permissions ...string) {
	t.Helper()
	for _, p := range permissions {
		label, code, _ := strings.Cut(p, ".")
		app.Exec(t, `INSERT INTO users_user_user_permissions (user_id, permission_id)
			SELECT $1, p.id FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id WHERE c.app_label = $2 AND p.codename = $3`,
			user.ID, label, code)
	}
}

// Every page and action of every model, by everybody: who has each single permission,
// who has two that go together, superusers, nobody.
func TestWhoMayOpenWhichPage(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		m := newMatrix(t, databaseURL)
		everybody := map[string][]string{
			"superuser": m.allPermissions(t), "nothing": {},
			"users.add_user and change_user": {"users.add_user", "users.change_user"},
		}
		for _, p := range m.allPermissions(t) {
			everybody[p] = []string{p}
		}
		for name, held := range everybody {
			user := m.AddUser(t, apptest.User{Email: strings.ReplaceAll(name, " ", "-") + "@example.com", Password: "wonderland-42", IsStaff: true, Super: name == "superuser"})
			if name != "superuser" {
				permit(t, m.App, user, held...)
			}
			checkPages(t, m, name, held, m.Staff(t, user))
		}
		checkStrangers(t, m)
	})
}

func checkPages(t *testing.T, m matrix, name string, held []string, browser *apptest.Browser) {
	t.Helper()
	index := browser.Get(t, "/admin/").Body
	for _, address := range m.Admin.Addresses() {
		page := address.Model + " " + address.Page
		alternatives, known := needs[page]
		if !known {
			t.Fatalf("the page %q is not in the matrix: add it to needs", page)
		}
		want := http.StatusForbidden
		if opens(alternatives, held) {
			want = http.StatusOK
		}
		if got := browser.Get(t, m.path(address)); got.Status != want {
			t.Errorf("%s opens %s: %d, want %d", name, page, got.Status, want)
		}
		if address.Page == "list" && strings.Contains(index, `href="`+address.Path+`"`) != (want == http.StatusOK) {
			t.Errorf("%s: the menu has %s: %v", name, address.Path, want != http.StatusOK)
		}
		mayPost, special := changes[page]
		if !special {
			mayPost = alternatives
		}
		if !opens(mayPost, held) {
			checkRefused(t, m, name, page, m.path(address), browser)
		}
	}
}

// checkRefused posts a form that would change everything, with the right password.
func checkRefused(t *testing.T, m matrix, name, page, path string, browser *apptest.Browser) {
	t.Helper()
	before := m.state(t)
	got := browser.Post(t, path, url.Values{
		"current_password": {"wonderland-42"}, "email": {"changed@example.com"}, "name": {"changed"}, "is_superuser": {"on"}, "usable": {"no"},
	})
	if want := http.StatusForbidden; got.Status != want && !strings.HasSuffix(page, "list") && !strings.HasSuffix(page, "history") && !strings.HasSuffix(page, "export") {
		t.Errorf("%s posts to %s: %d, want %d", name, page, got.Status, want)
	}
	if after := m.state(t); after != before {
		t.Errorf("%s has changed something by %s:\n%s\n%s", name, page, before, after)
	}
}

// state is what a page could have changed.
func (m matrix) state(t *testing.T) string {
	t.Helper()
	return m.text(t, `SELECT CAST((SELECT count(*) FROM users_user) AS varchar) || ' ' || (SELECT email || ' ' || password FROM users_user WHERE id = $1)
		|| ' ' || (SELECT CAST(count(*) AS varchar) FROM users_user WHERE is_active) || ' ' || (SELECT CAST(count(*) AS varchar) FROM users_user WHERE is_superuser)
		|| ' ' || (SELECT CAST(count(*) AS varchar) FROM auth_group WHERE name = 'Editors') || ' ' || (SELECT CAST(count(*) AS varchar) FROM latchkey_session WHERE revoked_at IS NULL)`,
		m.keys["users"])
}

// checkStrangers lets those in who may not come in at all: nobody, and who is no
// member of staff.
func checkStrangers(t *testing.T, m matrix) {
	t.Helper()
	nobody := m.NewBrowser(t)
	for _, address := range m.Admin.Addresses() {
		path := m.path(address)
		if got := nobody.Get(t, path); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Location, "/admin/login/?next=") {
			t.Errorf("nobody opens %s: %d %s", path, got.Status, got.Location)
		}
		before := m.state(t)
		if got := nobody.Post(t, path, url.Values{"email": {"x@example.com"}}); got.Status != http.StatusUnauthorized {
			t.Errorf("nobody posts to %s: %d", path, got.Status)
		}
		if after := m.state(t); after != before {
			t.Errorf("nobody has changed something by %s", path)
		}
	}
	plain := m.AddUser(t, apptest.User{Email: "plain@example.com", Password: "wonderland-42"})
	permit(t, m.App, plain, m.allPermissions(t)...)
	if got := nobody.LogIn(t, plain); got.Status != http.StatusUnauthorized {
		t.Errorf("who is no member of staff signs in: %d", got.Status)
	}
	inactive := m.AddUser(t, apptest.User{Email: "inactive@example.com", Password: "wonderland-42", IsStaff: true, Super: true, Inactive: true})
	if got := nobody.LogIn(t, inactive); got.Status != http.StatusUnauthorized {
		t.Errorf("who is inactive signs in: %d", got.Status)
	}
}
