package signin

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Confirm checks a proof that a principal is who they are, by limits of its
// session's own, and notes it in their session and in by. The error has CodeInvalid and names the proof's
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
	reserved, err := s.reserve(ctx, s.sessionCounters(by), now)
	if err != nil {
		return err
	}
	defer s.inFlight.end(reserved.Keys)
	if err := s.prove(ctx, by, proof, now); err != nil {
		s.fail(ctx, attempt{reserved: reserved}, by.User, by.Client, by.Channel, err)
		return err
	}
	if err := s.attempts.SettleAttempt(ctx, Settlement{At: now, Forgive: reserved.Keys}); err != nil {
		return err
	}
	by.Session.ConfirmedAt = &now
	return nil
}

// prove checks a password and notes it in the session.
func (s *Service) prove(ctx context.Context, by *auth.Principal, proof auth.Proof, now time.Time) error {
	check, err := s.passwords.Check(ctx, by.User.Password, proof.Secret)
	if err != nil {
		return err
	}
	if !check.Match {
		return auth.InvalidCredentials(errors.New("wrong password"))
	}
	return ended(s.store.ConfirmSession(ctx, by.Session.ID, now))
}
