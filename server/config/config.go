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
	Addr                 string // host:port to listen on
	DatabaseURL          string // sqlite://PATH or postgres://…
	DataDir              string
	SecretKey            []byte   // empty only where [Config.MayMakeSecret]
	SecretKeyFallbacks   [][]byte // accepted for verifying
	AccessTokenLifetime  time.Duration
	RenewBefore          time.Duration
	SessionLifetime      time.Duration
	TokenAlg             string   // HS256 or EdDSA
	IntrospectionSecrets [][]byte // none: nobody may introspect
	PasswordHasher       password.Hasher
	MinPasswordLength    int      // of a new one, in characters
	BreachedPasswords    *url.URL // nil: nobody is asked
	TrustedProxies       []netip.Prefix
	FrontendURL          *url.URL      // nil: none
	FrontendSecret       []byte        // shared with the Next.js app; empty: none
	PublicURL            string        // without a slash at its end
	CORSOrigins          []string      // whose pages may call the API; none: only this site's
	HSTSMaxAge           time.Duration // 0: no Strict-Transport-Security
	AutoMigrate          bool
	Guessing             Guessing
	SuperuserEmail       string
	SuperuserPassword    string

	MaxConnections          int // in all; 0: as many as are sensible
	MaxConnectionsPerClient int
	FrontendMaxBody         int64 // bytes
	FrontendTimeout         time.Duration
	FrontendIdleTimeout     time.Duration

	publicURLGiven, trustsNobody bool
}

// OwnPublicURL returns the URL of the server for browsers, if it was set and is not of
// this machine alone; else nil, and browsers may reach the server by any name.
func (c *Config) OwnPublicURL() *url.URL {
	u, err := url.Parse(c.PublicURL)
	if err != nil || !c.publicURLGiven || isLoopback(u.Host) {
		return nil
	}
	return u
}

// Guessing holds the settings of how often a secret can be guessed.
type Guessing struct {
	PerClient       int // failures in a row before the first wait, of an account from one network or device
	PerAccount      int // the same from all networks
	PerNetwork      int // failures in an hour before the first wait, of a network over all accounts; 0: any number
	UntilLocked     int // failures in a row, over any time, that lock an account
	Wait            time.Duration
	MaxWait         time.Duration
	AccountMaxWait  time.Duration
	DeviceLifetime  time.Duration
	NetworkLifetime time.Duration
	MaxCounters     int // that are kept
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
