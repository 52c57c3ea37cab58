package cli

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/server/app"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
	"github.com/latchkey-auth/latchkey/server/config"
)

func newKeys(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "List, rotate and revoke the keys that sign access tokens",
		Long: `Manages the Ed25519 keys that sign access tokens with LATCHKEY_TOKEN_ALG=EdDSA. Private
keys are encrypted under LATCHKEY_SECRET_KEY, and never shown.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newKeysList(env), newKeysRotate(env), newKeysRevoke(env))
	return cmd
}

func newKeysList(env Env) *cobra.Command {
	return keysCommand(&cobra.Command{
		Use:   "list",
		Short: "List keys, and what each is used for",
		Args:  noArgs,
	}, env, withApp, func(ctx context.Context, service *keys.Service, _ []string) error {
		return listKeys(ctx, env, service)
	})
}

func newKeysRotate(env Env) *cobra.Command {
	return keysCommand(&cobra.Command{
		Use:   "rotate",
		Short: "Create a key that takes over signing",
		Long: `Creates a key. It is published at once and signs ten minutes later, so that every service
has it in time. The key until then goes on to verify until its last token ends. Nobody is
signed out, and no server needs a restart.`,
		Args: noArgs,
	}, env, withAppAndSecret, func(ctx context.Context, service *keys.Service, _ []string) error {
		key, err := service.Rotate(ctx, env.actor())
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "Created key %s. It signs from %s.\n", key.ID, utc(key.SignsFrom))
		return nil
	})
}

func newKeysRevoke(env Env) *cobra.Command {
	return keysCommand(&cobra.Command{
		Use:   "revoke KID",
		Short: "Revoke a key, and sign out everyone whose token it signed",
		Long: `Revokes a key whose private part may be known to others. Latchkey refuses its tokens
within 10 seconds, other services within 5 minutes. Whoever has one signs in again; if the
key was the one that signs, the next sign-in creates a new one. This cannot be undone.

To replace a key without signing anybody out, use rotate.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("which key? latchkey keys revoke KID")}
			}
			return nil
		},
	}, env, withApp, func(ctx context.Context, service *keys.Service, args []string) error {
		if err := service.Revoke(ctx, env.actor(), args[0]); err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "Revoked key %s.\n", args[0])
		return nil
	})
}

// keysCommand makes a command do something with the keys, on an app that start makes.
func keysCommand(cmd *cobra.Command, env Env, start starter, run func(ctx context.Context, service *keys.Service, args []string) error) *cobra.Command {
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return start(cmd, env, func(ctx context.Context, cfg *config.Config, a *app.App) error {
			if err := requireMigrations(ctx, cfg, a); err != nil {
				return err
			}
			return run(ctx, a.Keys, args)
		})
	}
	config.AddFlags(cmd.Flags(), "addr", "database-url", "data-dir", "auto-migrate")
	return cmd
}

// starter is [withApp], or [withAppAndSecret].
type starter func(cmd *cobra.Command, env Env, run func(ctx context.Context, cfg *config.Config, a *app.App) error) error

// withAppAndSecret is withApp with the secret that serve has: a key that is encrypted under
// another one would be of no use.
func withAppAndSecret(cmd *cobra.Command, env Env, run func(ctx context.Context, cfg *config.Config, a *app.App) error) error {
	cfg, err := loadConfig(cmd, env)
	if err != nil {
		return err
	}
	if err := cfg.RequireSecret(); err != nil {
		return usageError{err}
	}
	return runApp(cmd.Context(), env, cfg, commandLog(), run)
}

func listKeys(ctx context.Context, env Env, service *keys.Service) error {
	listed, err := service.List(ctx, env.actor())
	if err != nil {
		return err
	}
	if len(listed) == 0 {
		fmt.Fprintln(env.Stdout, "There are no keys. Create one with: latchkey keys rotate")
		return nil
	}
	table := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KID\tSTATE\tCREATED\tSIGNS FROM\tEXPIRES")
	for _, k := range listed {
		expires := "never"
		if k.ExpiresAt != nil {
			expires = utc(*k.ExpiresAt)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", k.ID, k.State, utc(k.CreatedAt), utc(k.SignsFrom), expires)
	}
	return table.Flush()
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339) }
