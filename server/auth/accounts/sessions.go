package accounts

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// ListSessions returns a page of everybody's sessions, for who may view sessions.
func (s *Service) ListSessions(ctx context.Context, by *auth.Principal, params auth.ListParams) (auth.Page[auth.UserSession], error) {
	if err := s.require(ctx, by, auth.SessionModel, auth.View); err != nil {
		return auth.Page[auth.UserSession]{}, err
	}
	return s.sessions.ListSessions(ctx, params)
}

// Session returns one session, for who may view or end sessions.
func (s *Service) Session(ctx context.Context, by *auth.Principal, id string) (auth.UserSession, error) {
	if err := s.require(ctx, by, auth.SessionModel, auth.View, auth.Delete); err != nil {
		return auth.UserSession{}, err
	}
	session, user, err := s.sessions.SessionByID(ctx, id)
	return auth.UserSession{Session: session, Email: user.Email}, noSuchSession(err)
}

// EndSessions ends all sessions of users; it returns how many. Of their own, principals
// keep the one they are in.
func (s *Service) EndSessions(ctx context.Context, by *auth.Principal, userIDs []int64) (ended int64, err error) {
	if err := s.require(ctx, by, auth.SessionModel, auth.Delete); err != nil {
		return 0, err
	}
	now := auth.Now(s.clock)
	err = s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		ended = 0
		for _, id := range inOrder(userIDs) {
			user, err := accountFor(ctx, tx, by, id)
			if err != nil {
				return err
			}
			if by.User.ID != id {
				if err := by.RequireConfirmed(now); err != nil {
					return err
				}
			}
			count, err := endSessions(ctx, tx, by, user.User, now, ownSession(by, id))
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
func (s *Service) EndSession(ctx context.Context, by *auth.Principal, sessionID string) error {
	if err := s.require(ctx, by, auth.SessionModel, auth.Delete); err != nil {
		return err
	}
	now := auth.Now(s.clock)
	return s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		session, user, err := tx.Sessions.SessionByID(ctx, sessionID)
		if err != nil {
			return noSuchSession(err)
		}
		if by.User.ID != user.ID {
			if err := by.RequireConfirmed(now); err != nil {
				return err
			}
		}
		if _, err := accountFor(ctx, tx, by, user.ID); err != nil {
			return err
		}
		ended, err := tx.Sessions.EndSession(ctx, session.ID, now)
		if err == nil && ended {
			tx.Events.Record(by.Event(now, auth.ActionSessionsEnded).OnUser(user).With(whereBegun(session)))
		}
		return err
	})
}

// whereBegun is the change that tells where a session that was ended had begun.
func whereBegun(session auth.Session) auth.FieldChange {
	return auth.FieldChange{Field: auth.FieldSession, Before: session.Address + " " + session.UserAgent}
}

// endSessions ends a user's sessions but for one, and records it where there were any.
func endSessions(ctx context.Context, tx Tx, by *auth.Principal, user auth.User, now time.Time, except string) (ended int64, err error) {
	ended, err = tx.Sessions.EndSessions(ctx, user.ID, now, except)
	if err == nil && ended > 0 {
		count := auth.FieldChange{Field: "sessions ended", After: strconv.FormatInt(ended, 10)}
		tx.Events.Record(by.Event(now, auth.ActionSessionsEnded).OnUser(user).With(count))
	}
	return ended, err
}

// ownSession returns the session that a principal is in, if it is this user's.
func ownSession(by *auth.Principal, userID int64) string {
	if by.User.ID != userID {
		return ""
	}
	return by.Session.ID
}

func noSuchSession(err error) error {
	if errors.Is(err, auth.ErrNoRow) {
		return auth.NotFound("This session does not exist, or was deleted.")
	}
	return err
}
