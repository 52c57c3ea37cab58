package config_test

import (
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/config"
)

// Known, published and made-up secrets of the kinds that lists of leaked ones are made of.
var guessable = []string{
	// sentences and placeholders
	"please-change-this-secret-key-in-production",
	"please_change_this_secret_key_in_production_1234",
	"PleaseChangeThisSecretKeyInProduction",
	"replace this with a long random string of your own",
	"CHANGE_THIS_TO_SOMETHING_RANDOM_PLEASE",
	"<random_string_at_least_32_characters_long>",
	"a-string-secret-at-least-256-bits-long",
	"bitte-in-der-produktion-unbedingt-aendern", //nolint:misspell // German
	"changez-cette-clef-avant-la-mise-en-ligne",
	"reallyreallyreallyreallyverysafe",
	"mysupersecretjwtkeythatnobodyknows2024",
	"this is my super secret key for jwt authentication",
	"test123-test123-test123-test123-test123-test123-test123",
	"four score and seven years ago our fathers",
	"the-quick-brown-fox-jumps-over-the-lazy-dog",
	"correcthorsebatterystaplecorrecthorsebatterystaple",
	"38af0483c50d39ebd0b58ea81a3fc366c1995c4da5bsuperrandomkey",
	"***your-256-bit-secret***-for-development",
	// patterns
	"01234567890abcde01234567890abcde01234567890abcde01234567890abcde",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
	"abcdefghijklmnopqrstuvwxyz0123456789",
	"12345678901234567890123456789000",
	"qwertyuiopasdfghjklzxcvbnm123456",
	"320wa6n6nq000000000000000000000000000000000000000000",
	"deadbeefdeadbeefdeadbeefdeadbeef",
	// published
	"09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
	"404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
	"n2r5u8x/A%D*G-KaPdSgVkYp3s6v9y$B&E(H+MbQeThWmZq4t7w!z%C*F-J@NcRf",
	"GQDstcKsx0NHjPOuXOYg5MbeJ1XT0uFiwDVvVBrk",
	"7c32d31dbdd39f2111da0b1dea59e94f3ed715fd8cdf0ca3ecf354ca1a2e3e30",
	"UUbcc8vjUkGjuDyvK1gRTts9sZp2N8k9tbIQaGjZ6SNOyR4d",
	// names
	"0a6b944d-d2fb-46fc-a85e-0295c986cd9f",
	"{0A6B944D-D2FB-46FC-A85E-0295C986CD9F}",
}

// ASVS 9.1.1
func TestGuessableSecretsAreRefused(t *testing.T) {
	t.Parallel()
	for _, secret := range guessable {
		encoded := base64.StdEncoding.EncodeToString([]byte(secret))
		for _, each := range []string{secret, encoded, hex.EncodeToString([]byte(secret))} {
			if each != secret && !strings.ContainsAny(secret, "ghijklmnopqrstuvwxyz") {
				continue // digits of an encoding: that it is encoded twice is not looked for
			}
			err := config.CheckSecret(each)
			if err == nil {
				t.Errorf("%q is accepted", each)
				continue
			}
			if !strings.HasSuffix(err.Error(), "; make one with: openssl rand -base64 48") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: %v, want one line that says how to make one", each, err)
			}
			if told := strings.ToLower(err.Error()); strings.Contains(told, strings.ToLower(each)) {
				t.Errorf("repeats %q: %v", each, err)
			}
		}
	}
}

// The reason is one of a few sentences, so it can repeat nothing of the secret.
func TestTheReasonIsOneOfAFewSentences(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	for _, secret := range append(guessable, "short") {
		if err := config.CheckSecret(secret); err != nil {
			told[err.Error()] = true
		}
	}
	if len(told) > 6 {
		t.Errorf("%d different sentences: %v", len(told), told)
	}
}

// random returns makers of secrets in the usual forms.
func random(source *rand.ChaCha8) map[string]func() string {
	bytesOf := func(n int) []byte { raw := make([]byte, n); _, _ = source.Read(raw); return raw }
	drawn := func(alphabet string, n int) func() string {
		r := rand.New(source) //nolint:gosec // the same ones each time
		return func() string {
			text := make([]byte, n)
			for i := range text {
				text[i] = alphabet[r.IntN(len(alphabet))]
			}
			return string(text)
		}
	}
	const lower, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	return map[string]func() string{
		"openssl rand -base64 32":     func() string { return base64.StdEncoding.EncodeToString(bytesOf(32)) },
		"openssl rand -base64 48":     func() string { return base64.StdEncoding.EncodeToString(bytesOf(48)) },
		"base64 for URLs, 32 bytes":   func() string { return base64.RawURLEncoding.EncodeToString(bytesOf(32)) },
		"openssl rand -hex 32":        func() string { return hex.EncodeToString(bytesOf(32)) },
		"openssl rand -hex 64":        func() string { return hex.EncodeToString(bytesOf(64)) },
		"32 bytes as they are":        func() string { return string(bytesOf(32)) },
		"Django's":                    drawn(lower+digits+"!@#$%^&*(-_=+)", 50),
		"letters and digits, 32":      drawn(lower+strings.ToUpper(lower)+digits, 32),
		"Go's rand.Text, twice":       drawn(strings.ToUpper(lower)+"234567", 52),
		"two UUIDs, without the dash": func() string { return hex.EncodeToString(bytesOf(16)) + hex.EncodeToString(bytesOf(16)) },
	}
}

// What `openssl rand` and its like make is never refused: 10,000 of each form were tried
// once, and of each as many as take a few seconds are tried each time.
//
// ASVS 9.1.1
func TestRandomSecretsAreNeverRefused(t *testing.T) {
	t.Parallel()
	count := 500
	if n, err := strconv.Atoi(os.Getenv("LATCHKEY_TEST_SECRETS")); err == nil {
		count = n
	}
	check := config.CheckerForTests()
	for form, next := range random(rand.NewChaCha8([32]byte{1})) {
		refused := 0
		for range count {
			if secret := next(); check(secret) != "" {
				refused++
				t.Logf("%s: %q %s", form, secret, check(secret))
			}
		}
		if refused > 0 {
			t.Errorf("%s: %d of %d are refused", form, refused, count)
		}
	}
}

func BenchmarkCheckSecret(b *testing.B) {
	for b.Loop() {
		_ = config.CheckSecret(goodSecret)
	}
}
