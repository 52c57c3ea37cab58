package signin

import (
	"context"
	"errors"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Confirm checks a proof that a principal is who they are, by the limits of a login, and
// notes it in their session and in by. The error has CodeInvalid and names the proof's
// kind as the field when it proves nothing.
func (s *Service) Confirm(ctx context.Context, by *auth.Principal, proof auth.Proof) error {
	if err := auth.CheckPasswordLength(string(proof.Kind), proof.Secret); err != nil {
		return err
	}
	began := s.clock.Now()
	err := s.confirm(ctx, by, proof)
	if auth.ErrorCode(err) == auth.CodeInvalidCredentials {
		s.minTime.hold(ctx, s.clock, began)
		return auth.Invalid(auth.FieldError{Field: string(proof.Kind), Message: "Incorrect password."})
	}
	return err
}

func (s *Service) confirm(ctx context.Context, by *auth.Principal, proof auth.Proof) error {
	if proof.Kind != auth.ProofPassword {
		return errors.New("no such kind of proof: " + string(proof.Kind))
	}
	leave, err := s.passwords.Admit(ctx, by.Client)
	if err != nil {
		return err
	}
	defer leave()
	now := s.now()
	attempts, err := s.limitAttempts(ctx, Credentials{Email: by.User.Email, Client: by.Client}, now)
	if err != nil {
		return err
	}
	check, err := s.passwords.Check(ctx, by.User.Password, proof.Secret)
	if err != nil {
		return err
	}
	if !check.Match {
		return s.refuse(ctx, auth.InvalidCredentials(errors.New("wrong password")), attempts, now)
	}
	if err := s.store.ConfirmSession(ctx, by.Session.ID, now); err != nil {
		return ended(err)
	}
	by.Session.ConfirmedAt = &now
	return nil
}
