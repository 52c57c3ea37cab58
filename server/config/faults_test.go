package config_test

import (
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/password"
)

func TestEachSettingIsChecked(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ good, bad []string }{
		"LATCHKEY_ADDR": {
			[]string{"127.0.0.1:0", ":8080", "localhost:65535", "[::1]:80"},
			[]string{"127.0.0.1", "8080", ":http", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:", "::1:80", "http://127.0.0.1:80"},
		},
		"LATCHKEY_DATABASE_URL": {
			[]string{"sqlite://x.db", "sqlite:///var/x.db", "postgres://h/d", "postgresql://h/d"},
			[]string{"mysql://h/d", "x.db", "sqlite:x.db", "postgres:/h", "file:///x.db", "SQLITE://x.db", "host=h dbname=d"},
		},
		"LATCHKEY_ACCESS_TOKEN_LIFETIME": {
			[]string{"1s", "90m", "720h", "1h30m"},
			[]string{"0", "0s", "-1h", "1", "24", "1d", "999ms", "soon", " 1h"},
		},
		"LATCHKEY_ACCESS_TOKEN_RENEW_BEFORE": {
			[]string{"1s", "24h"},
			[]string{"24h1s", "0s", "-1s", "half"},
		},
		"LATCHKEY_SESSION_LIFETIME": {
			[]string{"24h", "8760h"},
			[]string{"23h59m59s", "0s", "for ever"},
		},
		"LATCHKEY_TOKEN_ALG": {
			[]string{"HS256", "EdDSA"},
			[]string{"hs256", "eddsa", "RS256", "none", "Ed25519"},
		},
		"LATCHKEY_INTROSPECTION_SECRET": {
			[]string{goodSecret, goodSecret + "1," + goodSecret + "2", goodSecret + "=="},
			[]string{"short", goodSecret + ",", goodSecret + " ", goodSecret + "=x", goodSecret + "ü", strings.Repeat("a", 64)},
		},
		"LATCHKEY_PASSWORD_HASHER": {
			[]string{"argon2id", "pbkdf2_sha256"},
			[]string{"argon2", "Argon2id", "pbkdf2_sha1", "md5", "bcrypt", string(password.CheapForTests)},
		},
		"LATCHKEY_FRONTEND_MAX_BODY": {
			[]string{"1", "512KB", "4MB", "1GB"},
			[]string{"0", "-1", "4mb", "4 MB", "4M", "MB", "4BM", "4.5MB", "99999999999GB"},
		},
		"LATCHKEY_FRONTEND_TIMEOUT":           {[]string{"1s", "5m"}, []string{"0s", "60"}},
		"LATCHKEY_FRONTEND_IDLE_TIMEOUT":      {[]string{"1s", "24h"}, []string{"0s", "never"}},
		"LATCHKEY_MAX_CONNECTIONS":            {[]string{"0", "1", "100000"}, []string{"-1", "many", "1.5"}},
		"LATCHKEY_MAX_CONNECTIONS_PER_CLIENT": {[]string{"1", "100000"}, []string{"0", "-1", "many"}},
		"LATCHKEY_PASSWORD_MIN_LENGTH": {
			[]string{"8", "15", "64"},
			[]string{"7", "0", "-8", "65", "eight", "8.5", " 8"},
		},
		"LATCHKEY_BREACHED_PASSWORDS_URL": {
			[]string{"https://api.pwnedpasswords.com/range/", "http://127.0.0.1:8081"},
			[]string{"api.pwnedpasswords.com", "ftp://x", "https://u:p@x", "https://x?a=b"},
		},
		"LATCHKEY_TRUSTED_PROXIES": {
			[]string{"none", "10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "10.0.0.1 , ::1"},
			[]string{"10.0.0.0/33", "proxy", "10.0.0.1,", "10.0.0.1:80", "10.0.0.1,none", "*", "10.0.0.1 ::1"},
		},
		"LATCHKEY_FRONTEND_URL": {
			[]string{"http://127.0.0.1:3000", "https://next.internal"},
			[]string{"127.0.0.1:3000", "localhost:3000", "ftp://x", "http://", "http://user:pw@x", "http://x?a=b", "http://x#a", "//x"},
		},
		"LATCHKEY_PUBLIC_URL": {
			[]string{"https://example.com", "https://example.com/"},
			[]string{"example.com", "javascript:alert(1)", "https://example.com?x", "https://u@example.com"},
		},
		"LATCHKEY_GUESSES_PER_CLIENT":   {[]string{"1", "100"}, []string{"0", "101", "-1", "five", "5.0", " 5"}},
		"LATCHKEY_GUESSES_PER_ACCOUNT":  {[]string{"1", "100"}, []string{"0", "101"}},
		"LATCHKEY_GUESSES_PER_NETWORK":  {[]string{"0", "1000000"}, []string{"-1", "1000001"}},
		"LATCHKEY_GUESSES_UNTIL_LOCKED": {[]string{"1", "100"}, []string{"0", "101", "1000"}}, // NIST's bound
		"LATCHKEY_GUESS_WAIT":           {[]string{"1s", "15m"}, []string{"0s", "999ms", "13h", "a minute"}},
		"LATCHKEY_GUESS_MAX_WAIT":       {[]string{"1m", "12h"}, []string{"59s", "12h1s"}},
		"LATCHKEY_GUESS_ACCOUNT_MAX_WAIT": {
			[]string{"1m", "12h"}, []string{"59s", "12h1s"},
		},
		"LATCHKEY_DEVICE_LIFETIME":  {[]string{"1s", "8760h"}, []string{"0", "180d"}},
		"LATCHKEY_NETWORK_LIFETIME": {[]string{"1s", "8760h"}, []string{"0", "30d"}},
		"LATCHKEY_GUESS_COUNTERS":   {[]string{"1000", "1000000000"}, []string{"999", "0", "many"}},
		"LATCHKEY_CORS_ORIGINS": {
			[]string{"https://app.example.com", "http://localhost:3000", "https://a.example, https://b.example:8443", "http://[::1]:3000", "https://xn--bcher-kva.example"},
			[]string{"*", "null", "https://*.example.com", "app.example.com", "https://app.example.com/", "https://app.example.com/x", "https://App.example.com", "https://app.example.com:443", "http://localhost:80", "https://bücher.example", "https://a.example,", "https://a.example https://b.example", "ftp://a.example", "https://u:p@a.example", "https://a.example?x", "https://a.example:"},
		},
		"LATCHKEY_HSTS_MAX_AGE": {
			[]string{"0", "8760h", "5m"},
			[]string{"-1h", "31536000", "1y", "1500ms", "off"},
		},
		"LATCHKEY_AUTO_MIGRATE": {
			[]string{"true", "false", "1", "0"},
			[]string{"yes", "on", "2"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, value := range test.good {
				if _, err := load(t, nil, map[string]string{name: value}); err != nil {
					t.Errorf("%q: %v", value, err)
				}
			}
			for _, value := range test.bad {
				_, err := load(t, nil, map[string]string{name: value})
				if err == nil {
					t.Errorf("%q is accepted", value)
				} else if !strings.HasPrefix(err.Error(), name+": ") || strings.Contains(err.Error(), "\n") {
					t.Errorf("%q: %v, want one line that begins with the variable", value, err)
				}
			}
		})
	}
}

func TestAllFaultsAreReportedTogether(t *testing.T) {
	t.Parallel()
	_, err := load(t, []string{"--addr", "nowhere", "--session-lifetime", "soon"}, map[string]string{
		"LATCHKEY_DATABASE_URL":    "mysql://x",
		"LATCHKEY_SECRET_KEY":      "short",
		"LATCHKEY_PASSWORD_HASHER": "md5",
		"LATCHKEY_TRUSTED_PROXIES": "everybody",
	})
	if err == nil {
		t.Fatal("nothing is wrong with it")
	}
	var names []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	want := "--addr LATCHKEY_DATABASE_URL LATCHKEY_SECRET_KEY --session-lifetime LATCHKEY_PASSWORD_HASHER LATCHKEY_TRUSTED_PROXIES"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("finds fault with %s\nwant %s\n%v", got, want, err)
	}
}

func TestSecretsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		secret string
		good   bool
	}{
		"a random one":                          {goodSecret, true},
		"one of hex digits":                     {"8f14e45fceea167a5a36dedd4bea2543", true},
		"one of 31 bytes":                       {goodSecret[:31], false},
		"one of 31 bytes and two in a letter":   {goodSecret[:30] + "ü", true},
		"one letter many times":                 {strings.Repeat("a", 64), false},
		"a few letters many times":              {strings.Repeat("abc1234", 10), false},
		"the tutorial's":                        {"django-insecure-4$s#k2n!x7@q9w0e&r5t^y8u*i3o(p1a)", false},
		"one that startproject made":            {"Django-Insecure-abcdefghijklmnopqrstuvwxyz0123456789", false},
		"one from a compose file":               {"changeme-changeme-changeme-0123456789", false},
		"one from an example":                   {"CHANGE_ME_to_something_long_0123456789", false},
		"one from a README":                     {"your-secret-key-goes-here-0123456789abc", false},
		"one that says that it is an example":   {"this-is-just-an-EXAMPLE-0123456789abcdef", false},
		"one with a NUL, as it is given":        {goodSecret + "\x00", true},
		"one with spaces around it, as it is":   {" " + goodSecret + " ", true},
		"one that is 32 spaces":                 {strings.Repeat(" ", 32), false},
		"a sentence":                            {"four score and seven years ago our fathers", false},
		"the numbers in their order, and again": {"12345671234567123456712345671234567", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, variable := range []string{"LATCHKEY_SECRET_KEY", "LATCHKEY_SECRET_KEY_FALLBACKS"} {
				c, err := load(t, nil, map[string]string{variable: test.secret})
				if (err == nil) != test.good {
					t.Errorf("%s: %v, want good: %v", variable, err, test.good)
				}
				if err != nil && strings.Contains(err.Error(), test.secret) {
					t.Errorf("%s: the error repeats the secret: %v", variable, err)
				}
				if err == nil && variable == "LATCHKEY_SECRET_KEY" && string(c.SecretKey) != test.secret {
					t.Errorf("the secret became %q", c.SecretKey)
				}
			}
		})
	}
}

