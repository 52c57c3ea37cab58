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
		Short: "Check the record of changes",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var noted []string
	verify := &cobra.Command{
		Use:   "verify",
		Short: "Find events that were edited or taken out",
		Long: `Reads every event and tells whether one was edited or taken out since it was
written: each holds the hash of the one before it.

Whoever may write to the database can write the whole chain anew. Note the number
and the hash that this prints in another place, and give them the next time with
--noted: then that is found too.`,
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
	verify.Flags().StringArrayVar(&noted, "noted", nil, "the `NUMBER:HASH` of an event that was noted elsewhere; can be given several times")
	config.AddFlags(verify.Flags(), "database-url", "data-dir", "auto-migrate")
	cmd.AddCommand(verify)
	return cmd
}

// parseNoted reads what an earlier run has printed.
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
		return errors.New("the record of changes is not as it was written: " + found.Fault)
	}
	if found.Events == 0 {
		fmt.Fprintln(env.Stdout, "There are no events yet.")
		return nil
	}
	fmt.Fprintf(env.Stdout, "All %d events are as they were written. The last:\n%d:%s\n", found.Events, found.Events, found.Hash)
	return nil
}
