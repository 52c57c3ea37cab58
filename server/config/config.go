package config

import (
	"net/netip"
	"net/url"
	"path/filepath"
	"time"

	"github.com/latchkey-auth/latchkey/server/password"
)

// Config holds every setting, checked.
type Config struct {
	Addr                string // host:port to listen on
	DatabaseURL         string // sqlite://PATH or postgres://…
	DataDir             string
	SecretKey           []byte   // empty only where [Config.MayMakeSecret]
	SecretKeyFallbacks  [][]byte // accepted for verifying
	AccessTokenLifetime time.Duration
	RenewBefore         time.Duration
	SessionLifetime     time.Duration
	PasswordHasher      password.Hasher
	TrustedProxies      []netip.Prefix
	FrontendURL         *url.URL      // nil: none
	PublicURL           string        // without a slash at its end
	CORSOrigins         []string      // whose pages may call the API; none: only this site's
	HSTSMaxAge          time.Duration // 0: no Strict-Transport-Security
	AutoMigrate         bool
	SuperuserEmail      string
	SuperuserPassword   string
}

// MayMakeSecret reports whether a missing secret key may be made up and kept in
// the data directory: only for one person's own machine.
func (c *Config) MayMakeSecret() bool {
	return c.UsesSQLite() && isLoopback(c.Addr)
}

// UsesSQLite reports whether the database is the embedded one.
func (c *Config) UsesSQLite() bool { return hasScheme(c.DatabaseURL, "sqlite") }

// SQLitePath returns the database file's path, or "" when the database is not the
// embedded one.
func (c *Config) SQLitePath() string {
	if !c.UsesSQLite() {
		return ""
	}
	return c.DatabaseURL[len("sqlite://"):]
}

func defaultDatabaseURL(dataDir string) string {
	return "sqlite://" + filepath.Join(dataDir, "latchkey.db")
}
