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
func (s *Service) CreateSuperuser(ctx context.Context, by Actor, in NewUser) (User, error) {
	return s.createSuperuser(ctx, by, in, func(context.Context, Changes) error { return nil })
}

// createSuperuser makes one if first, in the same transaction, has no objection.
func (s *Service) createSuperuser(ctx context.Context, by Actor, in NewUser, first func(ctx context.Context, tx Changes) error) (User, error) {
	var faults faults
	faults.add("email", checkEmail(in.Email))
	faults.add("password", s.checkNewPassword(in.Password, in.Email))
	if err := faults.err(); err != nil {
		return User{}, err
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
	err = s.store.Change(ctx, func(ctx context.Context, tx Changes) error {
		if err := first(ctx, tx); err != nil {
			return err
		}
		if err := tx.InsertUser(ctx, &user); err != nil {
			return err
		}
		if by.UserID == 0 && by.Name == "" { // the first superuser, who makes the account
			by.UserID, by.Name = user.ID, user.Email
		}
		fresh := Account{User: user}
		tx.Record(by.event(user.DateJoined, ActionAdded).onUser(user).with(differences(Account{}.values(nil, nil), fresh.values(nil, nil))...))
		return nil
	})
	if errors.Is(err, ErrTaken) {
		return User{}, emailTaken()
	}
	return user, err
}

// CheckNewEmail reports whether a new account can have this address, so that a
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

// FindUser returns the user with this address; an error with CodeNotFound when
// there is none.
func (s *Service) FindUser(ctx context.Context, email string) (User, error) {
	user, err := s.lookUp(ctx, email)
	if errors.Is(err, ErrNoRow) {
		return User{}, &Error{Code: CodeNotFound, Detail: "No user has this e-mail address."}
	}
	return user, err
}

// checkNewPassword returns what is wrong with a password somebody chooses, or "".
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

// isLikeEmail reports whether the password is little more than the address or a
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

// faults collects what is wrong with the fields of an input.
type faults []FieldError

// add notes a fault, unless message is "".
func (f *faults) add(field, message string) {
	if message != "" {
		*f = append(*f, FieldError{field, message})
	}
}

// err returns them as one error, or nil when there is none.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return Invalid(f...)
}

func emailTaken() *Error {
	return Invalid(FieldError{"email", "A user with this e-mail address exists already."})
}
