package accounts

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// checkEmail returns what is wrong with an address that a new account is to have,
// or "". It asks for what every deliverable address has; only a message that
// arrives proves more.
func checkEmail(email string) string {
	local, domain, found := cutLast(email, "@")
	switch {
	case email == "":
		return "This is required."
	case utf8.RuneCountInString(email) > auth.MaxEmailLength:
		return "An e-mail address has at most 254 characters."
	case !utf8.ValidString(email), strings.ContainsFunc(email, isSpaceOrControl):
		return "An e-mail address has no spaces or control characters."
	case !found, local == "", strings.Contains(local, "@"), !isDomain(domain):
		return "Enter a valid e-mail address."
	}
	return ""
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func isSpaceOrControl(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError
}

// isDomain accepts a host name of one or more labels: Django accepts localhost,
// and company networks have names without a dot.
func isDomain(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") || strings.ContainsAny(label, `"(),:;<>[\]`) {
			return false
		}
	}
	return true
}
