package app

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	contract "github.com/latchkey-auth/latchkey/api"
	"github.com/latchkey-auth/latchkey/repo"
	"github.com/latchkey-auth/latchkey/server/admin"
	"github.com/latchkey-auth/latchkey/server/api"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/audit"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
	"github.com/latchkey-auth/latchkey/server/config"
	"github.com/latchkey-auth/latchkey/server/password"
	"github.com/latchkey-auth/latchkey/server/token"
	"github.com/latchkey-auth/latchkey/server/web"
)

// hashWait is how long a surplus login waits before it is refused as busy: it is
// to learn of it in a tenth of a second.
const hashWait = 40 * time.Millisecond

// App is latchkey, put together. Handler serves everything; the store and the services
// are for the commands.
type App struct {
	Handler  http.Handler
	Admin    *admin.Site
	Store    *repo.Store
	SignIn   *signin.Service
	Accounts *accounts.Service
	Audit    *audit.Log
	// Connections bounds those of the server that Handler is given to.
	Connections *Connections
	Keys        *keys.Service

	clock       auth.Clock
	log         *slog.Logger
	byHandles   bool // the cap of connections is what file handles allow
	maxCounters int  // of attempts to guess a secret
	memory      memoryPlan
	kept        *keeper
}

// Options are what tests replace, and how people call the program; the zero value
// is the real world.
type Options struct {
	Clock   auth.Clock
	NewID   func() string
	Program string // for commands that pages show; empty means latchkey
	Memory  int64  // what the container has, in bytes; 0: ask the system
}

// New puts latchkey together. It connects to nothing yet, but makes the data
// directory, the SQLite file and the development secret where they are missing.
// Close the App when done.
func New(cfg *config.Config, version string, log *slog.Logger, options Options) (*App, error) {
	if options.Clock == nil {
		options.Clock = systemClock{}
	}
	if options.NewID == nil {
		options.NewID = func() string { return strings.ToLower(rand.Text()) }
	}
	if err := makeDataDir(cfg); err != nil {
		return nil, err
	}
	secret, err := secretKey(cfg)
	if err != nil {
		return nil, err
	}
	store, err := repo.Open(cfg.DatabaseURL)
	if err != nil {
		return nil, err
	}
	memory, err := memoryOf(options)
	if err != nil {
		log.Warn("the memory limit is not known: set GOMEMLIMIT if there is one", "error", err)
	}
	a := &App{Store: store, clock: options.Clock, log: log, maxCounters: cfg.Guessing.MaxCounters, memory: memory, kept: &keeper{plan: memory}}
	if err := a.wire(cfg, secret, version, options); err != nil {
		_ = store.Close() // the other error says more
		return nil, err
	}
	return a, nil
}

// wire makes everything that needs the store.
func (a *App) wire(cfg *config.Config, secret []byte, version string, options Options) error {
	if err := a.wireDomain(cfg, secret, options); err != nil {
		return err
	}
	apiHandler, err := api.New(api.Deps{
		SignIn: a.SignIn, Accounts: a.Accounts, Keys: a.Keys, IntrospectionSecrets: cfg.IntrospectionSecrets,
		Ready: a.faults, Log: a.log,
	})
	if err != nil {
		return err
	}
	json, err := api.ContractJSON()
	if err != nil {
		return err
	}
	site, err := web.New(web.Config{
		ContractYAML: contract.YAML, ContractJSON: json, Version: version, PublicURL: cfg.PublicURL, Program: options.Program,
		Admin: true, Static: admin.Static,
	})
	if err != nil {
		return err
	}
	messageKey, err := deriveKey(secret, "latchkey admin messages")
	if err != nil {
		return err
	}
	a.Admin, err = admin.New(admin.Config{
		SignIn: a.SignIn, Accounts: a.Accounts, Audit: a.Audit, Clock: a.clock,
		Key: messageKey, PublicURL: cfg.PublicURL, OnlyPublic: cfg.OwnPublicURL() != nil, Link: site.Asset, Version: version, Log: a.log,
	})
	if err != nil {
		return err
	}
	handles := raiseHandles()
	l := newLimits(cfg, handles)
	a.byHandles = l.conns < newLimits(cfg, 0).conns
	a.Connections = newConnections(l, cfg.TrustedProxies, a.log)
	vouched, err := newClaims(cfg.FrontendSecret, a.clock.Now, a.log)
	if err != nil {
		return err
	}
	if vouched != nil {
		vouched.believed = a.Connections.vouched
	}
	a.Handler = newHandler(cfg, l, vouched, a.log, apiHandler, a.Admin, site)
	return nil
}

