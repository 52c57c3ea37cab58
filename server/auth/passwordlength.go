package auth

import (
	"fmt"
	"unicode/utf8"
)

// MaxPasswordLength is how many characters (Unicode code points) a password may have,
// wherever one is taken: far more than the 64 that NIST SP 800-63B-4 (section 3.1.1.2) wants
// to be allowed, and few enough that nobody makes the server read or hash for long.
const MaxPasswordLength = 1024

// PasswordLengthFault returns what is wrong with a password that is too long, or "". It is
// asked before anything is done with a password: looked up, counted or hashed. What it says
// depends on no account, so it tells nothing about any.
func PasswordLengthFault(password string) string {
	if len(password) <= MaxPasswordLength || utf8.RuneCountInString(password) <= MaxPasswordLength {
		return ""
	}
	return fmt.Sprintf("A password has at most %d characters.", MaxPasswordLength)
}

// CheckPasswordLength returns an error with [CodeInvalid] that names a field, when the
// password is too long.
func CheckPasswordLength(field, password string) error {
	var faults Faults
	faults.Add(field, PasswordLengthFault(password))
	return faults.Err()
}
