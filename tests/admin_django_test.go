package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

var ticked = regexp.MustCompile(`<input type="checkbox" name="([^"]*)" value="([^"]*)" checked>`)

// tickedOn returns what is ticked on a page, as name=value, in order.
func tickedOn(page apptest.Page) []string {
	found := []string{}
	for _, each := range ticked.FindAllStringSubmatch(page.Body, -1) {
		found = append(found, each[1]+"="+each[2])
	}
	slices.Sort(found)
	return found
}

// shownByDjango opens pages of Django's admin as its first superuser and returns what
// is selected there, in our words.
const shownByDjango = `
import json, re
from django.test import Client
client = Client()
client.force_login(User.objects.filter(is_superuser=True, is_active=True).first(), backend="django.contrib.auth.backends.ModelBackend")
def selected(path, names):
    page = client.get(path)
    assert page.status_code == 200, (path, page.status_code)
    found = []
    for theirs, ours in names.items():
        select = re.search(r'<select[^>]*name="%s".*?</select>' % theirs, page.content.decode(), re.S).group(0)
        found += ["%s=%s" % (ours, value) for value in re.findall(r'<option value="(\d+)" selected>', select)]
    return sorted(found)
shown = {}
from django.contrib.auth.models import Group
for group in Group.objects.all():
    shown["groups/%d/" % group.id] = selected("/admin/auth/group/%d/change/" % group.id, {"permissions": "permissions"})
for user in User.objects.all():
    shown["users/%d/" % user.id] = selected("/admin/users/user/%d/change/" % user.id, {"groups": "groups", "user_permissions": "permissions"})
print(json.dumps(shown))`

// On a real Django database, what Django's admin shows of groups and permissions ours
// shows.
func TestWhatDjangosAdminShowsOursShows(t *testing.T) {
	t.Parallel()
	databaseURL := restoreDump(t)
	app := apptest.Start(t, databaseURL, apptest.RealHashes)
	browser := app.Staff(t, root(t, app))
	app.Exec(t, `INSERT INTO users_user_user_permissions (user_id, permission_id) VALUES (3, 1), (3, 16)`)

	var shown map[string][]string
	if err := json.Unmarshal([]byte(newDjango(t, databaseURL).shell(t, shownByDjango)), &shown); err != nil {
		t.Fatal(err)
	}
	if len(shown) < 20 || len(shown["groups/1/"]) != 2 || len(shown["users/3/"]) < 2 {
		t.Fatalf("Django shows %v", shown)
	}
	for path, want := range shown {
		page := browser.Get(t, "/admin/"+path)
		got := slices.DeleteFunc(tickedOn(page), func(each string) bool { return strings.HasPrefix(each, "is_") })
		if page.Status != http.StatusOK || !slices.Equal(got, want) {
			t.Errorf("%s: %d, ours shows %v, Django %v", path, page.Status, got, want)
		}
	}
}

// doneByDjango tells what Django lets a user do, and what its admin answers them.
const doneByDjango = `
import json
from django.test import Client
u = authenticate(username="%s", password="compiler-h0pper")
client = Client()
client.force_login(u, backend="django.contrib.auth.backends.ModelBackend")
pages = {page: client.get("/admin/" + page).status_code == 200 for page in ["users/user/", "users/user/add/", "users/user/%d/change/", "users/user/%d/delete/", "auth/group/", "auth/group/add/"]}
print(json.dumps({"rights": sorted(u.get_all_permissions()), "pages": list(pages.values()), "group": [g.name for g in u.groups.all()]}))`

// A Django reading a database that our admin wrote logs the user in, and both agree
// on what they may do, by themselves and by their groups.
func TestDjangoReadsWhatOurAdminWrote(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL, apptest.RealHashes)
		browser := app.Staff(t, root(t, app))
		ids := map[string]string{}
		permissions, err := app.Store.Permissions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range permissions {
			ids[string(p.Name())] = strconv.FormatInt(p.ID, 10)
		}
		group := browser.Submit(t, "/admin/groups/add/", url.Values{"name": {"Support (ü)"}, "permissions": {ids["users.view_user"], ids["auth.add_group"]}})
		groupID := regexp.MustCompile(`\d+`).FindString(group.Location)
		other := app.AddUser(t, apptest.User{Email: "other@example.com", Password: "x"})

		dj := newDjango(t, databaseURL)
		dj.manage(t, "migrate", "--fake-initial", "--noinput")
		for i, own := range [][]string{{}, {"users.change_user"}, {"users.add_user", "users.change_user"}, {"users.delete_user"}, {"auth.view_group"}} {
			email := fmt.Sprintf("grace%d@example.com", i)
			values := url.Values{
				"email": {email}, "usable": {"yes"}, "password": {"compiler-h0pper"}, "again": {"compiler-h0pper"},
				"is_active": {"on"}, "is_staff": {"on"}, "groups": {groupID},
			}
			for _, p := range own {
				values.Add("permissions", ids[p])
			}
			made := browser.Submit(t, "/admin/users/add/", values)
			if made.Status != http.StatusSeeOther {
				t.Fatalf("%d %s", made.Status, made.Text())
			}
			id, err := strconv.ParseInt(regexp.MustCompile(`\d+`).FindString(made.Location), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			compareWithDjango(t, app, dj, apptest.User{ID: id, Email: email, Password: "compiler-h0pper"}, other.ID)
		}
		if got := dj.manage(t, "migrate", "--noinput", "--check"); got != "" {
			t.Logf("%s", got)
		}
	})
}

func compareWithDjango(t *testing.T, app *apptest.App, dj django, user apptest.User, other int64) {
	t.Helper()
	ours := app.Staff(t, user) // before Django re-hashes the password, which ends sessions
	var theirs struct {
		Rights []string
		Pages  []bool
		Group  []string
	}
	pages := []bool{}
	for _, path := range []string{"users/", "users/add/", fmt.Sprintf("users/%d/", other), fmt.Sprintf("users/%d/delete/", other), "groups/", "groups/add/"} {
		pages = append(pages, ours.Get(t, "/admin/"+path).Status == http.StatusOK)
	}
	if err := json.Unmarshal([]byte(dj.shell(t, fmt.Sprintf(doneByDjango, user.Email, other, other))), &theirs); err != nil {
		t.Fatal(err)
	}
	held, err := app.Store.PermissionsOf(t.Context(), user.ID)
	if err != nil {
		t.Fatal(err)
	}
	rights := []string{}
	for _, p := range auth.Holding(held...).Permissions() {
		rights = append(rights, string(p))
	}
	if !slices.Equal(rights, theirs.Rights) || !slices.Equal(theirs.Group, []string{"Support (ü)"}) {
		t.Errorf("%s: we say %v, Django says %v in %v", user.Email, rights, theirs.Rights, theirs.Group)
	}
	if !slices.Equal(pages, theirs.Pages) {
		t.Errorf("%s with %v: our pages open %v, Django's %v", user.Email, rights, pages, theirs.Pages)
	}
}
