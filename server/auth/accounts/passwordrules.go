package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// MinPasswordLength is the least that a new password may be set to need, in characters:
// NIST SP 800-63B-4 (section 3.1.1.2) lets no verifier ask for less, and Django's
// MinimumLengthValidator asks for as much.
const MinPasswordLength = 8

// PasswordRules are what a new password must be, in figures and in words: what is said
// before somebody chooses one, beside the field, the prompt and in the API.
type PasswordRules struct {
	MinLength int // in characters
	MaxLength int
	Help      string
}

// PasswordRules returns them as they are set.
func (s *Service) PasswordRules() PasswordRules {
	refused := "Common passwords are refused, and so are those that resemble the e-mail address, the name or this site."
	if s.breaches != nil {
		refused = "Common passwords are refused, and so are those that are known from data breaches, or resemble the e-mail address, the name or this site."
	}
	return PasswordRules{
		MinLength: s.cfg.MinPasswordLength,
		MaxLength: auth.MaxPasswordLength,
		Help:      fmt.Sprintf("Use at least %d characters of any kind, spaces included. %s", s.cfg.MinPasswordLength, refused),
	}
}

// checkPasswordChoice is checkNewPassword, where none may be chosen.
func (s *Service) checkPasswordChoice(ctx context.Context, password *string, of auth.User) string {
	if password == nil {
		return ""
	}
	return s.checkNewPassword(ctx, *password, of)
}

// checkNewPassword returns what is wrong with a password that is chosen for a user, or "".
// The rules are NIST's (SP 800-63B-4, section 3.1.1.2): a length, and no password that is
// common, expected in this place, or known from a breach; and no rule about which kinds
// of characters there must be. They are for new passwords only: a login checks whatever
// it is given, as long as its length allows.
func (s *Service) checkNewPassword(ctx context.Context, password string, of auth.User) string {
	switch {
	case password == "":
		return "This is required."
	case auth.PasswordLengthFault(password) != "":
		return auth.PasswordLengthFault(password)
	case !utf8.ValidString(password):
		// No JSON can hold it: whoever had it could never sign in.
		return "This password has bytes that are not UTF-8."
	case lengthOf(password) < s.cfg.MinPasswordLength:
		return fmt.Sprintf("This password is too short. It must have at least %d characters.", s.cfg.MinPasswordLength)
	}
	if fault := s.resemblanceFault(password, of); fault != "" {
		return fault
	}
	switch {
	case s.passwords.IsCommon(password):
		return "This password is too common."
	case s.breaches != nil && s.breaches.IsBreached(ctx, password):
		return "This password is known from a data breach. Choose another one."
	}
	return ""
}

// lengthOf counts the characters that a person sees, as near as code points come: an é
// that was typed as an e and an accent is one. It is for counting alone. What is hashed is
// the password as it was received, since a Django beside us hashes so too.
func lengthOf(password string) int { return utf8.RuneCountInString(norm.NFC.String(password)) }

// resemblanceFault says what of its user or of the site a password resembles, or "".
func (s *Service) resemblanceFault(password string, of auth.User) string {
	local, _, _ := strings.Cut(of.Email, "@")
	switch {
	case resembles(password, of.Email, local):
		return "This password is too similar to the e-mail address."
	case resembles(password, of.FirstName, of.LastName, of.FirstName+of.LastName, of.FullName()):
		return "This password is too similar to the name."
	case resembles(password, s.cfg.SiteNames...):
		return "This password is too similar to the name of this site."
	}
	return ""
}

const (
	// minWord is the length from which a word counts, in characters: shorter ones are in
	// many passwords by chance.
	minWord = 4
	// minBeside is how many characters beside the words make a password no longer one of
	// them. It stays as it is when longer passwords are asked for.
	minBeside = MinPasswordLength
)

// resembles reports whether a password is little more than these words or parts of them,
// or is itself a part of one, in whatever letter case.
func resembles(password string, texts ...string) bool {
	password = folded(password)
	var words []string
	for _, text := range texts {
		text = folded(text)
		if strings.Contains(text, password) {
			return true
		}
		words = append(words, text)
		words = append(words, strings.FieldsFunc(text, isNoLetter)...)
	}
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) }) // or a part would leave the rest of the whole
	rest := password
	for _, word := range words {
		if utf8.RuneCountInString(word) >= minWord {
			rest = strings.ReplaceAll(rest, word, "")
		}
	}
	return rest != password && utf8.RuneCountInString(rest) < minBeside
}

func isNoLetter(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }

// folded returns a text for comparing: in lower case, and with letters in other dress (full
// width, ligatures) as they are read.
func folded(text string) string { return strings.ToLower(norm.NFKC.String(text)) }
