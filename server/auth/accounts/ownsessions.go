package accounts

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// MaxOwnSessions is how many of their sessions people are shown: more devices than
// anybody has. A program that signs in again and again may have more.
const MaxOwnSessions = 100

// ListOwnSessions returns the sessions in which somebody can act as the principal, on
// every channel, newest first. Of more than [MaxOwnSessions] it is the newest, with the
// one that the principal is in as the last.
func (s *Service) ListOwnSessions(ctx context.Context, by *auth.Principal) ([]auth.Session, error) {
	sessions, err := s.sessions.LiveSessions(ctx, s.liveSessions(by.User))
	if err != nil {
		return nil, err
	}
	isCurrent := func(session auth.Session) bool { return session.ID == by.Session.ID }
	if len(sessions) == MaxOwnSessions && !slices.ContainsFunc(sessions, isCurrent) {
		sessions[MaxOwnSessions-1] = by.Session
	}
	return sessions, nil
}

// liveSessions says which sessions of a user are live.
func (s *Service) liveSessions(user auth.User) LiveSessions {
	now := auth.Now(s.clock)
	live := LiveSessions{
		UserID: user.ID, PasswordMark: auth.PasswordMark(user.Password), At: now, Limit: MaxOwnSessions,
		RenewedAfter: map[auth.Channel]time.Time{},
	}
	idle := map[auth.Channel]time.Duration{auth.ChannelAPI: s.cfg.AccessTokenLifetime, auth.ChannelAdmin: auth.AdminIdle}
	for channel, limit := range idle {
		if user.CheckChannel(channel) == nil {
			live.RenewedAfter[channel] = now.Add(-limit)
		}
	}
	return live
}

// EndOwnSession ends one of the principal's own sessions: the one they are in, by which
// they sign out, or another. The error has CodeNotFound, and is the same, for a session
// of somebody else, one that is over and one that never was.
func (s *Service) EndOwnSession(ctx context.Context, by *auth.Principal, id string) error {
	if !isPossibleSessionID(id) {
		return errNoOwnSession
	}
	now := auth.Now(s.clock)
	return s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		session, user, err := tx.Sessions.SessionByID(ctx, id)
		if errors.Is(err, auth.ErrNoRow) || err == nil && user.ID != by.User.ID {
			return errNoOwnSession
		}
		if err != nil {
			return err
		}
		ended, err := tx.Sessions.EndSession(ctx, session.ID, now)
		if err != nil {
			return err
		}
		if !ended {
			return errNoOwnSession
		}
		tx.Events.Record(endEvent(by, session, now))
		return nil
	})
}

// endEvent tells of the end of one of the principal's own sessions.
func endEvent(by *auth.Principal, session auth.Session, at time.Time) auth.Event {
	if session.ID == by.Session.ID {
		return by.Event(at, auth.ActionSignedOut).OnUser(by.User)
	}
	return by.Event(at, auth.ActionSessionsEnded).OnUser(by.User).With(whereBegun(session))
}

// EndOwnSessions ends all of the principal's own sessions, or all but the one they are in.
func (s *Service) EndOwnSessions(ctx context.Context, by *auth.Principal, keepCurrent bool) error {
	now := auth.Now(s.clock)
	return s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		except := ""
		if keepCurrent {
			except = by.Session.ID
		}
		_, err := endSessions(ctx, tx, by, by.User, now, except)
		return err
	})
}

var errNoOwnSession = auth.NotFound("You have no such session, or it has ended already.")

// maxSessionID is how long a session's id may be, in characters.
const maxSessionID = 32

// isPossibleSessionID reports whether a text could be any session's id. A store is not
// asked for any other: PostgreSQL would answer an error to a NUL.
func isPossibleSessionID(id string) bool {
	return id != "" && len(id) <= maxSessionID && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}
