package auth

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of Django's columns, in characters.
const (
	MaxEmailLength = 254
	MaxNameLength  = 150
)

// User is an account, as Django's users_user holds it. Password is encoded in
// Django's form and never leaves the server.
type User struct {
	ID          int64
	Email       string
	Password    string
	FirstName   string
	LastName    string
	IsStaff     bool
	IsActive    bool
	IsSuperuser bool
	LastLogin   *time.Time
	DateJoined  time.Time
}

// FullName joins first and last name; it is empty when neither is known.
func (u *User) FullName() string {
	return strings.TrimSpace(u.FirstName + " " + u.LastName)
}

// EmailKey returns the form under which two e-mail addresses count as the same:
// lower case, in Unicode's composed form. It is done here and not in SQL, since
// SQLite's lower() knows ASCII only and PostgreSQL's depends on the locale.
//
// Some characters outside ASCII (the Kelvin sign, the dotted İ) would become an
// ASCII letter, and their address another person's. An address that has one is
// the same as itself alone; so is one that is longer than any can be: a quarter of a
// megabyte of accents, sent to a login, would take half a second of a core to compose.
func EmailKey(email string) string {
	if IsASCII(email) {
		return strings.ToLower(email)
	}
	if utf8.RuneCountInString(email) > MaxEmailLength {
		return email
	}
	for _, r := range email + norm.NFC.String(email) {
		if r > unicode.MaxASCII && IsASCII(foldEmail(string(r))) {
			return email
		}
	}
	return foldEmail(email)
}

func foldEmail(email string) string { return strings.ToLower(norm.NFC.String(email)) }

// IsASCII reports whether all characters are.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] > unicode.MaxASCII {
			return false
		}
	}
	return true
}

// checkEmail returns what is wrong with an address that a new account is to have,
// or "". It asks for what every deliverable address has; only a message that
// arrives proves more.
func checkEmail(email string) string {
	local, domain, found := cutLast(email, "@")
	switch {
	case email == "":
		return "This is required."
	case utf8.RuneCountInString(email) > MaxEmailLength:
		return "An e-mail address has at most 254 characters."
	case !utf8.ValidString(email), strings.ContainsFunc(email, isSpaceOrControl):
		return "An e-mail address has no spaces or control characters."
	case !found, local == "", strings.Contains(local, "@"), !isDomain(domain):
		return "This is not an e-mail address."
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
