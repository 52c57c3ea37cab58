package tests

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// django is Debian's Django, with the tutorial's users app, on a database of
// latchkey's.
type django struct {
	python string
	env    []string
}

func newDjango(t *testing.T, databaseURL string) django {
	t.Helper()
	for _, python := range []string{os.Getenv("LATCHKEY_TEST_PYTHON"), "/usr/bin/python3", "python3"} {
		if python != "" && exec.Command(python, "-c", "import django, psycopg2, argon2").Run() == nil {
			return django{python: python, env: djangoEnv(t, databaseURL)}
		}
	}
	t.Fatal("no Python has Django: apt-get install python3-django python3-psycopg2 python3-argon2, or name one in LATCHKEY_TEST_PYTHON")
	return django{}
}

func djangoEnv(t *testing.T, databaseURL string) []string {
	t.Helper()
	env := append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if path, ok := strings.CutPrefix(databaseURL, "sqlite://"); ok {
		return append(env, "SQLITE="+path)
	}
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	return append(env, "PGHOST="+u.Hostname(), "PGPORT="+u.Port(), "PGUSER="+u.User.Username(),
		"PGPASSWORD="+password, "PGDATABASE="+strings.TrimPrefix(u.Path, "/"))
}

// manage runs manage.py and returns what it printed.
func (d django) manage(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), d.python, append([]string{"manage.py"}, args...)...)
	cmd.Dir, cmd.Env = "testdata/django/project", d.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("manage.py %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// shell runs Python in Django.
func (d django) shell(t *testing.T, code string) string {
	t.Helper()
	return d.manage(t, "shell", "-c", "from django.contrib.auth import authenticate\nfrom users.models import User\n"+code)
}

// A Django that is pointed at a database made by us goes on from there, and both
// work on it side by side.
func TestADjangoGoesOnWithOurDatabase(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL, apptest.RealHashes)
		if _, err := app.Accounts.CreateSuperuser(t.Context(), auth.CommandLine("test"), accounts.NewUser{Email: "Ada@Example.com", Password: "wonderland-42"}); err != nil {
			t.Fatal(err)
		}
		dj := newDjango(t, databaseURL)
		dj.manage(t, "migrate", "--fake-initial", "--noinput")
		dj.manage(t, "makemigrations", "--check", "--dry-run")
		sideBySide(t, app, dj)
	})
}

// A database that Django made is adopted by migrate, on SQLite too.
func TestADatabaseThatDjangoMade(t *testing.T) {
	t.Parallel()
	apptest.OnEachEmptyDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		dj := newDjango(t, databaseURL)
		dj.manage(t, "migrate", "--noinput")
		dj.shell(t, `User.objects.create_superuser("ada@example.com", "wonderland-42")`)
		app := apptest.Start(t, databaseURL, apptest.RealHashes)
		sideBySide(t, app, dj)
		dj.manage(t, "makemigrations", "--check", "--dry-run")
		dj.manage(t, "migrate", "--noinput")
	})
}

// sideBySide lets Django and latchkey work on one user, ada@example.com.
func sideBySide(t *testing.T, app *apptest.App, dj django) {
	t.Helper()
	ada := apptest.User{Email: "ada@example.com", Password: "wonderland-42"}
	token := app.Login(t, ada)
	me := apptest.Request{Method: "GET", Path: "/users/me/", Token: token}

	// What we wrote, Django reads: hash, time and flags.
	if got := dj.shell(t, `u = authenticate(username="ada@example.com", password="wonderland-42")
print(u.is_superuser, u.is_staff, u.last_login.isoformat(), User.objects.filter(last_login__isnull=False).count())`); got != "True True "+app.Clock.Now().Format("2006-01-02T15:04:05")+"+00:00 1" {
		t.Errorf("Django reads our user as %q", got)
	}
	// Django has re-hashed it by its own first choice, which ends the session,
	// as a session of Django's own would end.
	token = app.Login(t, ada)
	me.Token = token
	wantStatus(t, app, me, http.StatusOK, "")

	// What Django writes, we read.
	dj.shell(t, `User.objects.create_user("Grace@EXAMPLE.com", "h0pper-compiler", first_name="Grace", last_name="Hopper")`)
	grace := app.Do(t, apptest.LoginRequest("grace@example.com", "h0pper-compiler"))
	if user := grace.Token(t).User; user["name"] != "Grace Hopper" || user["email"] != "Grace@example.com" || user["is_staff"] != false {
		t.Errorf("we read Django's user as %v", user)
	}

	dj.shell(t, `u = User.objects.get(email="ada@example.com"); u.is_active = False; u.save()`)
	wantStatus(t, app, me, http.StatusUnauthorized, "invalid_token")
	dj.shell(t, `u = User.objects.get(email="ada@example.com"); u.is_active = True; u.save()`)
	// Seen inactive, the session has ended: being active again lets them sign in anew.
	wantStatus(t, app, me, http.StatusUnauthorized, "invalid_token")
	me.Token = app.Login(t, ada)
	wantStatus(t, app, me, http.StatusOK, "")
	dj.shell(t, `u = User.objects.get(email="ada@example.com"); u.set_password("another-one-42"); u.save()`)
	wantStatus(t, app, me, http.StatusUnauthorized, "invalid_token")

	ada.Password = "another-one-42"
	me.Token = app.Login(t, ada)
	dj.shell(t, `User.objects.get(email="ada@example.com").delete()`)
	wantStatus(t, app, me, http.StatusUnauthorized, "invalid_token")
}
