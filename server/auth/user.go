package auth

import (
	"errors"
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
	// Locked reports that too many failed attempts have locked a way to sign in, until
	// somebody unlocks it. Only lists and accounts are read with it.
	Locked bool
}

// FullName joins first and last name; it is empty when neither is known.
func (u *User) FullName() string {
	return strings.TrimSpace(u.FirstName + " " + u.LastName)
}

// Account is a user and what belongs to them.
type Account struct {
	User
	Groups      []int64 // in order
	Permissions []int64 // those that are their own, in order
}

// CheckChannel returns why the user is kept off a channel, or nil: nobody who is
// inactive gets in, and nobody but staff to the admin site.
func (u User) CheckChannel(channel Channel) error {
	switch {
	case !u.IsActive:
		return errors.New("inactive user")
	case channel == ChannelAdmin && !u.IsStaff:
		return errors.New("not a member of staff")
	}
	return nil
}

// PasswordCheck is the outcome of checking a password. Took is the time of the hashing
// alone, without the wait for a place in the pool.
type PasswordCheck struct {
	Match bool
	Took  time.Duration
}

// PasswordJudge knows which encoded passwords a password can match.
type PasswordJudge interface {
	// IsUsable reports whether some password matches encoded: not what Django marks by an
	// exclamation mark, nor what no algorithm of ours has made.
	IsUsable(encoded string) bool
}

// CanSignIn reports whether the user is let in on a channel and has a way to prove that
// it is them: a password, today. Whoever must be able to get in is judged by this alone.
func (u User) CanSignIn(channel Channel, passwords PasswordJudge) bool {
	return u.CheckChannel(channel) == nil && passwords.IsUsable(u.Password)
}

// TrimEmail returns an address without what surrounds it: white space, which keyboards of
// phones add, and characters that cannot be seen (Unicode's category Cf: a byte order mark,
// zero-width and direction marks), which come with pasting. Every door that takes an
// address trims it by this, before it is looked up, counted or stored; no door trims a
// password.
func TrimEmail(email string) string {
	return strings.TrimFunc(email, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
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

// IsPossibleEmail reports whether a text could be anybody's address at all. A store is
// not asked for any other: PostgreSQL would answer an error to a NUL.
func IsPossibleEmail(email string) bool {
	return !strings.ContainsRune(email, 0) && utf8.ValidString(email) && utf8.RuneCountInString(email) <= MaxEmailLength
}