// wireDomain makes the services, one for each subject.
func (a *App) wireDomain(cfg *config.Config, secret []byte, options Options) error {
	tokens, err := a.wireTokens(cfg, secret, options)
	if err != nil {
		return err
	}
	passwords, err := password.NewPool(password.Settings{
		Hasher:  cfg.PasswordHasher,
		Workers: a.memory.workers,
		Memory:  a.memory.hashing,
		Wait:    hashWait,
	}, rand.Reader)
	if err != nil {
		return err
	}
	settings, err := signInConfig(cfg, secret)
	if err != nil {
		return err
	}
	a.SignIn = signin.New(settings,
		signin.Deps{
			Store:     a.Store,
			Attempts:  a.Store,
			Passwords: passwords,
			Tokens:    tokens,
			Clock:     options.Clock,
			NewID:     options.NewID,
			Log:       a.log,
			SignedIn:  newCrowdWatch(options.Clock.Now, a.log).signedIn,
		})
	a.Accounts = accounts.New(accounts.Config{
		MinPasswordLength:   cfg.MinPasswordLength,
		SiteNames:           siteNames(cfg.PublicURL),
		AccessTokenLifetime: cfg.AccessTokenLifetime,
	}, accounts.Deps{
		Users:      a.Store,
		Groups:     a.Store,
		Sessions:   a.Store,
		Tokens:     a.Store,
		Transactor: a.Store,
		Passwords:  passwords,
		Breaches:   a.breaches(cfg),
		Confirmer:  a.SignIn,
		Attempts:   a.SignIn,
		Clock:      options.Clock,
		NewID:      options.NewID,
	})
	a.Audit = audit.New(a.Store)
	return nil
}

// signInConfig returns the settings of signing in. A device stays known when the secret is
// changed; what was counted of attempts does not.
func signInConfig(cfg *config.Config, secret []byte) (signin.Config, error) {
	settings := signin.Config{
		AccessTokenLifetime: cfg.AccessTokenLifetime,
		RenewBefore:         cfg.RenewBefore,
		SessionLifetime:     cfg.SessionLifetime,
		Limits:              limitsOf(cfg.Guessing),
	}
	var err error
	if settings.AttemptKey, err = deriveKey(secret, "latchkey failed attempts"); err != nil {
		return settings, err
	}
	for _, each := range append([][]byte{secret}, cfg.SecretKeyFallbacks...) {
		key, err := deriveKey(each, "latchkey device tokens")
		if err != nil {
			return settings, err
		}
		settings.DeviceKeys = append(settings.DeviceKeys, key)
	}
	return settings, nil
}

// deriveKey returns a secret's key for one purpose (RFC 5869), which tells nothing of its
// others.
func deriveKey(secret []byte, purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	return key, nil
}

func limitsOf(g config.Guessing) signin.Limits {
	return signin.Limits{
		PerClient: g.PerClient, PerAccount: g.PerAccount, PerNetwork: g.PerNetwork, UntilLocked: g.UntilLocked,
		Wait: g.Wait, MaxWait: g.MaxWait, AccountMaxWait: g.AccountMaxWait,
		DeviceLifetime: g.DeviceLifetime, NetworkLifetime: g.NetworkLifetime,
	}
}

// wireTokens makes what signs and reads access tokens.
func (a *App) wireTokens(cfg *config.Config, secret []byte, options Options) (*token.Codec, error) {
	sealer, err := token.NewSealer(secret, cfg.SecretKeyFallbacks)
	if err != nil {
		return nil, err
	}
	a.Keys = keys.New(keys.Deps{
		Store: a.Store, Sealer: sealer, Clock: options.Clock, Random: rand.Reader, Log: a.log, TokenLifetime: cfg.AccessTokenLifetime,
	})
	return token.New(token.Config{
		Alg: token.Alg(cfg.TokenAlg), Secret: secret, Fallbacks: cfg.SecretKeyFallbacks, Keys: a.Keys, Issuer: cfg.PublicURL,
	}, options.Clock.Now)
}

// Close ends what New opened.
func (a *App) Close() error { return a.Store.Close() }

// faults names what keeps the service from serving.
func (a *App) faults(ctx context.Context) []auth.FieldError {
	pending, err := a.Store.Pending(ctx)
	switch {
	case auth.ErrorCode(err) == auth.CodeUnavailable:
		a.log.WarnContext(ctx, "not ready", "error", err)
		return []auth.FieldError{{Field: "database", Message: "It cannot be reached."}}
	case err != nil:
		a.log.WarnContext(ctx, "not ready", "error", err)
		return []auth.FieldError{{Field: "migrations", Message: "They do not belong to this version."}}
	case len(pending) > 0:
		return []auth.FieldError{{Field: "migrations", Message: "Some are pending. Run latchkey migrate."}}
	}
	return nil
}

// makeDataDir makes the directory that the embedded database and the secret
// live in, readable for its owner alone.
func makeDataDir(cfg *config.Config) error {
	dirs := []string{}
	if cfg.UsesSQLite() {
		dirs = append(dirs, filepath.Dir(cfg.SQLitePath()))
	}
	if len(cfg.SecretKey) == 0 {
		dirs = append(dirs, cfg.DataDir)
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making the data directory: %w", err)
		}
	}
	return nil
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
