package auth

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// SetPassword sets a user's password, or makes it one that nothing matches, and
// ends the user's sessions; it returns how many. An actor who sets their own stays in
// the session keep. The error has CodeInvalid when the password is too weak.
func (s *Service) SetPassword(ctx context.Context, by Actor, id int64, password *string, keep string) (ended int64, err error) {
	if err := by.must(UserModel, Change); err != nil {
		return 0, err
	}
	return s.setPassword(ctx, by, id, password, keep)
}

// SetOwnPassword is for who has just given the old one: every member of staff may.
func (s *Service) SetOwnPassword(ctx context.Context, staff *Staff, client Client, password string) error {
	_, err := s.setPassword(ctx, staff.Actor(s.now(), client), staff.User.ID, &password, staff.Session.ID)
	return err
}

func (s *Service) setPassword(ctx context.Context, by Actor, id int64, password *string, keep string) (ended int64, err error) {
	if err := by.mustConfirm(); err != nil {
		return 0, err
	}
	user, err := s.store.Account(ctx, id)
	if err != nil {
		return 0, noSuchUser(err)
	}
	if err := s.checkPasswordChoice(password, user.Email); err != nil {
		return 0, err
	}
	encoded, err := s.encode(ctx, password)
	if err != nil {
		return 0, err
	}
	now := s.now()
	err = s.change(ctx, by, func(ctx context.Context, tx Changes) error {
		was, err := accountFor(ctx, tx, by, id)
		if err != nil {
			return err
		}
		if password == nil {
			if err := keepSuperuser(ctx, tx, was, Account{}); err != nil {
				return err
			}
		}
		if err := tx.SetPassword(ctx, id, encoded); err != nil {
			return err
		}
		if keep != "" && by.UserID == id {
			if err := tx.MarkSession(ctx, keep, passwordMark(encoded)); err != nil {
				return err
			}
		}
		ended, err = tx.EndSessions(ctx, id, now, keep)
		tx.Record(by.event(now, ActionPasswordSet).onUser(was.User).with(
			FieldChange{"usable password", yesNo(s.passwords.Kind(was.Password) != ""), yesNo(password != nil)},
			FieldChange{"sessions ended", "", strconv.FormatInt(ended, 10)},
		))
		return err
	})
	return ended, noSuchUser(err)
}

// EndSessions ends all sessions of users; it returns how many. Of their own, actors
// keep the one they are in.
func (s *Service) EndSessions(ctx context.Context, by Actor, userIDs []int64, keep string) (ended int64, err error) {
	if err := by.must(SessionModel, Delete); err != nil {
		return 0, err
	}
	now := s.now()
	err = s.change(ctx, by, func(ctx context.Context, tx Changes) error {
		ended = 0
		for _, id := range inOrder(userIDs) {
			user, err := accountFor(ctx, tx, by, id)
			if err != nil {
				return err
			}
			if by.UserID != id {
				if err := by.mustConfirm(); err != nil {
					return err
				}
			}
			count, err := endSessions(ctx, tx, by, user.User, now, keep)
			if err != nil {
				return err
			}
			ended += count
		}
		return nil
	})
	return ended, err
}

// EndSession ends one session.
func (s *Service) EndSession(ctx context.Context, by Actor, sessionID string) error {
	if err := by.must(SessionModel, Delete); err != nil {
		return err
	}
	session, user, err := s.store.SessionByID(ctx, sessionID)
	if errors.Is(err, ErrNoRow) {
		return NotFound("There is no such session, or no longer.")
	}
	if err != nil {
		return err
	}
	if by.UserID != user.ID {
		if err := by.mustConfirm(); err != nil {
			return err
		}
	}
	now := s.now()
	return s.change(ctx, by, func(ctx context.Context, tx Changes) error {
		if _, err := accountFor(ctx, tx, by, user.ID); err != nil {
			return err
		}
		ended, err := tx.EndSession(ctx, session.ID, now)
		if err == nil && ended {
			tx.Record(by.event(now, ActionSessionsEnded).onUser(user).with(FieldChange{fieldSession, session.Address + " " + session.UserAgent, ""}))
		}
		return err
	})
}

// endSessions ends a user's sessions but for one, and records it where there were any.
func endSessions(ctx context.Context, tx Changes, by Actor, user User, now time.Time, except string) (ended int64, err error) {
	ended, err = tx.EndSessions(ctx, user.ID, now, except)
	if err == nil && ended > 0 {
		tx.Record(by.event(now, ActionSessionsEnded).onUser(user).with(FieldChange{"sessions ended", "", strconv.FormatInt(ended, 10)}))
	}
	return ended, err
}

// encode returns the encoding of a password, or of none: Django's, "!" and forty
// characters by chance.
func (s *Service) encode(ctx context.Context, password *string) (string, error) {
	if password == nil {
		return "!" + cutRunes(s.newID()+s.newID(), 40), nil
	}
	// Whoever sets many passwords at once must not keep others from signing in.
	leave, err := s.passwords.Admit(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return s.passwords.Hash(ctx, *password)
}

func (s *Service) checkPasswordChoice(password *string, email string) error {
	if password == nil {
		return nil
	}
	var faults faults
	faults.add("password", s.checkNewPassword(*password, email))
	return faults.err()
}
