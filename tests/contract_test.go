package tests

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/tests/apptest"
)

func TestTheAPIIsServedWhereTheContractSays(t *testing.T) {
	t.Parallel()
	if got := apptest.Contract().Servers[0].URL; got != apptest.Base {
		t.Errorf("the contract's server is %s", got)
	}
}

// Every method is tried on every path of the contract: what it declares is
// routed, what it does not is 405 with the methods that are.
func TestRoutesAndContractAgree(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	declared := map[string][]string{}
	for _, op := range apptest.Operations() {
		path, _, _ := strings.Cut(op.Example(t).Path, "?")
		declared[path] = append(declared[path], op.Method)
	}
	methods := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECTED"}
	for path, allowed := range declared {
		for _, method := range methods {
			got := app.Do(t, apptest.Request{Method: method, Path: path})
			if routed := got.Status != http.StatusMethodNotAllowed; routed != slices.Contains(allowed, method) {
				t.Errorf("%s %s answers %d", method, path, got.Status)
			}
			if got.Status == http.StatusMethodNotAllowed && got.Header.Get("Allow") != strings.Join(allowed, ", ") {
				t.Errorf("%s %s: Allow is %q, the contract has %v", method, path, got.Header.Get("Allow"), allowed)
			}
		}
	}
}

func TestAPathAnswersTheSameWithAndWithoutItsSlash(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	for _, op := range apptest.Operations() {
		path, _, _ := strings.Cut(op.Example(t).Path, "?")
		other, had := strings.CutSuffix(path, "/")
		if !had {
			other += "/"
		}
		declared := app.Do(t, apptest.Request{Method: op.Method, Path: path})
		if got := app.Do(t, apptest.Request{Method: op.Method, Path: other}); got.Status != declared.Status {
			t.Errorf("%s %s answers %d, and %d as the contract has it", op.Method, other, got.Status, declared.Status)
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	for _, path := range []string{"", "/", "/users/", "/users//login/", "/users/login/x", "/users/LOGIN/", "/nope", "/users/%2e%2e/health"} {
		got := app.Do(t, apptest.Request{Method: "POST", Path: path})
		if got.Status != http.StatusNotFound {
			t.Errorf("POST %s answers %d", path, got.Status)
		}
		if got := got.Problem(t); got.Code != "not_found" {
			t.Errorf("POST %s: code %s", path, got.Code)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	apptest.OnEachEmptyDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.StartUnmigrated(t, databaseURL)
		wantStatus(t, app, apptest.Request{Method: "GET", Path: "/health"}, http.StatusOK, "")
		unready := wantStatus(t, app, apptest.Request{Method: "GET", Path: "/health/ready"}, http.StatusServiceUnavailable, "not_ready")
		if faults := unready.Problem(t).Errors; faults == nil || (*faults)[0].Field != "migrations" {
			t.Errorf("without migrations it says %s", unready.Body)
		}
		if _, err := app.Store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, app, apptest.Request{Method: "GET", Path: "/health/ready"}, http.StatusOK, "")
	})
}

// What goes wrong inside is logged whole, under the id that the client is shown,
// and shown as nothing.
func TestAFaultOfOurs(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		token := app.Login(t, alice)
		breaks := map[string]string{
			"/users/login/":   "ALTER TABLE latchkey_attempt RENAME TO gone1",
			"/users/session/": "ALTER TABLE latchkey_session RENAME COLUMN renewed_at TO gone2",
		}
		for _, in := range []apptest.Request{
			apptest.LoginRequest("alice@example.com", "wonderland-42"),
			{Method: "POST", Path: "/users/session/", Token: token},
			{Method: "POST", Path: "/users/logout/", Token: token},
			{Method: "POST", Path: "/users/logout-all/", Token: token},
			whoAmI(token), namesRequest(token, "{}"),
			{Method: "GET", Path: "/users/me/sessions/", Token: token}, endRequest(token, "x"),
		} {
			path := in.Path
			if statement, breaks := breaks[path]; breaks {
				app.Exec(t, statement)
			}
			got := wantStatus(t, app, in, http.StatusInternalServerError, "internal")
			for _, inside := range []string{"SQL", "sql", "column", "relation", "table", "gone", "latchkey"} {
				if strings.Contains(got.Body, inside) {
					t.Errorf("%s shows %q: %s", path, inside, got.Body)
				}
			}
			if id := got.Problem(t).RequestID; !logHas(app, id, "the request failed") {
				t.Errorf("%s: the log has no failure with %s", path, id)
			}
		}
	})
}

func logHas(app *apptest.App, all ...string) bool {
	for line := range strings.Lines(app.Log.String()) {
		if !slices.ContainsFunc(all, func(part string) bool { return !strings.Contains(line, part) }) {
			return true
		}
	}
	return false
}

// wantStatus sends a request and checks the answer's status and, for a failure,
// its code.
func wantStatus(t *testing.T, app *apptest.App, in apptest.Request, status int, code string) apptest.Response {
	t.Helper()
	got := app.Do(t, in)
	if got.Status != status {
		t.Errorf("%s %s answers %d, want %d: %.300s", in.Method, in.Path, got.Status, status, got.Body)
		return got
	}
	if code != "" {
		if found := got.Problem(t).Code; string(found) != code {
			t.Errorf("%s %s: code %s, want %s", in.Method, in.Path, found, code)
		}
	}
	return got
}
