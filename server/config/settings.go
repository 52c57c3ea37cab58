package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
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
	all := []setting{
		{"LATCHKEY_ADDR", "addr", "127.0.0.1:8080", "`HOST:PORT` to listen on", assignAddr},
		{"LATCHKEY_DATABASE_URL", "database-url", "", "sqlite://PATH or postgres://…; put a `URL` with a password into the environment variable (default latchkey.db in the data directory)", assignDatabaseURL},
		{"LATCHKEY_DATA_DIR", "data-dir", "./data", "`DIRECTORY` of the embedded database and the development secret", assignDataDir},
		{"LATCHKEY_SECRET_KEY", "", "", "", assignSecretKey},
		{"LATCHKEY_SECRET_KEY_FALLBACKS", "", "", "", assignFallbacks},
		{"LATCHKEY_ACCESS_TOKEN_LIFETIME", "access-token-lifetime", "24h", "lifetime of an access token, and idle timeout of a session, as a `DURATION`", assignDuration(func(c *Config) *time.Duration { return &c.AccessTokenLifetime })},
		{"LATCHKEY_ACCESS_TOKEN_RENEW_BEFORE", "access-token-renew-before", "", "renew when less than this `DURATION` is left (default half the lifetime)", assignDuration(func(c *Config) *time.Duration { return &c.RenewBefore })},
		{"LATCHKEY_SESSION_LIFETIME", "session-lifetime", "720h", "absolute lifetime of a session, as a `DURATION`", assignDuration(func(c *Config) *time.Duration { return &c.SessionLifetime })},
		{"LATCHKEY_TOKEN_ALG", "token-alg", "HS256", "`ALGORITHM` that signs access tokens: HS256, or EdDSA if other services verify them without the secret", assignTokenAlg},
		{"LATCHKEY_INTROSPECTION_SECRET", "", "", "", assignIntrospectionSecret},
		{"LATCHKEY_PASSWORD_HASHER", "password-hasher", "argon2id", "`ALGORITHM` for new passwords: argon2id, or pbkdf2_sha256 for a Django on the same database without argon2-cffi", assignHasher},
		{"LATCHKEY_TRUSTED_PROXIES", "trusted-proxies", "", "addresses or `CIDRS`, separated by commas, whose X-Forwarded-For, -Proto and -Host count, beside 127.0.0.1 and ::1; none: no address at all", assignProxies},
		{"LATCHKEY_PASSWORD_MIN_LENGTH", "password-min-length", "8", "least length of a new password, in `CHARACTERS`: NIST asks for 15 where a password is all that one signs in with, and allows no less than 8", assignMinPasswordLength},
		{"LATCHKEY_BREACHED_PASSWORDS_URL", "breached-passwords-url", "", "`URL` of a range service that knows breached passwords, like https://api.pwnedpasswords.com/range/; it is told 5 of 40 digits of a new password's SHA-1 (default none: nobody is asked)", assignBreachedPasswords},
		{"LATCHKEY_FRONTEND_URL", "frontend-url", "", "`URL` of the Next.js server, which gets all other paths", assignFrontend},
		{"LATCHKEY_FRONTEND_SECRET", "", "", "", assignFrontendSecret},
		{"LATCHKEY_FRONTEND_MAX_BODY", "frontend-max-body", "4MB", "largest body for the Next.js server, as a `SIZE`: it holds bodies in memory, and Server Actions take 1MB", assignSize(func(c *Config) *int64 { return &c.FrontendMaxBody })},
		{"LATCHKEY_FRONTEND_TIMEOUT", "frontend-timeout", "60s", "how long the Next.js server may take to begin an answer, as a `DURATION`: nginx's default", assignDuration(func(c *Config) *time.Duration { return &c.FrontendTimeout })},
		{"LATCHKEY_FRONTEND_IDLE_TIMEOUT", "frontend-idle-timeout", "10m", "how long a WebSocket or a streamed answer may be silent, as a `DURATION`: most send something twice a minute", assignDuration(func(c *Config) *time.Duration { return &c.FrontendIdleTimeout })},
		{"LATCHKEY_MAX_CONNECTIONS", "max-connections", "0", "`NUMBER` of connections at once, never more than file handles allow; 0: 4096", assignCount(0, maxConnections, func(c *Config) *int { return &c.MaxConnections })},
		{"LATCHKEY_MAX_CONNECTIONS_PER_CLIENT", "max-connections-per-client", "256", "`NUMBER` of connections of one client, or of its requests under way behind a proxy: an office behind one address has six for each browser", assignCount(1, maxConnections, func(c *Config) *int { return &c.MaxConnectionsPerClient })},
		{"LATCHKEY_PUBLIC_URL", "public-url", "", "`URL` of the server for browsers, used in links; a form must come from there (default http://localhost and the port, and forms from wherever it is reached)", assignPublicURL},
		{"LATCHKEY_CORS_ORIGINS", "cors-origins", "", "`ORIGINS`, separated by commas, whose pages may call the API from a browser, like https://app.example.com (default none)", assignOrigins},
		{"LATCHKEY_HSTS_MAX_AGE", "hsts-max-age", "8760h", "how long browsers are to use https alone once they did, as a `DURATION`; 0 does not say so (default a year: the least that browsers' preload lists take)", assignHSTS},
		{"LATCHKEY_AUTO_MIGRATE", "auto-migrate", "true", "migrate the database first (`true` or false)", assignAutoMigrate},
		{"LATCHKEY_SUPERUSER_EMAIL", "", "", "", func(c *Config, v string) error { c.SuperuserEmail = v; return nil }},
		{"LATCHKEY_SUPERUSER_PASSWORD", "", "", "", func(c *Config, v string) error { c.SuperuserPassword = v; return nil }},
	}
	return append(all, guessingSettings()...)
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

