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

func newCreateSuperuser(env Env) *cobra.Command {
	var email string
	var noInput bool
	cmd := &cobra.Command{
		Use:   "createsuperuser",
		Short: "Create a superuser",
		Long: `Creates a superuser, who has every permission. It asks for the e-mail address and,
twice and without showing it, the password. With --noinput it reads both from
environment variables:

    LATCHKEY_SUPERUSER_EMAIL, LATCHKEY_SUPERUSER_PASSWORD`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, env, func(ctx context.Context, cfg *config.Config, a *app.App) error {
				if err := requireMigrations(ctx, cfg, a); err != nil {
					return err
				}
				user, err := createSuperuser(ctx, env, cfg, a.Accounts, email, noInput)
				if err == nil {
					fmt.Fprintf(env.Stdout, "Superuser %s created.\n", user.Email)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&email, "email", "", "`EMAIL` address; if not set, it is asked for")
	cmd.Flags().BoolVar(&noInput, "noinput", false, "ask no questions")
	config.AddFlags(cmd.Flags(), "database-url", "data-dir", "password-hasher", "password-min-length", "breached-passwords-url", "auto-migrate")
	return cmd
}

func createSuperuser(ctx context.Context, env Env, cfg *config.Config, service *accounts.Service, email string, noInput bool) (auth.User, error) {
	if noInput {
		in, err := unasked(cfg, email)
		if err != nil {
			return auth.User{}, err
		}
		return service.CreateSuperuser(ctx, env.actor(), in)
	}
	if env.ReadPassword == nil {
		return auth.User{}, usageError{errors.New("there is no terminal: use --noinput with LATCHKEY_SUPERUSER_EMAIL and LATCHKEY_SUPERUSER_PASSWORD")}
	}
	p := newPrompt(ctx, env)
	email, err := askEmail(ctx, p, service, email)
	if err != nil {
		return auth.User{}, err
	}
	p.say(service.PasswordRules().Help)
	for {
		password, err := p.password()
		if err != nil {
			return auth.User{}, err
		}
		user, err := service.CreateSuperuser(ctx, env.actor(), accounts.NewUser{Email: email, Password: password})
		if auth.ErrorCode(err) != auth.CodeInvalid {
			return user, err
		}
		p.complain(err)
	}
}

func unasked(cfg *config.Config, email string) (accounts.NewUser, error) {
	if email == "" {
		email = cfg.SuperuserEmail
	}
	var missing []error
	if email == "" {
		missing = append(missing, errors.New("LATCHKEY_SUPERUSER_EMAIL: is required with --noinput"))
	}
	if cfg.SuperuserPassword == "" {
		missing = append(missing, errors.New("LATCHKEY_SUPERUSER_PASSWORD: is required with --noinput"))
	}
	if len(missing) > 0 {
		return accounts.NewUser{}, usageError{errors.Join(missing...)}
	}
	return accounts.NewUser{Email: email, Password: cfg.SuperuserPassword}, nil
}

// askEmail asks until the address can be used. One that came as a flag is not asked
// for again.
func askEmail(ctx context.Context, p *prompt, service *accounts.Service, email string) (string, error) {
	if email != "" {
		return email, service.CheckNewEmail(ctx, email)
	}
	for {
		email, err := p.line("E-mail address: ")
		if err != nil {
			return "", err
		}
		err = service.CheckNewEmail(ctx, email)
		if auth.ErrorCode(err) != auth.CodeInvalid {
			return email, err
		}
		p.complain(err)
	}
}

// requireMigrations migrates for commands that may be the first to be run on a
// database, unless the configuration keeps that to whoever runs migrate.
func requireMigrations(ctx context.Context, cfg *config.Config, a *app.App) error {
	return prepareDatabase(ctx, cfg, a, commandLog())
}
