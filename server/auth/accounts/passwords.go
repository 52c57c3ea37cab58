package accounts

import (
	"context"
	"errors"
	"strconv"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// SetPassword sets a user's password, or makes it one that nothing matches, and
// ends the user's sessions; it returns how many. Who sets their own stays in the session
// that they are in. The error has CodeInvalid and the field "password" when the
// password is too weak.
func (s *Service) SetPassword(ctx context.Context, by *auth.Principal, id int64, password *string) (ended int64, err error) {
	if err := s.require(ctx, by, auth.UserModel, auth.Change); err != nil {
		return 0, err
	}
	if err := by.RequireConfirmed(auth.Now(s.clock)); err != nil {
		return 0, err
	}
	user, err := s.users.Account(ctx, id)
	if err != nil {
		return 0, noSuchUser(err)
	}
	var faults auth.Faults
	faults.Add("password", s.checkPasswordChoice(ctx, password, user.User))
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return s.setPassword(ctx, by, id, password)
}

// ChangeOwnPassword sets a principal's own password, if they prove to be who they are
// together with it. They stay in the session that they are in, and are signed out
// everywhere else. The error has CodeInvalid and the field "new_password" when that is
// too weak, or the proof's kind when it proves nothing.
func (s *Service) ChangeOwnPassword(ctx context.Context, by *auth.Principal, proof auth.Proof, password string) error {
	var faults auth.Faults
	if proof.Secret == "" {
		faults.Add(string(proof.Kind), "This is required.")
	}
	faults.Add(string(proof.Kind), auth.PasswordLengthFault(proof.Secret))
	faults.Add("new_password", s.checkNewPassword(ctx, password, by.User))
	if err := faults.Err(); err != nil {
		return err
	}
	if err := s.confirmer.Confirm(ctx, by, proof); err != nil {
		return err
	}
	_, err := s.setPassword(ctx, by, by.User.ID, &password)
	if errors.Is(err, errProofOutdated) {
		return auth.Invalid(auth.FieldError{Field: string(proof.Kind), Message: "Incorrect password."})
	}
	return err
}

// errProofOutdated says that somebody's own password was changed between its proof and
// the transaction that was to change it.
var errProofOutdated = errors.New("the password has changed since it was proved")

func (s *Service) setPassword(ctx context.Context, by *auth.Principal, id int64, password *string) (ended int64, err error) {
	encoded, err := s.encode(ctx, by, password)
	if err != nil {
		return 0, err
	}
	now, proved := auth.Now(s.clock), by.User.Password
	err = s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		was, err := accountFor(ctx, tx, by, id)
		if err != nil {
			return err
		}
		if by.User.ID == id && was.Password != proved {
			return errProofOutdated
		}
		is := was
		is.Password = encoded
		if err := s.keepSuperuser(ctx, tx, was, is); err != nil {
			return err
		}
		if err := tx.Users.SetPassword(ctx, id, encoded); err != nil {
			return noSuchUser(err)
		}
		// What was guessed at is no longer there (NIST SP 800-63B-4, section 3.2.2).
		unlocked, err := tx.Users.Unlock(ctx, id, s.attempts.AccountKey(was.Email))
		if err != nil {
			return err
		}
		if unlocked && was.Locked {
			tx.Events.Record(by.Event(now, auth.ActionUnlocked).OnUser(was.User))
		}
		keep := ownSession(by, id)
		if keep != "" {
			if err := tx.Sessions.MarkSession(ctx, keep, auth.PasswordMark(encoded)); err != nil {
				return err
			}
		}
		ended, err = tx.Sessions.EndSessions(ctx, id, now, keep)
		tx.Events.Record(by.Event(now, auth.ActionPasswordSet).OnUser(was.User).With(
			auth.FieldChange{Field: "usable password", Before: yesNo(s.passwords.IsUsable(was.Password)), After: yesNo(password != nil)},
			auth.FieldChange{Field: "sessions ended", After: strconv.FormatInt(ended, 10)},
		))
		return err
	})
	return ended, err
}

// encode returns the encoding of a password, or of none: Django's, "!" and forty
// characters by chance.
func (s *Service) encode(ctx context.Context, by *auth.Principal, password *string) (string, error) {
	if password == nil {
		random := s.newID() + s.newID()
		return "!" + random[:min(len(random), 40)], nil
	}
	// Whoever sets many passwords at once must not keep others from signing in.
	leave, err := s.passwords.Admit(ctx, by.Client)
	if err != nil {
		return "", err
	}
	defer leave()
	return s.passwords.Hash(ctx, *password)
}
