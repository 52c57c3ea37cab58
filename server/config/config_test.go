package config_test

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/latchkey-auth/latchkey/server/config"
	"github.com/latchkey-auth/latchkey/server/password"
)

const goodSecret = "kT9v2LqXw7ZpR4nB8sYdF1hJ6mC3gA0e"

// load loads from flags and variables as a command would.
func load(t testing.TB, args []string, env map[string]string) (*config.Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return config.Load(flags, func(name string) (string, bool) {
		value, set := env[name]
		return value, set
	})
}

func mustLoad(t testing.TB, args []string, env map[string]string) *config.Config {
	t.Helper()
	c, err := load(t, args, env)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWithNothingSet(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, nil, nil)
	for what, pair := range map[string][2]any{
		"addr":                 {c.Addr, "127.0.0.1:8080"},
		"database":             {c.DatabaseURL, "sqlite://" + filepath.Join("data", "latchkey.db")},
		"database path":        {c.SQLitePath(), filepath.Join("data", "latchkey.db")},
		"data dir":             {c.DataDir, "./data"},
		"secret":               {string(c.SecretKey), ""},
		"fallbacks":            {len(c.SecretKeyFallbacks), 0},
		"lifetime":             {c.AccessTokenLifetime, 24 * time.Hour},
		"renew before":         {c.RenewBefore, 12 * time.Hour},
		"session lifetime":     {c.SessionLifetime, 720 * time.Hour},
		"hasher":               {c.PasswordHasher, password.Argon2id},
		"proxies":              {proxiesOf(c), "127.0.0.1/32 ::1/128"},
		"largest body":         {c.FrontendMaxBody, int64(4 << 20)},
		"answer begins within": {c.FrontendTimeout, time.Minute},
		"silence":              {c.FrontendIdleTimeout, 10 * time.Minute},
		"connections":          {c.MaxConnections, 0},
		"of one client":        {c.MaxConnectionsPerClient, 256},
		"own public URL":       {c.OwnPublicURL() == nil, true},
		"password length":      {c.MinPasswordLength, 8},
		"breached passwords":   {c.BreachedPasswords == nil, true},
		"frontend":             {c.FrontendURL == nil, true},
		"public URL":           {c.PublicURL, "http://localhost:8080"},
		"auto migrate":         {c.AutoMigrate, true},
		"superuser email":      {c.SuperuserEmail, ""},
		"superuser password":   {c.SuperuserPassword, ""},
		"makes its own secret": {c.MayMakeSecret(), true},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
		}
	}
}

func TestAFlagIsStrongerThanAVariableAndThatThanTheDefault(t *testing.T) {
	t.Parallel()
	env := map[string]string{"LATCHKEY_ADDR": "127.0.0.1:2", "LATCHKEY_AUTO_MIGRATE": "false", "LATCHKEY_DATA_DIR": "/env"}
	for name, test := range map[string]struct {
		args []string
		env  map[string]string
		want string
	}{
		"the default":                      {nil, nil, "127.0.0.1:8080"},
		"a variable":                       {nil, env, "127.0.0.1:2"},
		"a flag":                           {[]string{"--addr", "127.0.0.1:3"}, env, "127.0.0.1:3"},
		"a flag that says the default":     {[]string{"--addr=127.0.0.1:8080"}, env, "127.0.0.1:8080"},
		"an empty variable, as if not set": {nil, map[string]string{"LATCHKEY_ADDR": ""}, "127.0.0.1:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := mustLoad(t, test.args, test.env).Addr; got != test.want {
				t.Errorf("listens on %s, want %s", got, test.want)
			}
		})
	}
	if c := mustLoad(t, []string{"--auto-migrate=true"}, env); !c.AutoMigrate || c.SQLitePath() != "/env/latchkey.db" {
		t.Errorf("%+v", c)
	}
}

