package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/server/app"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/config"
)

// userChange is a subcommand of latchkey user.
type userChange struct {
	name, short string
	do          func(ctx context.Context, accounts *accounts.Service, by *auth.Principal, user auth.User) (changed int, err error)
	done        string // what is printed, with the address
}

// userChanges are actions of the admin site that the command line has too. The rules
// are the same.
var userChanges = []userChange{
	{"activate", "Allow a user to sign in again", func(ctx context.Context, s *accounts.Service, by *auth.Principal, u auth.User) (int, error) {
		return s.SetActive(ctx, by, []int64{u.ID}, true)
	}, "%s is active.\n"},
	{"deactivate", "Block a user from signing in, and sign the user out everywhere", func(ctx context.Context, s *accounts.Service, by *auth.Principal, u auth.User) (int, error) {
		return s.SetActive(ctx, by, []int64{u.ID}, false)
	}, "%s is inactive and signed out everywhere.\n"},
	{"unlock", "Let a user sign in again after too many failed attempts", func(ctx context.Context, s *accounts.Service, by *auth.Principal, u auth.User) (int, error) {
		return s.Unlock(ctx, by, []int64{u.ID})
	}, "%s is not locked.\n"},
	{"promote", "Make a user a superuser", func(ctx context.Context, s *accounts.Service, by *auth.Principal, u auth.User) (int, error) {
		return s.SetSuperuser(ctx, by, u.ID, true)
	}, "%s is a superuser.\n"},
	{"demote", "Remove superuser and staff status from a user", func(ctx context.Context, s *accounts.Service, by *auth.Principal, u auth.User) (int, error) {
		return s.SetSuperuser(ctx, by, u.ID, false)
	}, "%s is no longer a superuser or staff.\n"},
	{"delete", "Delete a user and their data", func(ctx context.Context, s *accounts.Service, by *auth.Principal, u auth.User) (int, error) {
		return 1, s.DeleteUsers(ctx, by, []int64{u.ID})
	}, "%s was deleted.\n"},
}

func newUser(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Change a user: activate, deactivate, unlock, promote, demote, delete",
		Long: "Changes a user by the same rules as the admin site. The last active superuser cannot be removed.\n\n" +
			"With LATCHKEY_SECRET_KEY set as for serve, unlock ends the waits of an account too that is not locked yet.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, change := range userChanges {
		sub := &cobra.Command{
			Use:   change.name + " EMAIL",
			Short: change.short,
			Args: func(cmd *cobra.Command, args []string) error {
				if len(args) != 1 {
					return usageError{errors.New("which user? latchkey user " + change.name + " EMAIL")}
				}
				return nil
			},
			RunE: func(cmd *cobra.Command, args []string) error {
				return withApp(cmd, env, func(ctx context.Context, cfg *config.Config, a *app.App) error {
					if err := requireMigrations(ctx, cfg, a); err != nil {
						return err
					}
					return changeUser(ctx, env, a.Accounts, change, args[0])
				})
			},
		}
		config.AddFlags(sub.Flags(), "database-url", "data-dir", "auto-migrate")
		cmd.AddCommand(sub)
	}
	return cmd
}

func changeUser(ctx context.Context, env Env, service *accounts.Service, change userChange, email string) error {
	user, err := service.FindUser(ctx, env.actor(), email)
	if err != nil {
		return err
	}
	if _, err := change.do(ctx, service, env.actor(), user); err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, change.done, user.Email)
	return nil
}
