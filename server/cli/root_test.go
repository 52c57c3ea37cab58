package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	contract "github.com/latchkey-auth/latchkey/api"
)

func TestWhatCannotBeUnderstood(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		line string
	}{
		"an unknown command":             {[]string{"explode"}, `unknown command "explode"`},
		"an unknown flag":                {[]string{"serve", "--explode"}, "unknown flag: --explode"},
		"an unknown flag of no command":  {[]string{"--explode"}, "unknown flag: --explode"},
		"an unknown short flag":          {[]string{"serve", "-x"}, "unknown shorthand flag"},
		"a flag without its value":       {[]string{"serve", "--addr"}, "--addr"},
		"an unknown direction":           {[]string{"migrate", "sideways"}, `unknown command "sideways"`},
		"too much after a direction":     {[]string{"migrate", "up", "up"}, "takes no arguments"},
		"too much after serve":           {[]string{"serve", "now"}, "takes no arguments"},
		"too much after version":         {[]string{"version", "2"}, "takes no arguments"},
		"too much after openapi":         {[]string{"openapi", "file"}, "takes no arguments"},
		"too much after healthcheck":     {[]string{"healthcheck", "127.0.0.1"}, "takes no arguments"},
		"a setting that cannot be read":  {[]string{"serve", "--addr", "nowhere"}, "--addr: want host:port"},
		"a secret as a flag":             {[]string{"serve", "--secret-key", secretKey}, "unknown flag: --secret-key"},
		"a password on the command line": {[]string{"migrate", "--database-url", "postgres://app:" + secretKey + "@db/app"}, "set LATCHKEY_DATABASE_URL instead"},
		"no secret on the network":       {[]string{"serve", "--addr", "0.0.0.0:0"}, "LATCHKEY_SECRET_KEY: is required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			got := w.run(t, test.args...)
			got.mustFail(t, exitUsage, test.line)
			if got.stdout != "" {
				t.Errorf("prints %s", got.stdout)
			}
			if _, err := os.Stat(w.dir); err == nil {
				t.Error("the data directory was made")
			}
		})
	}
}

func TestEveryFaultOfTheConfigurationHasItsLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars["LATCHKEY_ADDR"], w.vars["LATCHKEY_SECRET_KEY"], w.vars["LATCHKEY_PASSWORD_HASHER"] = "nowhere", "short-secret", "md5"
	got := w.run(t, "serve")
	got.mustFail(t, exitUsage, "LATCHKEY_ADDR: ", "LATCHKEY_SECRET_KEY: ", "LATCHKEY_PASSWORD_HASHER: ")
	mustTellNothing(t, got.stderr, "short-secret")
}

func TestADatabaseThatCannotBeReachedIsToldInALine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"migrate"}, {"migrate", "down"}, {"migrate", "status"}, {"createsuperuser", "--noinput"}, {"createsuperuser"},
		{"changepassword", "admin@example.com"}, {"serve", "--addr", "127.0.0.1:0"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.unasked("admin@example.com", goodPassword)
			w.vars["LATCHKEY_DATABASE_URL"] = "postgres://app:hunter2hunter2@" + closedAddr(t) + "/app"
			w.vars["LATCHKEY_SECRET_KEY"] = secretKey
			got := w.run(t, args...)
			got.mustFail(t, exitFailed, "cannot use the database: ")
			mustTellNothing(t, got.stdout+got.stderr, "hunter2hunter2")
			if w.asked > 0 {
				t.Error("a password was asked for first")
			}
		})
	}
}

// Root may write everywhere, but not below a file.
func TestADirectoryThatCannotBeMadeIsToldInALine(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"migrate"}, {"createsuperuser"}, {"changepassword", "admin@example.com"}, {"serve", "--addr", "127.0.0.1:0"}} {
		w := newWorld(t)
		w.vars["LATCHKEY_DATA_DIR"] = filepath.Join(file, "data")
		w.run(t, args...).mustFail(t, exitFailed, "making the data directory")
	}
}

func TestOpenAPIPrintsTheContractByteForByte(t *testing.T) {
	t.Parallel()
	written, err := os.ReadFile("../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got := newWorld(t).run(t, "openapi"); got.code != 0 || got.stdout != string(written) || got.stdout != string(contract.YAML) {
		t.Errorf("exits with %d and prints %d bytes, want %d", got.code, len(got.stdout), len(written))
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	want := "latchkey " + Version() + " (" + runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH + ")\n"
	if got := newWorld(t).run(t, "version"); got.code != 0 || got.stdout != want {
		t.Errorf("exits with %d and prints %q, want %q", got.code, got.stdout, want)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		args := slices.Concat(strings.Fields(cmd.CommandPath())[1:], []string{"--help"})
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			got := w.run(t, args...)
			got.mustSucceed(t, "")
			cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if !strings.Contains(got.stdout, "--"+f.Name) {
					t.Errorf("does not show --%s", f.Name)
				}
				variable := "[LATCHKEY_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")) + "]"
				isSetting := f.Name != "help" && f.Name != "email" && f.Name != "noinput" && f.Name != "noted"
				if isSetting && !strings.Contains(got.stdout, variable) {
					t.Errorf("does not show %s", variable)
				}
			})
			if cmd.Short == "" || !strings.Contains(got.stdout, "Usage:") {
				t.Errorf("says little:\n%s", got.stdout)
			}
			if _, err := os.Stat(w.dir); err == nil {
				t.Error("the data directory was made")
			}
		})
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newRoot(Env{}))
}

func TestWithoutACommandHelpIsShown(t *testing.T) {
	t.Parallel()
	got := newWorld(t).run(t)
	got.mustSucceed(t, "latchkey serve")
	for _, name := range []string{"serve", "migrate", "createsuperuser", "changepassword", "user", "audit", "healthcheck", "openapi", "version", "LATCHKEY_SECRET_KEY"} {
		if !strings.Contains(got.stdout, name) {
			t.Errorf("does not mention %s", name)
		}
	}
}