func TestOneBadFallbackAmongGoodOnesIsRefused(t *testing.T) {
	t.Parallel()
	for _, fallbacks := range []string{goodSecret + ",short", goodSecret + ",", "," + goodSecret, goodSecret + ",," + goodSecret} {
		if _, err := load(t, nil, map[string]string{"LATCHKEY_SECRET_KEY_FALLBACKS": fallbacks}); err == nil {
			t.Errorf("%q is accepted", fallbacks)
		}
	}
}

// Everybody on a machine can read its command lines.
func TestAPasswordOnTheCommandLineIsRefused(t *testing.T) {
	t.Parallel()
	const password = "hunter2hunter2"
	for url, refused := range map[string]bool{
		"postgres://app:" + password + "@db/app":                       true,
		"postgres://app:@db/app":                                       true,
		"postgresql://app:" + password + "@db1:5432,db2:5433/app":      true,
		"postgres://app:" + password + "@[::1]:5432/app":               true,
		"postgres://db/app?user=app&password=" + password:              true,
		"postgres://app@db/app?sslmode=disable&password=" + password:   true,
		"postgres://app:" + password + "%zz@db/app":                    true,
		"postgres://app:" + password + "^@db/app":                      true,
		"postgres://app:" + password + " @db/app":                      true,
		"postgres://app:" + password + "#@db/app":                      true,
		"postgres://app:" + password + "/x@db/app":                     true,
		"postgres://db/app?user=app&pass%77ord=" + password:            true,
		"postgres://app@db/app?sslpassword=" + password + "&sslkey=/k": true,
		"postgres://app@db/app":                                        false,
		"postgres://db/app?sslmode=require":                            false,
		"sqlite:///var/lib/latchkey.db":                                false,
	} {
		_, err := load(t, []string{"--database-url", url}, nil)
		if (err != nil) != refused {
			t.Errorf("%s: %v, want refused: %v", url, err, refused)
		}
		if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("the error repeats the password: %v", err)
		}
		if _, err := load(t, nil, map[string]string{"LATCHKEY_DATABASE_URL": url}); err != nil {
			t.Errorf("%s in the environment: %v", url, err)
		}
	}
}
