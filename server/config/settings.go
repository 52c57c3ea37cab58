package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/password"
)

// setting is one of them: its names, what it means, and how it is read.
type setting struct {
	env    string
	flag   string // "": a secret
	value  string // the default
	usage  string
	assign func(c *Config, value string) error
}

// settings returns all of them, in the order in which --help shows them.
func settings() []setting {
	return []setting{
		{"LATCHKEY_ADDR", "addr", "127.0.0.1:8080", "`HOST:PORT` to listen on", assignAddr},
		{"LATCHKEY_DATABASE_URL", "database-url", "", "sqlite://PATH or postgres://…; put a `URL` with a password into the environment variable (default latchkey.db in the data directory)", assignDatabaseURL},
		{"LATCHKEY_DATA_DIR", "data-dir", "./data", "`DIRECTORY` of the embedded database and the development secret", assignDataDir},
		{"LATCHKEY_SECRET_KEY", "", "", "", assignSecretKey},
		{"LATCHKEY_SECRET_KEY_FALLBACKS", "", "", "", assignFallbacks},
		{"LATCHKEY_ACCESS_TOKEN_LIFETIME", "access-token-lifetime", "24h", "lifetime of an access token, and idle timeout of a session, as a `DURATION`", assignDuration(func(c *Config) *time.Duration { return &c.AccessTokenLifetime })},
		{"LATCHKEY_ACCESS_TOKEN_RENEW_BEFORE", "access-token-renew-before", "", "renew when less than this `DURATION` is left (default half the lifetime)", assignDuration(func(c *Config) *time.Duration { return &c.RenewBefore })},
		{"LATCHKEY_SESSION_LIFETIME", "session-lifetime", "720h", "absolute lifetime of a session, as a `DURATION`", assignDuration(func(c *Config) *time.Duration { return &c.SessionLifetime })},
		{"LATCHKEY_PASSWORD_HASHER", "password-hasher", "argon2id", "`ALGORITHM` for new passwords: argon2id, or pbkdf2_sha256 for a Django on the same database without argon2-cffi", assignHasher},
		{"LATCHKEY_TRUSTED_PROXIES", "trusted-proxies", "", "addresses or `CIDRS`, separated by commas, whose X-Forwarded-For counts", assignProxies},
		{"LATCHKEY_FRONTEND_URL", "frontend-url", "", "`URL` of the Next.js server, which gets all other paths", assignFrontend},
		{"LATCHKEY_PUBLIC_URL", "public-url", "", "`URL` of the server for browsers, used in links (default http://localhost and the port)", assignPublicURL},
		{"LATCHKEY_CORS_ORIGINS", "cors-origins", "", "`ORIGINS`, separated by commas, whose pages may call the API from a browser, like https://app.example.com (default none)", assignOrigins},
		{"LATCHKEY_HSTS_MAX_AGE", "hsts-max-age", "8760h", "how long browsers are to use https alone once they did, as a `DURATION`; 0 does not say so (default a year: the least that browsers' preload lists take)", assignHSTS},
		{"LATCHKEY_AUTO_MIGRATE", "auto-migrate", "true", "migrate the database first (`true` or false)", assignAutoMigrate},
		{"LATCHKEY_SUPERUSER_EMAIL", "", "", "", func(c *Config, v string) error { c.SuperuserEmail = v; return nil }},
		{"LATCHKEY_SUPERUSER_PASSWORD", "", "", "", func(c *Config, v string) error { c.SuperuserPassword = v; return nil }},
	}
}

func assignAddr(c *Config, value string) error {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		return errors.New("want host:port, like 127.0.0.1:8080")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return errors.New("the port must be a number up to 65535")
	}
	c.Addr = value
	return nil
}

func assignDatabaseURL(c *Config, value string) error {
	if !hasScheme(value, "sqlite") && !hasScheme(value, "postgres") && !hasScheme(value, "postgresql") {
		return errors.New("want sqlite://PATH or postgres://…")
	}
	if strings.Contains(value, ":memory:") {
		return errors.New("want a file: a database in memory would be another one for every connection")
	}
	c.DatabaseURL = value
	return nil
}

