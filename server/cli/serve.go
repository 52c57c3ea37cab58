package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/server/app"
	"github.com/latchkey-auth/latchkey/server/config"
)

const (
	// headerTimeout is how long a client may take to send its headers.
	headerTimeout = 5 * time.Second
	// idleTimeout is how long a connection may wait for its next request.
	idleTimeout = 2 * time.Minute
	// maxHeader is a large Auth.js cookie and some room, in bytes.
	maxHeader = 32 << 10
	// besideTime is what anything else has left then.
	besideTime = 2 * time.Second
	// shutdownTime is what requests have left when the process is told to end.
	shutdownTime = 10 * time.Second
)

func newServe(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Start the server: API, docs, admin site and, if configured, the Next.js app",
		Long: `Serves the API, its documentation at /docs, the admin site at /admin and, with
--frontend-url, everything else from the Next.js server behind it. It migrates the
database first. While there is no superuser, it prints a link to create one.

On SIGINT or SIGTERM it finishes open requests, then stops.`,
		Example: `  latchkey serve
  LATCHKEY_DATABASE_URL=postgres://app:…@db/app LATCHKEY_SECRET_KEY=… latchkey serve --addr 0.0.0.0:8080`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), env.LookupEnv)
			if err == nil {
				err = cfg.RequireSecret()
			}
			if err != nil {
				return usageError{err}
			}
			log := app.NewLog(env.Stderr, slog.LevelInfo)
			for _, line := range env.unknown() {
				log.WarnContext(cmd.Context(), line)
			}
			return runApp(cmd.Context(), env, cfg, log, func(ctx context.Context, cfg *config.Config, a *app.App) error {
				return serve(ctx, env, cfg, a, log)
			})
		},
	}
	config.AddFlags(cmd.Flags())
	return cmd
}

func serve(ctx context.Context, env Env, cfg *config.Config, a *app.App, log *slog.Logger) error {
	if err := a.TuneRuntime(); err != nil {
		return err
	}
	if err := prepareDatabase(ctx, cfg, a, log); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	setup, err := a.Accounts.OfferSetup(ctx)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	greet(env, cfg, listener.Addr(), setup)
	if cfg.FrontendURL != nil && len(cfg.TrustedProxies) == 0 {
		log.WarnContext(ctx, "LATCHKEY_TRUSTED_PROXIES is none: everybody who signs in through the app at LATCHKEY_FRONTEND_URL shares one IP address")
	}
	if most, byHandles := a.ConnectionCap(); byHandles {
		log.WarnContext(ctx, "the limit of open files (ulimit -n) bounds how many connections there can be", "most", most)
	}
	log.InfoContext(ctx, "serving", "addr", listener.Addr().String(), "database", a.Store.Name(), "version", Version(),
		a.MemoryAttr(), a.HashesAtOnceAttr())

	server := &http.Server{
		Handler:           a.Handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ConnState:         a.Connections.Note,
		ConnContext:       a.Connections.Context,
	}
	background, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { a.Background(background) })
	served := make(chan error, 1)
	go func() { served <- server.Serve(a.Connections.Listen(listener)) }()

	select {
	case err = <-served: // it never ends by itself but for a fault
	case <-ctx.Done():
		log.InfoContext(ctx, "stopping: finishing open requests")
		a.Connections.CloseUnused() // the server would wait five seconds for what they may ask
		err = shutDown(server)
	}
	stop()
	waitFor(&beside)
	return err
}

// waitFor waits for what runs beside the requests, but not for long: a password
// that is being hashed cannot be interrupted.
func waitFor(beside *sync.WaitGroup) {
	done := make(chan struct{})
	go func() { beside.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(besideTime):
	}
}

// prepareDatabase migrates, or says that somebody else must.
func prepareDatabase(ctx context.Context, cfg *config.Config, a *app.App, log *slog.Logger) error {
	if !cfg.AutoMigrate {
		pending, err := a.Store.Pending(ctx)
		if err == nil && len(pending) > 0 {
			err = fmt.Errorf("the database is not up to date (pending migrations: %d): run latchkey migrate", len(pending))
		}
		return err
	}
	applied, err := a.Store.Migrate(ctx)
	if err == nil && len(applied) > 0 {
		log.InfoContext(ctx, "the database was migrated", "applied", applied)
	}
	return err
}

func shutDown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("stopping: %w", err)
	}
	return nil
}

// greet prints where to go; setup is the token of the link that creates the first
// superuser, or "".
func greet(env Env, cfg *config.Config, addr net.Addr, setup string) {
	home := cfg.PublicURL
	if _, port, _ := net.SplitHostPort(cfg.Addr); port == "0" { // any free one: the system chose
		home = "http://" + addr.String()
	}
	database := "PostgreSQL"
	if cfg.UsesSQLite() {
		database = "SQLite, " + cfg.SQLitePath()
	}
	fmt.Fprintf(env.Stdout, `latchkey %s listens on %s

  Start here    %s/
  Try the API   %s/docs
  Admin site    %s/admin/
  Database      %s
`, Version(), addr, home, home, home, database)
	if setup != "" {
		fmt.Fprintf(env.Stdout, `  First admin   %s/admin/setup/?token=%s
                (works once, within an hour; or, with the same settings, in another
                terminal: %s createsuperuser)
`, home, setup, cmp.Or(env.Program, "latchkey"))
	}
	fmt.Fprintln(env.Stdout)
}
