package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MinPasswordLength is Django's (MinimumLengthValidator), in characters, and
// the least that NIST SP 800-63B allows.
const MinPasswordLength = 8

// NewUser is what an account is made from.
type NewUser struct {
	Email    string
	Password string
}

// CreateSuperuser makes an active staff user with every permission. Its address
// is stored in lower case, so that no two new accounts differ in letter case
// alone. The error has CodeInvalid and says what is wrong with which field.
func (s *Service) CreateSuperuser(ctx context.Context, in NewUser) (User, error) {
	var faults []FieldError
	if fault := checkEmail(in.Email); fault != "" {
		faults = append(faults, FieldError{"email", fault})
	}
	if fault := s.checkNewPassword(in.Password, in.Email); fault != "" {
		faults = append(faults, FieldError{"password", fault})
	}
	if len(faults) > 0 {
		return User{}, Invalid(faults...)
	}
	encoded, err := s.passwords.Hash(ctx, in.Password)
	if err != nil {
		return User{}, err
	}
	user := User{
		Email:       EmailKey(in.Email),
		Password:    encoded,
		IsStaff:     true,
		IsActive:    true,
		IsSuperuser: true,
		DateJoined:  s.now(),
	}
	err = s.store.CreateUser(ctx, &user)
	if errors.Is(err, ErrTaken) {
		return User{}, emailTaken()
	}
	return user, err
}

// CheckNewEmail tells whether a new account can have this address, so that a
// person who types it learns of it before typing more.
func (s *Service) CheckNewEmail(ctx context.Context, email string) error {
	if fault := checkEmail(email); fault != "" {
		return Invalid(FieldError{"email", fault})
	}
	alike, err := s.store.CountAlike(ctx, email)
	if err == nil && alike > 0 {
		return emailTaken()
	}
	return err
}

// FindUser gives the user with this address; an error with CodeNotFound when
// there is none.
func (s *Service) FindUser(ctx context.Context, email string) (User, error) {
	user, err := s.lookUp(ctx, email)
	if errors.Is(err, ErrNoRow) {
		return User{}, &Error{Code: CodeNotFound, Detail: "No user has this e-mail address."}
	}
	return user, err
}

// ChangePassword sets a user's password and ends the user's sessions; it gives
// how many. The error has CodeInvalid when the password is too weak.
func (s *Service) ChangePassword(ctx context.Context, user User, password string) (ended int64, err error) {
	if fault := s.checkNewPassword(password, user.Email); fault != "" {
		return 0, Invalid(FieldError{"password", fault})
	}
	encoded, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return 0, err
	}
	return s.store.SetPassword(ctx, user.ID, encoded, s.now())
}

// checkNewPassword gives what is wrong with a password somebody chooses, or "".
// The rules are those of Django's four validators; what is common we read from
// other lists than Django does, and so not every answer is the same. They are for
// new passwords only: a login checks whatever it is given.
func (s *Service) checkNewPassword(password, email string) string {
	switch {
	case password == "":
		return "This is required."
	case !utf8.ValidString(password):
		// No JSON can hold it: whoever had it could never sign in.
		return "This password has bytes that are not UTF-8."
	case utf8.RuneCountInString(password) < MinPasswordLength:
		return fmt.Sprintf("This password is too short. It must have at least %d characters.", MinPasswordLength)
	case strings.Trim(password, "0123456789") == "":
		return "This password is entirely numeric."
	case isLikeEmail(password, email):
		return "This password is too similar to the e-mail address."
	case s.passwords.IsCommon(password):
		return "This password is too common."
	}
	return ""
}

// isLikeEmail tells whether the password is little more than the address or a
// part of it: what is left without that part is shorter than a password may be.
func isLikeEmail(password, email string) bool {
	password, email = EmailKey(password), EmailKey(email)
	local, _, _ := strings.Cut(email, "@")
	for _, part := range []string{email, local} {
		if len(part) < 4 || !strings.Contains(password, part) {
			continue
		}
		if utf8.RuneCountInString(strings.Replace(password, part, "", 1)) < MinPasswordLength {
			return true
		}
	}
	return strings.Contains(email, password)
}

func emailTaken() *Error {
	return Invalid(FieldError{"email", "A user with this e-mail address exists already."})
}
