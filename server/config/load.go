package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// AddFlags adds the flags of the settings with these names, or of all; secrets
// have none.
func AddFlags(flags *pflag.FlagSet, names ...string) {
	for _, s := range settings() {
		if s.flag == "" || len(names) > 0 && !slices.Contains(names, s.flag) {
			continue
		}
		flags.String(s.flag, s.value, fmt.Sprintf("%s [%s]", s.usage, s.env))
		if isBool(s.value) {
			flags.Lookup(s.flag).NoOptDefVal = "true" // --flag alone
		}
	}
}

func isBool(value string) bool { return value == "true" || value == "false" }

// Load reads every setting, from its flag if it was given, else from its
// environment variable, else its default. Its error names every fault, and
// repeats no secret.
func Load(flags *pflag.FlagSet, lookupEnv func(string) (string, bool)) (*Config, error) {
	c := &Config{}
	var faults []error
	for _, s := range settings() {
		name, value, given := lookUp(s, flags, lookupEnv)
		if !given && s.value == "" {
			continue
		}
		if s.flag == "database-url" && name != s.env && hasPassword(value) {
			faults = append(faults, fmt.Errorf("%s: a password on the command line can be read by everybody on this machine; set %s instead", name, s.env))
			continue
		}
		if err := s.assign(c, value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	if len(faults) == 0 { // what could not be read contradicts nothing
		c.complete()
		faults = c.check()
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return c, nil
}

// lookUp returns a setting's value and the name under which it was given. An empty
// variable is as good as none: that is how compose files pass on what is unset.
func lookUp(s setting, flags *pflag.FlagSet, lookupEnv func(string) (string, bool)) (name, value string, given bool) {
	if s.flag != "" && flags != nil && flags.Changed(s.flag) {
		return "--" + s.flag, flags.Lookup(s.flag).Value.String(), true
	}
	if value, ok := lookupEnv(s.env); ok && value != "" {
		return s.env, value, true
	}
	return s.env, s.value, false
}

// complete fills in the defaults that depend on other settings.
func (c *Config) complete() {
	if c.DatabaseURL == "" {
		c.DatabaseURL = defaultDatabaseURL(c.DataDir)
	}
	if c.RenewBefore == 0 {
		c.RenewBefore = c.AccessTokenLifetime / 2
	}
	if !c.trustsNobody {
		// A TLS proxy or the app on this machine, or all browsers would look like one
		// client. Who else connects from here may read and change our data anyway, and
		// naming a load balancer must not drop these in silence.
		c.TrustedProxies = append(c.TrustedProxies, netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("::1/128"))
	}
	if c.PublicURL == "" {
		_, port, _ := net.SplitHostPort(c.Addr)
		c.PublicURL = "http://localhost:" + port
	}
}

// check finds settings that contradict each other.
func (c *Config) check() []error {
	var faults []error
	if c.RenewBefore > c.AccessTokenLifetime {
		faults = append(faults, errors.New("LATCHKEY_ACCESS_TOKEN_RENEW_BEFORE: must not be longer than the lifetime"))
	}
	if c.SessionLifetime < c.AccessTokenLifetime {
		faults = append(faults, errors.New("LATCHKEY_SESSION_LIFETIME: must not be shorter than the access token's lifetime"))
	}
	return append(faults, c.checkGuessing()...)
}

// RequireSecret returns what is wrong when there is no secret key and none may be
// made up.
func (c *Config) RequireSecret() error {
	if len(c.SecretKey) > 0 || c.MayMakeSecret() {
		return nil
	}
	return errors.New("LATCHKEY_SECRET_KEY: is required unless the database is SQLite and the address is on loopback; make one with: openssl rand -base64 48")
}

// hasPassword reports whether a database URL, however malformed, may have one.
func hasPassword(databaseURL string) bool {
	_, rest, _ := strings.Cut(databaseURL, "://")
	if at := strings.LastIndex(rest, "@"); at >= 0 && strings.Contains(rest[:at], ":") {
		return true
	}
	if decoded, err := url.QueryUnescape(rest); err == nil {
		rest = decoded
	}
	return strings.Contains(strings.ToLower(rest), "password=")
}
