package cli

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/app"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
	"github.com/latchkey-auth/latchkey/server/config"
)

const (
	secretKey    = "kT9v2LqXw7ZpR4nB8sYdF1hJ6mC3gA0e"
	goodPassword = "correct horse battery"
)

// world is what commands run in: a data directory of its own, the variables that
// are set, and what a person types.
type world struct {
	dir      string
	vars     map[string]string
	stdin    string
	typed    []string // unseen, one after the other
	asked    int      // how often something unseen was asked for
	terminal bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	return &world{dir: dir, terminal: true, vars: map[string]string{"LATCHKEY_DATA_DIR": dir}}
}

func (w *world) lookUp(name string) (string, bool) {
	value, set := w.vars[name]
	return value, set
}

// outcome is what a command left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// run runs a command. Nothing secret may be in what it prints.
func (w *world) run(t *testing.T, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := Env{Stdin: strings.NewReader(w.stdin), Stdout: &stdout, Stderr: &stderr, LookupEnv: w.lookUp}
	if w.terminal {
		env.ReadPassword = func() (string, error) {
			w.asked++
			if len(w.typed) == 0 {
				return "", io.EOF
			}
			next := w.typed[0]
			w.typed = w.typed[1:]
			return next, nil
		}
	}
	secrets := append([]string{secretKey, w.vars["LATCHKEY_SUPERUSER_PASSWORD"]}, w.typed...)
	got := outcome{code: Run(t.Context(), args, env), stdout: stdout.String(), stderr: stderr.String()}
	mustTellNothing(t, got.stdout+got.stderr, secrets...)
	return got
}

func mustTellNothing(t *testing.T, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if len(secret) > 3 && strings.Contains(text, secret) {
			t.Errorf("prints the secret %q:\n%s", secret, text)
		}
	}
}

// mustFail holds an outcome against an exit code and the lines on stderr.
func (o outcome) mustFail(t *testing.T, code int, lines ...string) {
	t.Helper()
	if o.code != code {
		t.Errorf("exits with %d, want %d: %s", o.code, code, o.stderr)
	}
	got := strings.Split(strings.TrimSuffix(o.stderr, "\n"), "\n")
	if len(got) != len(lines) {
		t.Errorf("says %d lines, want %d:\n%s", len(got), len(lines), o.stderr)
		return
	}
	for i, line := range got {
		if !strings.HasPrefix(line, "latchkey: ") || !strings.Contains(line, lines[i]) {
			t.Errorf("says %q, want latchkey: … %q", line, lines[i])
		}
	}
}

func (o outcome) mustSucceed(t *testing.T, stdout string) {
	t.Helper()
	if o.code != 0 || o.stderr != "" || !strings.Contains(o.stdout, stdout) {
		t.Errorf("exits with %d\n%s%s\nwant %q", o.code, o.stdout, o.stderr, stdout)
	}
}

// app opens the app that the commands are about.
func (w *world) app(t *testing.T) *app.App {
	t.Helper()
	cfg, err := config.Load(nil, w.lookUp)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(cfg, "test", slog.New(slog.DiscardHandler), app.Options{Clock: hasty{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// hasty is a clock that does not wait.
type hasty struct{}

func (hasty) Now() time.Time                                   { return time.Now() }
func (hasty) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// superuser makes one without a word.
func (w *world) superuser(t *testing.T, email string) {
	t.Helper()
	a := w.app(t)
	if _, err := a.Store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Accounts.CreateSuperuser(t.Context(), auth.CommandLine("test"), accounts.NewUser{Email: email, Password: goodPassword}); err != nil {
		t.Fatal(err)
	}
}

// exec changes the database past the app.
func (w *world) exec(t *testing.T, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.dir, "latchkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

// mustLogin signs in and returns the access token.
func (w *world) mustLogin(t *testing.T, email, password string) string {
	t.Helper()
	grant, err := w.app(t).SignIn.Login(t.Context(), signin.Credentials{Email: email, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return grant.AccessToken
}
