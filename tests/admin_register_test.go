package tests

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/admin"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// note is a thing of one's own.
type note struct {
	ID, Text string
	At       time.Time
}

// notes is where they are kept: in a product, a table that repo reads.
var notes = []note{{"a", "<b>Call</b> Ada", time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}, {"b", "Water the plants", time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}}

func listNotes(_ context.Context, _ *auth.Principal, params auth.ListParams) (auth.Page[note], error) {
	found := auth.Page[note]{Total: len(notes)}
	for _, n := range notes {
		if strings.Contains(n.Text, params.Search) {
			found.Items = append(found.Items, n)
		}
	}
	found.Matches = len(found.Items)
	return found, nil
}

func getNote(_ context.Context, _ *auth.Principal, key string) (note, error) {
	i := slices.IndexFunc(notes, func(n note) bool { return n.ID == key })
	if i < 0 {
		return note{}, auth.NotFound("This note does not exist.")
	}
	return notes[i], nil
}

// The dozen lines that CONTRIBUTING.md shows.
func registerNotes(site *admin.Site) {
	admin.Register(site, admin.Model[note]{
		Name: "notes", Label: "Notes", One: "note", Many: "notes", Permissions: auth.Model{App: "todo", Name: "note"},
		Key:   func(n note) string { return n.ID },
		Title: func(n note) string { return n.Text },
		Columns: []admin.Column[note]{
			{Name: "text", Label: "Text", Sort: true, Cell: func(n note) admin.Cell { return admin.Text(n.Text) }},
			{Name: "at", Label: "When", Sort: true, Cell: func(n note) admin.Cell { return admin.At(&n.At) }},
		},
		Search: "Search by text",
		List:   listNotes,
		Get:    getNote,
	})
}

func TestAModelOfOnesOwnIsRegisteredInADozenLines(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	registerNotes(app.Admin)
	browser := app.Staff(t, root(t, app))
	for path, says := range map[string]string{
		"/admin/":                 "Notes 2 notes",
		"/admin/notes/":           "<b>Call</b> Ada",
		"/admin/notes/?q=plants":  "Water the plants",
		"/admin/notes/?q=nothing": "No matching notes",
		"/admin/notes/a/":         "<b>Call</b> Ada",
		"/admin/notes/?o=-at":     "Notes 2 notes",
	} {
		if got := browser.Get(t, path); got.Status != http.StatusOK || !strings.Contains(got.Text(), says) || strings.Contains(got.Body, "<b>Call") {
			t.Errorf("%s: %d %s", path, got.Status, got.Text())
		}
	}
	for _, path := range []string{"/admin/notes/c/", "/admin/notes/add/", "/admin/notes/a/history/", "/admin/notes/a/delete/", "/admin/notes/export.csv"} {
		if got := browser.Get(t, path); got.Status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.Status)
		}
	}

	staff := app.AddUser(t, apptest.User{Email: "staff@example.com", Password: "wonderland-42", IsStaff: true})
	if got := app.Staff(t, staff).Get(t, "/admin/notes/"); got.Status != http.StatusForbidden {
		t.Errorf("without the permission: %d", got.Status)
	}
	// A migration may have done so already.
	app.Exec(t, `INSERT INTO django_content_type (app_label, model) VALUES ('todo', 'note') ON CONFLICT DO NOTHING`)
	app.Exec(t, `INSERT INTO auth_permission (name, codename, content_type_id) SELECT 'Can view note', 'view_note', id FROM django_content_type WHERE app_label = 'todo' ON CONFLICT DO NOTHING`)
	permit(t, app, staff, "todo.view_note")
	if got := app.Staff(t, staff).Get(t, "/admin/notes/"); got.Status != http.StatusOK {
		t.Errorf("with the permission: %d", got.Status)
	}
}

// A fault of ours is a page like the others, says nothing of itself, and is logged
// whole.
func TestAFaultAtTheAdminSiteIsAPage(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	faulty := func(name string, list func() error) {
		admin.Register(app.Admin, admin.Model[note]{
			Name: name, Label: name, One: name, Many: name, Permissions: auth.EventModel,
			Key:   func(n note) string { return n.ID },
			Title: func(n note) string { return n.Text },
			List: func(context.Context, *auth.Principal, auth.ListParams) (auth.Page[note], error) {
				return auth.Page[note]{}, list()
			},
			Get: getNote,
		})
	}
	faulty("panics", func() error { panic("a secret of ours") })
	faulty("fails", func() error { return errors.New("a secret of ours") })
	browser := app.Staff(t, root(t, app))
	for _, path := range []string{"/admin/panics/", "/admin/fails/"} {
		got := browser.Get(t, path)
		if got.Status != http.StatusInternalServerError || !strings.Contains(got.Text(), "Something went wrong on our side") || !strings.Contains(got.Body, "<nav") {
			t.Errorf("%s: %d %s", path, got.Status, got.Body)
		}
		if strings.Contains(got.Body, "secret") {
			t.Errorf("%s tells a secret", path)
		}
	}
	if logged := app.Log.String(); strings.Count(logged, "a secret of ours") != 2 || !strings.Contains(logged, "registered[") {
		t.Errorf("the log does not say what happened, and where:\n%s", logged)
	}
}
