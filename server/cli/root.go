package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/server/app"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/config"
)

// Exit codes, besides 0.
const (
	exitFailed = 1 // the command was understood and could not be done
	exitUsage  = 2 // the command line or the configuration is wrong
)

// Env is the environment that commands run in.
type Env struct {
	// Program is how this program was called, for commands to copy; "" means latchkey.
	Program        string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	LookupEnv      func(string) (string, bool)
	// Environ returns all variables, as [os.Environ] does; nil where they are not known.
	Environ func() []string
	// ReadPassword reads a line from the terminal without showing it. It is nil
	// where there is no terminal.
	ReadPassword func() (string, error)
	// RestoreTerminal undoes what an interrupted ReadPassword did to the terminal;
	// nil where there is none.
	RestoreTerminal func()
	// UserName is the system's name for who runs the program, for the audit
	// log; "" where it is not known.
	UserName string
	// Options are what tests replace in the app.
	Options app.Options
}

// usageError is a fault of the command line or the configuration.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// Run runs the command that args name and returns its exit code. Errors are one
// line each on stderr.
func Run(ctx context.Context, args []string, env Env) int {
	root := newRoot(env)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	for _, line := range lines(err) {
		fmt.Fprintln(env.Stderr, "latchkey: "+line)
	}
	if _, isUsage := errors.AsType[usageError](err); isUsage {
		return exitUsage
	}
	return exitFailed
}

func newRoot(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "latchkey",
		Short: "The sign-in backend for a Next.js app",
		Long: `latchkey is the sign-in backend for a Next.js app, in one binary.

It needs no configuration to start, and keeps its data in ./data:

    latchkey serve
    latchkey createsuperuser

Every setting is an environment variable, and a flag of the commands that use it.
Secrets are environment variables only:

    LATCHKEY_SECRET_KEY             signs tokens; at least 32 bytes
    LATCHKEY_SECRET_KEY_FALLBACKS   old keys that are still accepted, separated by commas
    LATCHKEY_FRONTEND_SECRET        shared with the Next.js app, which then says who its visitors are
    LATCHKEY_INTROSPECTION_SECRET   lets other services ask about tokens; at least 32 bytes
    LATCHKEY_SUPERUSER_PASSWORD     for createsuperuser --noinput
    LATCHKEY_DATABASE_URL           if it contains a password`,
		Version:       Version(),
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath())}
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		newServe(env), newMigrate(env), newCreateSuperuser(env), newChangePassword(env), newUser(env), newAudit(env), newKeys(env),
		newHealthcheck(env), newOpenAPI(env), newVersion(env),
	)
	return root
}

// noArgs refuses what cobra would take for a subcommand's name or ignore.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasAvailableSubCommands() {
		return usageError{fmt.Errorf("unknown command %q (see %s --help)", args[0], cmd.CommandPath())}
	}
	return usageError{fmt.Errorf("%s takes no arguments (see %s --help)", cmd.CommandPath(), cmd.CommandPath())}
}

// withApp runs a command on the app that the configuration asks for.
func withApp(cmd *cobra.Command, env Env, run func(ctx context.Context, cfg *config.Config, a *app.App) error) error {
	cfg, err := loadConfig(cmd, env)
	if err != nil {
		return err
	}
	if len(cfg.SecretKey) == 0 {
		cfg.SecretKey = []byte(rand.Text() + rand.Text()) // it issues no token: any will do
	}
	return runApp(cmd.Context(), env, cfg, commandLog(), run)
}

// loadConfig reads the settings, and tells of variables that are named like one and are none.
func loadConfig(cmd *cobra.Command, env Env) (*config.Config, error) {
	cfg, err := config.Load(cmd.Flags(), env.LookupEnv)
	if err != nil {
		return nil, usageError{err}
	}
	for _, line := range env.unknown() {
		fmt.Fprintln(env.Stderr, "latchkey: "+line)
	}
	return cfg, nil
}

func runApp(ctx context.Context, env Env, cfg *config.Config, log *slog.Logger, run func(ctx context.Context, cfg *config.Config, a *app.App) error) error {
	env.Options.Program = env.Program
	a, err := app.New(cfg, Version(), log, env.Options)
	if err != nil {
		return err
	}
	err = run(ctx, cfg, a)
	return errors.Join(err, a.Close())
}

// commandLog is for commands other than serve: what matters they print.
func commandLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// lines returns an error's text, a line for each of several, in words for a
// person where it has them.
func lines(err error) []string {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, each := range several.Unwrap() {
			all = append(all, lines(each)...)
		}
		return all
	}
	if usage, ok := err.(usageError); ok { //nolint:errorlint // the outermost alone
		return lines(usage.error)
	}
	named, ok := errors.AsType[*auth.Error](err)
	switch {
	case ok && named.Code == auth.CodeUnavailable:
		return []string{"cannot use the database: " + lastLine(errors.Unwrap(named))}
	case ok && len(named.Fields) > 0 && named.Detail == auth.Invalid().Detail: // it says nothing more
		var all []string
		for _, f := range named.Fields {
			all = append(all, f.Field+": "+f.Message)
		}
		return all
	case ok:
		return []string{named.Detail}
	}
	return []string{oneLine(err)}
}

// lastLine returns the last of an error's lines: pgx has one for every way it tried,
// and the last is what the way without TLS came to, if it may be tried.
func lastLine(err error) string {
	text := strings.TrimSpace(err.Error())
	return strings.TrimSpace(text[strings.LastIndex(text, "\n")+1:])
}

// oneLine joins the lines of an error, each once: pgx has one for every try.
func oneLine(err error) string {
	var parts []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); !slices.Contains(parts, line) {
			parts = append(parts, line)
		}
	}
	return strings.Join(parts, " ")
}

// unknown returns a line for each variable that looks like a setting and is none.
func (e Env) unknown() []string {
	if e.Environ == nil {
		return nil
	}
	return config.Unknown(e.Environ())
}

// actor is who runs a command.
func (e Env) actor() *auth.Principal { return auth.CommandLine(cmp.Or(e.UserName, "command line")) }

// userName returns the system's name for who runs this. Where there is none, as in a
// container without an /etc/passwd, it is their number.
func userName() string {
	if found, err := user.Current(); err == nil {
		return cmp.Or(found.Username, found.Uid)
	}
	return ""
}

// System returns the environment of the process.
func System() Env {
	read, restore := terminalPassword(os.Stdin)
	return Env{
		Program:         os.Args[0],
		Stdin:           os.Stdin,
		Stdout:          os.Stdout,
		Stderr:          os.Stderr,
		LookupEnv:       os.LookupEnv,
		Environ:         os.Environ,
		ReadPassword:    read,
		RestoreTerminal: restore,
		UserName:        userName(),
	}
}
