package accounts

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// NewUser is what an account is made from.
type NewUser struct {
	Email    string
	Password string
}

// CreateSuperuser makes an active staff user with every permission. Its address
// is stored in lower case, so that no two new accounts differ in letter case
// alone. The error has CodeInvalid and says what is wrong with which field.
func (s *Service) CreateSuperuser(ctx context.Context, by *auth.Principal, in NewUser) (auth.User, error) {
	if err := by.RequireEverything(ctx, s.users); err != nil {
		return auth.User{}, err
	}
	if err := by.RequireConfirmed(auth.Now(s.clock)); err != nil {
		return auth.User{}, err
	}
	return s.createSuperuser(ctx, by, in, func(context.Context, Tx) error { return nil })
}

// createSuperuser makes one unless before, in the same transaction, has an objection.
func (s *Service) createSuperuser(ctx context.Context, by *auth.Principal, in NewUser, before func(ctx context.Context, tx Tx) error) (auth.User, error) {
	in.Email = auth.TrimEmail(in.Email)
	var faults auth.Faults
	faults.Add("email", checkEmail(in.Email))
	faults.Add("password", s.checkNewPassword(ctx, in.Password, auth.User{Email: in.Email}))
	if err := faults.Err(); err != nil {
		return auth.User{}, err
	}
	encoded, err := s.passwords.Hash(ctx, in.Password)
	if err != nil {
		return auth.User{}, err
	}
	user := auth.User{
		Email:       auth.EmailKey(in.Email),
		Password:    encoded,
		IsStaff:     true,
		IsActive:    true,
		IsSuperuser: true,
		DateJoined:  auth.Now(s.clock),
	}
	err = s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		if err := before(ctx, tx); err != nil {
			return err
		}
		if err := tx.Users.InsertUser(ctx, &user); err != nil {
			return err
		}
		if _, err := tx.Users.Unlock(ctx, user.ID, s.attempts.AccountKey(user.Email)); err != nil {
			return err
		}
		maker := *by
		if maker.Name == "" { // the first superuser, who makes the account
			maker.User, maker.Name = user, user.Email
		}
		changes := names{}.differences(auth.Account{}, auth.Account{User: user})
		tx.Events.Record(maker.Event(user.DateJoined, auth.ActionCreated).OnUser(user).With(changes...))
		return nil
	})
	return user, takenAsField(err)
}

// setupFor is how long a one-time link is good.
const setupFor = time.Hour

// OfferSetup returns the token of a new one-time link by which the first superuser
// can be made, or "" when there is a superuser already.
func (s *Service) OfferSetup(ctx context.Context) (token string, err error) {
	superusers, err := s.users.CountSuperusers(ctx)
	if err != nil || superusers > 0 {
		return "", err
	}
	token = s.newID() + s.newID()
	return token, s.tokens.AddToken(ctx, auth.OneTimeToken{
		Kind: auth.TokenSetup, Hash: auth.HashOneTimeToken(auth.TokenSetup, token), ExpiresAt: auth.Now(s.clock).Add(setupFor),
	})
}

// CheckSetup returns an error with CodeForbidden unless a one-time link is good.
func (s *Service) CheckSetup(ctx context.Context, token string) error {
	superusers, err := s.users.CountSuperusers(ctx)
	if err != nil {
		return err
	}
	open, err := s.tokens.TokenIsOpen(ctx, auth.TokenSetup, auth.HashOneTimeToken(auth.TokenSetup, token), auth.Now(s.clock))
	if err != nil {
		return err
	}
	switch {
	case superusers > 0:
		return errSetupDone
	case !open:
		return errSetupClosed
	}
	return nil
}

var (
	errSetupClosed = auth.Forbidden("This link was used or has expired. Restart the server to get a new one.")
	errSetupDone   = auth.Forbidden("This link was used or has expired. There is a superuser already: sign in, or ask them for an account.")
)

// SetUp makes the first superuser by a one-time link, which is then of no use any
// more.
func (s *Service) SetUp(ctx context.Context, token string, in NewUser, client auth.Client) (auth.User, error) {
	if err := s.CheckSetup(ctx, token); err != nil {
		return auth.User{}, err
	}
	by := auth.FirstSuperuser(client)
	return s.createSuperuser(ctx, by, in, func(ctx context.Context, tx Tx) error {
		superusers, err := tx.Users.CountSuperusers(ctx)
		if err != nil {
			return err
		}
		if superusers > 0 {
			return errSetupDone
		}
		err = tx.Tokens.UseToken(ctx, auth.TokenSetup, auth.HashOneTimeToken(auth.TokenSetup, token), auth.Now(s.clock))
		if errors.Is(err, auth.ErrNoRow) {
			return errSetupClosed
		}
		return err
	})
}

// CheckNewEmail returns an error unless a new account can have this address, so that a
// person who types it learns of it before typing more.
func (s *Service) CheckNewEmail(ctx context.Context, email string) error {
	email = auth.TrimEmail(email)
	if fault := checkEmail(email); fault != "" {
		return auth.Invalid(auth.FieldError{Field: "email", Message: fault})
	}
	alike, err := s.users.CountAlike(ctx, email)
	if err == nil && alike > 0 {
		return emailTaken()
	}
	return err
}
