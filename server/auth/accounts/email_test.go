package accounts_test

import (
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth/accounts"
)

func TestCheckEmail(t *testing.T) {
	t.Parallel()
	const (
		required = "This is required."
		long     = "An e-mail address has at most 254 characters."
		spaces   = "An e-mail address has no spaces or control characters."
		none     = "Enter a valid e-mail address."
	)
	for email, want := range map[string]string{
		"alice@example.com":                       "",
		"a@b":                                     "",
		"alice@localhost":                         "",
		"alice+tag@mail.example.co.uk":            "",
		"o'hara@example.com":                      "",
		"müller@bücher.example":                   "",
		"иван@пример.рф":                          "",
		"🗝@example.com":                           "",
		strings.Repeat("ü", 242) + "@example.com": "", // 254 characters, not bytes
		strings.Repeat("a", 243) + "@example.com": long,
		"":                          required,
		"alice":                     none,
		"alice@":                    none,
		"@example.com":              none,
		"@":                         none,
		"a@b@example.com":           none,
		"alice@example..com":        none,
		"alice@.example.com":        none,
		"alice@example.com.":        none,
		"alice@-example.com":        none,
		"alice@example-.com":        none,
		"alice@[192.0.2.1]":         none,
		"Alice <alice@example.com>": spaces,
		"<alice@example.com>":       none,
		"a@example.com,b":           none,
		"alice@exa;mple.com":        none,
		" alice@example.com":        spaces,
		"alice@example.com\n":       spaces,
		"alice@example.com\r\nBcc: bob@example.com": spaces,
		"al\x00ice@example.com":                     spaces,
		"al\x7fice@example.com":                     spaces,
		"al\u00a0ice@example.com":                   spaces,
		"al\u2028ice@example.com":                   spaces,
		"al\u3000ice@example.com":                   spaces,
		"al\u0085ice@example.com":                   spaces,
		"al\xffice@example.com":                     spaces,
	} {
		if got := accounts.CheckEmail(email); got != want {
			t.Errorf("%q: %q, want %q", email, got, want)
		}
	}
}