func assignDataDir(c *Config, value string) error {
	if value == "" {
		return errors.New("want a directory, like ./data")
	}
	c.DataDir = value
	return nil
}

func assignSecretKey(c *Config, value string) error {
	c.SecretKey = []byte(value)
	return CheckSecret(value)
}

func assignFallbacks(c *Config, value string) error {
	for each := range strings.SplitSeq(value, ",") {
		if err := CheckSecret(each); err != nil {
			return err
		}
		c.SecretKeyFallbacks = append(c.SecretKeyFallbacks, []byte(each))
	}
	return nil
}

func assignDuration(field func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil {
			return errors.New("want a duration, like 24h or 90s")
		}
		if d < time.Second {
			return errors.New("must be at least 1s: tokens count in seconds")
		}
		*field(c) = d
		return nil
	}
}

func assignHasher(c *Config, value string) error {
	c.PasswordHasher = password.Hasher(value)
	if c.PasswordHasher != password.Argon2id && c.PasswordHasher != password.PBKDF2SHA256 {
		return errors.New("want argon2id or pbkdf2_sha256")
	}
	return nil
}

func assignProxies(c *Config, value string) error {
	for each := range strings.SplitSeq(value, ",") {
		prefix, err := parsePrefix(strings.TrimSpace(each))
		if err != nil {
			return errors.New("want addresses or CIDRs separated by commas, like 10.0.0.0/8,::1")
		}
		c.TrustedProxies = append(c.TrustedProxies, prefix)
	}
	return nil
}

func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Unmap().Prefix(addr.Unmap().BitLen())
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix.Masked(), err
}

func assignFrontend(c *Config, value string) error {
	u, err := parseHTTP(value)
	c.FrontendURL = u
	return err
}

func assignPublicURL(c *Config, value string) error {
	u, err := parseHTTP(value)
	if err == nil {
		c.PublicURL = strings.TrimSuffix(u.String(), "/")
	}
	return err
}

func parseHTTP(value string) (*url.URL, error) {
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("want an address like https://example.com")
	}
	return u, nil
}

func assignOrigins(c *Config, value string) error {
	for each := range strings.SplitSeq(value, ",") {
		origin := strings.TrimSpace(each)
		if !isOrigin(origin) {
			return errors.New("want origins as browsers send them, separated by commas, like https://app.example.com,http://localhost:3000; no *, no path, and no port that is the default")
		}
		c.CORSOrigins = append(c.CORSOrigins, origin)
	}
	return nil
}

// isOrigin reports whether text is what a browser sends as the Origin of a page (RFC
// 6454, section 6.2): in lower case and ASCII, without the port that goes without saying.
func isOrigin(text string) bool {
	u, err := parseHTTP(text)
	if err != nil || text != u.Scheme+"://"+u.Host || text != strings.ToLower(text) || strings.ContainsAny(text, "*%") {
		return false
	}
	defaultPort := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	isASCII := strings.IndexFunc(text, func(r rune) bool { return r > '~' }) < 0
	return isASCII && u.Hostname() != "" && u.Port() != defaultPort && !strings.HasSuffix(u.Host, ":")
}

func assignHSTS(c *Config, value string) error {
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 || d%time.Second != 0 {
		return errors.New("want a duration in whole seconds, like 8760h, or 0 for none")
	}
	c.HSTSMaxAge = d
	return nil
}

func assignAutoMigrate(c *Config, value string) error {
	on, err := strconv.ParseBool(value)
	if err != nil {
		return errors.New("want true or false")
	}
	c.AutoMigrate = on
	return nil
}

func hasScheme(text, scheme string) bool {
	return strings.HasPrefix(text, scheme+"://")
}

func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = strings.Trim(addr, "[]") // without a port
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