func TestEverySettingIsRead(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, nil, map[string]string{
		"LATCHKEY_ADDR":                       "[::]:9000",
		"LATCHKEY_DATABASE_URL":               "postgres://app:pw@db1,db2:5433/app?sslmode=require",
		"LATCHKEY_DATA_DIR":                   "/var/lib/latchkey",
		"LATCHKEY_SECRET_KEY":                 goodSecret,
		"LATCHKEY_SECRET_KEY_FALLBACKS":       goodSecret + "1," + goodSecret + "2",
		"LATCHKEY_ACCESS_TOKEN_LIFETIME":      "90m",
		"LATCHKEY_ACCESS_TOKEN_RENEW_BEFORE":  "10m",
		"LATCHKEY_SESSION_LIFETIME":           "48h",
		"LATCHKEY_PASSWORD_HASHER":            "pbkdf2_sha256",
		"LATCHKEY_TRUSTED_PROXIES":            "10.1.2.3/8, ::ffff:192.0.2.1,2001:db8::/32",
		"LATCHKEY_FRONTEND_URL":               "http://127.0.0.1:3000",
		"LATCHKEY_PUBLIC_URL":                 "https://example.com/app/",
		"LATCHKEY_AUTO_MIGRATE":               "false",
		"LATCHKEY_FRONTEND_MAX_BODY":          "512KB",
		"LATCHKEY_FRONTEND_TIMEOUT":           "90s",
		"LATCHKEY_FRONTEND_IDLE_TIMEOUT":      "1h",
		"LATCHKEY_MAX_CONNECTIONS":            "2000",
		"LATCHKEY_MAX_CONNECTIONS_PER_CLIENT": "50",
		"LATCHKEY_SUPERUSER_EMAIL":            "admin@example.com",
		"LATCHKEY_SUPERUSER_PASSWORD":         " exactly as given ",
		"LATCHKEY_TOKEN_ALG":                  "EdDSA",
		"LATCHKEY_INTROSPECTION_SECRET":       goodSecret + "3," + goodSecret + "4",
	})
	for what, pair := range map[string][2]any{
		"addr":             {c.Addr, "[::]:9000"},
		"database":         {c.DatabaseURL, "postgres://app:pw@db1,db2:5433/app?sslmode=require"},
		"SQLite path":      {c.SQLitePath(), ""},
		"data dir":         {c.DataDir, "/var/lib/latchkey"},
		"secret":           {string(c.SecretKey), goodSecret},
		"fallbacks":        {string(c.SecretKeyFallbacks[0]) + " " + string(c.SecretKeyFallbacks[1]), goodSecret + "1 " + goodSecret + "2"},
		"lifetime":         {c.AccessTokenLifetime, 90 * time.Minute},
		"renew before":     {c.RenewBefore, 10 * time.Minute},
		"session lifetime": {c.SessionLifetime, 48 * time.Hour},
		"token alg":        {c.TokenAlg, "EdDSA"},
		"introspection":    {string(c.IntrospectionSecrets[0]) + " " + string(c.IntrospectionSecrets[1]), goodSecret + "3 " + goodSecret + "4"},
		"hasher":           {c.PasswordHasher, password.PBKDF2SHA256},
		"proxies":          {proxiesOf(c), "10.0.0.0/8 192.0.2.1/32 2001:db8::/32 127.0.0.1/32 ::1/128"},
		"frontend":         {c.FrontendURL.String(), "http://127.0.0.1:3000"},
		"public URL":       {c.PublicURL, "https://example.com/app"},
		"auto migrate":     {c.AutoMigrate, false},
		"body":             {c.FrontendMaxBody, int64(512 << 10)},
		"timeout":          {c.FrontendTimeout, 90 * time.Second},
		"idle timeout":     {c.FrontendIdleTimeout, time.Hour},
		"connections":      {c.MaxConnections, 2000},
		"of one client":    {c.MaxConnectionsPerClient, 50},
		"own public URL":   {c.OwnPublicURL().Host, "example.com"},
		"email":            {c.SuperuserEmail, "admin@example.com"},
		"password":         {c.SuperuserPassword, " exactly as given "},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
		}
	}
	if !c.TrustedProxies[1].Contains(netip.MustParseAddr("192.0.2.1")) {
		t.Error("a proxy written as IPv4 in IPv6 is not trusted as IPv4")
	}
}

func proxiesOf(c *config.Config) string {
	var proxies []string
	for _, prefix := range c.TrustedProxies {
		proxies = append(proxies, prefix.String())
	}
	return strings.Join(proxies, " ")
}

// Naming a load balancer adds to what is trusted on this machine, where a TLS proxy or
// the app may be; one word turns all of it off.
func TestThisMachineIsTrustedUnlessNobodyIs(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "127.0.0.1/32 ::1/128", "10.0.0.1": "10.0.0.1/32 127.0.0.1/32 ::1/128", "none": "",
	} {
		if got := proxiesOf(mustLoad(t, nil, map[string]string{"LATCHKEY_TRUSTED_PROXIES": value})); got != want {
			t.Errorf("%q trusts %s, want %s", value, got, want)
		}
	}
}

