package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/server/app"
	"github.com/latchkey-auth/latchkey/server/config"
)

func newMigrate(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate [up|down|status]",
		Short: "Migrate the database",
		Long: `Brings the database up to date: "migrate" alone is "migrate up".

An existing Django database is used as it is, with its users_user, and Django's
tables do not change. Tables that are added have names that begin with latchkey_.`,
		Args: noArgs,
		RunE: migrating(env, migrateUp),
	}
	for _, sub := range []*cobra.Command{
		{Use: "up", Short: "Apply all pending migrations", RunE: migrating(env, migrateUp)},
		{Use: "down", Short: "Roll back the newest migration; keeps users, may delete sessions", RunE: migrating(env, migrateDown)},
		{Use: "status", Short: "List the migrations and when they were applied", RunE: migrating(env, migrateStatus)},
	} {
		sub.Args = noArgs
		config.AddFlags(sub.Flags(), "database-url", "data-dir")
		cmd.AddCommand(sub)
	}
	config.AddFlags(cmd.Flags(), "database-url", "data-dir")
	return cmd
}

type migration func(ctx context.Context, env Env, a *app.App) error

func migrating(env Env, run migration) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		return withApp(cmd, env, func(ctx context.Context, _ *config.Config, a *app.App) error {
			return run(ctx, env, a)
		})
	}
}

func migrateUp(ctx context.Context, env Env, a *app.App) error {
	applied, err := a.Store.Migrate(ctx)
	if err != nil {
		return err
	}
	if len(applied) == 0 {
		fmt.Fprintln(env.Stdout, "The database is up to date.")
	}
	for _, name := range applied {
		fmt.Fprintln(env.Stdout, "Applied", name)
	}
	return nil
}

func migrateDown(ctx context.Context, env Env, a *app.App) error {
	name, err := a.Store.Rollback(ctx)
	if err != nil {
		return err
	}
	if name == "" {
		fmt.Fprintln(env.Stdout, "No migration is applied.")
		return nil
	}
	fmt.Fprintln(env.Stdout, "Undid", name)
	return nil
}

func migrateStatus(ctx context.Context, env Env, a *app.App) error {
	all, err := a.Store.Migrations(ctx)
	if err != nil {
		return err
	}
	for _, m := range all {
		when := "not applied"
		if m.AppliedAt != nil {
			when = "applied " + m.AppliedAt.Format("2006-01-02 15:04:05 UTC")
		}
		fmt.Fprintf(env.Stdout, "%-20s %s\n", m.Name, when)
	}
	return nil
}