func assignFrontendSecret(c *Config, value string) error {
	c.FrontendSecret = []byte(value)
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

// assignTokenAlg takes the two names of RFC 7518 and RFC 8037.
func assignTokenAlg(c *Config, value string) error {
	c.TokenAlg = value
	if value != "HS256" && value != "EdDSA" {
		return errors.New("want HS256 or EdDSA")
	}
	return nil
}

// bearerToken is the b64token of RFC 6750, section 2.1.
var bearerToken = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// assignIntrospectionSecret takes several, so that one can be replaced by another.
func assignIntrospectionSecret(c *Config, value string) error {
	for each := range strings.SplitSeq(value, ",") {
		if err := CheckSecret(each); err != nil {
			return err
		}
		if !bearerToken.MatchString(each) {
			return errors.New("must be of letters, digits and -._~+/ alone, as a bearer token is; make one with: openssl rand -base64 48")
		}
		c.IntrospectionSecrets = append(c.IntrospectionSecrets, []byte(each))
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

// sizes are the units of a size, in bytes, as Next.js counts them.
var sizes = map[string]int64{"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "": 1}

func assignSize(field func(*Config) *int64) func(*Config, string) error {
	return func(c *Config, value string) error {
		digits := strings.TrimRight(value, "KMGB")
		n, err := strconv.ParseInt(digits, 10, 32)
		unit, known := sizes[value[len(digits):]]
		if err != nil || !known || n < 1 {
			return errors.New("want a size, like 4MB or 512KB")
		}
		*field(c) = n * unit
		return nil
	}
}

// maxConnections is more than any machine has handles for.
const maxConnections = 1_000_000

// leastPasswordLength is the least that NIST SP 800-63B-4 (section 3.1.1.2) lets anybody ask
// for, in characters.
const leastPasswordLength = 8

// maxMinPasswordLength is more than anybody should have to type: NIST SP 800-63B-4 (section
// 3.1.1.2) wants 64 characters to be enough for a passphrase.
const maxMinPasswordLength = 64

func assignMinPasswordLength(c *Config, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < leastPasswordLength || n > maxMinPasswordLength {
		return fmt.Errorf("want a number of characters from %d to %d", leastPasswordLength, maxMinPasswordLength)
	}
	c.MinPasswordLength = n
	return nil
}

func assignBreachedPasswords(c *Config, value string) error {
	u, err := parseHTTP(value)
	c.BreachedPasswords = u
	return err
}

func assignProxies(c *Config, value string) error {
	if value == "none" {
		c.trustsNobody = true
		return nil
	}
	for each := range strings.SplitSeq(value, ",") {
		prefix, err := parsePrefix(strings.TrimSpace(each))
		if err != nil {
			return errors.New("want addresses or CIDRs separated by commas, like 10.0.0.0/8,::1, or none")
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
		c.publicURLGiven = true
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
