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

func newChangePassword(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "changepassword EMAIL",
		Short: "Set a user's password and sign the user out everywhere",
		Long: `Sets a user's password, which it asks for twice without showing it. The user is
signed out everywhere.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("which user? latchkey changepassword EMAIL")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return withApp(cmd, env, func(ctx context.Context, cfg *config.Config, a *app.App) error {
				if err := requireMigrations(ctx, cfg, a); err != nil {
					return err
				}
				return changePassword(ctx, env, a.Accounts, args[0])
			})
		},
	}
	config.AddFlags(cmd.Flags(), "database-url", "data-dir", "password-hasher", "password-min-length", "breached-passwords-url", "auto-migrate")
	return cmd
}

func changePassword(ctx context.Context, env Env, service *accounts.Service, email string) error {
	user, err := service.FindUser(ctx, env.actor(), email)
	if err != nil {
		return err
	}
	if env.ReadPassword == nil {
		return usageError{errNoTerminal}
	}
	fmt.Fprintf(env.Stdout, "Changing the password of %s.\n", user.Email)
	p := newPrompt(ctx, env)
	p.say(service.PasswordRules().Help)
	for {
		password, err := p.password()
		if err != nil {
			return err
		}
		ended, err := service.SetPassword(ctx, env.actor(), user.ID, &password)
		if err == nil {
			fmt.Fprintf(env.Stdout, "Password changed. Sessions ended: %d.\n", ended)
			return nil
		}
		if auth.ErrorCode(err) != auth.CodeInvalid {
			return err
		}
		p.complain(err)
	}
}