// Only an address that others can open says by which name browsers reach the server.
func TestOwnPublicURL(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "", "http://localhost:8080": "", "http://127.0.0.1": "", "http://[::1]:8080": "",
		"https://app.example.com/": "app.example.com", "http://192.168.1.5:8080": "192.168.1.5:8080",
	} {
		got := ""
		if u := mustLoad(t, nil, map[string]string{"LATCHKEY_PUBLIC_URL": value}).OwnPublicURL(); u != nil {
			got = u.Host
		}
		if got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}

func TestSettingsThatDependOnOthers(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, []string{"--access-token-lifetime", "3h", "--addr", "127.0.0.1:9999", "--data-dir", "/x"}, nil)
	if c.RenewBefore != 90*time.Minute || c.PublicURL != "http://localhost:9999" || c.SQLitePath() != "/x/latchkey.db" {
		t.Errorf("%+v", c)
	}
}

// A secret may be made up only on one person's own machine: SQLite, on loopback.
func TestMayMakeSecret(t *testing.T) {
	t.Parallel()
	const sqlite, postgres = "sqlite:///tmp/x.db", "postgres://db/app"
	for name, test := range map[string]struct {
		database, addr string
		want           bool
	}{
		"SQLite on 127.0.0.1":                {sqlite, "127.0.0.1:8080", true},
		"SQLite on another of 127/8":         {sqlite, "127.9.9.9:8080", true},
		"SQLite on IPv6's loopback":          {sqlite, "[::1]:8080", true},
		"SQLite on IPv4's loopback in IPv6":  {sqlite, "[::ffff:127.0.0.1]:8080", true},
		"SQLite on localhost":                {sqlite, "localhost:8080", true},
		"SQLite on every address":            {sqlite, "0.0.0.0:8080", false},
		"SQLite on every address, in short":  {sqlite, ":8080", false},
		"SQLite on every address of IPv6":    {sqlite, "[::]:8080", false},
		"SQLite on the network":              {sqlite, "192.168.1.2:8080", false},
		"SQLite on a name that is not ours":  {sqlite, "localhost.example.com:8080", false},
		"PostgreSQL on loopback":             {postgres, "127.0.0.1:8080", false},
		"PostgreSQL on every address":        {postgres, "0.0.0.0:8080", false},
		"a database that begins like SQLite": {"postgres://sqlite/app", "127.0.0.1:8080", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"LATCHKEY_DATABASE_URL": test.database, "LATCHKEY_ADDR": test.addr}
			c := mustLoad(t, nil, env)
			if got := c.MayMakeSecret(); got != test.want {
				t.Errorf("may make one: %v, want %v", got, test.want)
			}
			if err := c.RequireSecret(); (err == nil) != test.want {
				t.Errorf("requires one: %v", err)
			} else if err != nil && !strings.Contains(err.Error(), "LATCHKEY_SECRET_KEY") {
				t.Errorf("does not say which variable: %v", err)
			}
			env["LATCHKEY_SECRET_KEY"] = goodSecret
			if err := mustLoad(t, nil, env).RequireSecret(); err != nil {
				t.Errorf("with one: %v", err)
			}
		})
	}
}

func TestEverySettingButTheSecretsHasAFlagThatNamesItsVariable(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.AddFlags(flags)
	flags.VisitAll(func(f *pflag.Flag) {
		want := "[LATCHKEY_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")) + "]"
		if !strings.HasSuffix(f.Usage, want) {
			t.Errorf("--%s says %q, want %s at its end", f.Name, f.Usage, want)
		}
		for _, secret := range []string{"secret-key", "superuser"} {
			if strings.HasPrefix(f.Name, secret) {
				t.Errorf("--%s can be read by everybody on the machine", f.Name)
			}
		}
	})
	for _, name := range []string{"addr", "database-url", "data-dir", "access-token-lifetime", "access-token-renew-before", "session-lifetime", "password-hasher", "trusted-proxies", "frontend-url", "frontend-max-body", "frontend-timeout", "frontend-idle-timeout", "max-connections", "max-connections-per-client", "public-url", "auto-migrate"} {
		if flags.Lookup(name) == nil {
			t.Errorf("there is no --%s", name)
		}
	}
}
