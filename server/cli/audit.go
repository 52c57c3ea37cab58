package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/server/app"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/config"
)

func newAudit(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Check the audit log",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var noted []string
	verify := &cobra.Command{
		Use:   "verify",
		Short: "Find events that were edited or removed",
		Long: `Reads the whole audit log and reports whether an event was edited or removed: each
event holds the hash of the one before it.

Anyone who can write to the database could rewrite the whole chain. To detect that
too, keep the number and hash that this command prints somewhere else, and pass them
with --noted the next time.`,
		Example: `  latchkey audit verify
  latchkey audit verify --noted 812:3f2a…`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			known, err := parseNoted(noted)
			if err != nil {
				return usageError{err}
			}
			return withApp(cmd, env, func(ctx context.Context, cfg *config.Config, a *app.App) error {
				if err := requireMigrations(ctx, cfg, a); err != nil {
					return err
				}
				return verifyEvents(ctx, env, a.Auth, known)
			})
		},
	}
	verify.Flags().StringArrayVar(&noted, "noted", nil, "`NUMBER:HASH` of an event, as printed by an earlier run; can be repeated")
	config.AddFlags(verify.Flags(), "database-url", "data-dir", "auto-migrate")
	cmd.AddCommand(verify)
	return cmd
}

// parseNoted parses what an earlier run has printed.
func parseNoted(noted []string) (map[int64]string, error) {
	known := map[int64]string{}
	for _, each := range noted {
		number, hash, found := strings.Cut(each, ":")
		n, err := strconv.ParseInt(number, 10, 64)
		if !found || err != nil || n < 1 || len(hash) != 64 {
			return nil, errors.New("--noted: want NUMBER:HASH, as this command prints it")
		}
		known[n] = strings.ToLower(hash)
	}
	return known, nil
}

func verifyEvents(ctx context.Context, env Env, service *auth.Service, known map[int64]string) error {
	found, err := service.VerifyEvents(ctx, known)
	if err != nil {
		return err
	}
	if found.Fault != "" {
		return errors.New("the audit log was tampered with: " + found.Fault)
	}
	if found.Events == 0 {
		fmt.Fprintln(env.Stdout, "The audit log is empty.")
		return nil
	}
	fmt.Fprintf(env.Stdout, "The audit log is intact. Events: %d. Last event:\n%d:%s\n", found.Events, found.Events, found.Hash)
	return nil
}
