package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"
)

// Authenticate returns who a token speaks for. Its errors have CodeInvalidToken
// or CodeUnavailable.
func (s *Service) Authenticate(ctx context.Context, raw string) (*Identity, error) {
	token, err := s.tokens.Parse(raw)
	if err != nil {
		return nil, InvalidToken(err)
	}
	session, user, err := s.store.SessionByID(ctx, token.SessionID)
	if errors.Is(err, ErrNoRow) {
		return nil, InvalidToken(err)
	}
	if err != nil {
		return nil, err
	}
	if err := s.check(token, session, user); err != nil {
		return nil, InvalidToken(err)
	}
	return &Identity{User: user, Session: session, Token: token, raw: raw}, nil
}

func (s *Service) check(token AccessToken, session Session, user User) error {
	switch {
	case token.UserID != session.UserID:
		return errors.New("the session is another user's")
	case session.Channel != ChannelAPI:
		return errors.New("the session is the admin site's")
	case session.RevokedAt != nil:
		return errors.New("the session was ended")
	case !s.now().Before(session.ExpiresAt):
		return errors.New("the session has reached its absolute end")
	case !user.IsActive:
		return errors.New("the user is inactive")
	case subtle.ConstantTimeCompare([]byte(session.PasswordMark), []byte(passwordMark(user.Password))) != 1:
		return errors.New("the password has changed")
	}
	return nil
}

// Renew returns the token that id came with while enough of its life is left, and
// a new one for the same session after that. The old one stays good until its
// own end.
func (s *Service) Renew(ctx context.Context, id *Identity) (TokenGrant, error) {
	now := s.now()
	grant := TokenGrant{AccessToken: id.raw, User: id.User}
	if !s.isDue(id, now) {
		return grant, nil
	}
	err := s.store.RenewSession(ctx, id.Session.ID, now)
	if errors.Is(err, ErrNoRow) {
		return TokenGrant{}, InvalidToken(errors.New("the session was ended meanwhile"))
	}
	if err != nil {
		return TokenGrant{}, err
	}
	grant.AccessToken, err = s.issue(id.User.ID, id.Session, now)
	return grant, err
}

// isDue reports whether a renewal is due, and would gain anything: a token that
// already reaches to its session's end is not replaced by its like.
func (s *Service) isDue(id *Identity, now time.Time) bool {
	return id.Token.ExpiresAt.Sub(now) < s.cfg.RenewBefore &&
		s.tokenEnd(id.Session, now).After(id.Token.ExpiresAt)
}

// Logout ends the session that id is in, and with it all its tokens.
func (s *Service) Logout(ctx context.Context, id *Identity, client Client) error {
	now := s.now()
	by := ownActor(id.User, client)
	return s.store.RevokeSession(ctx, id.Session.ID, now, by.event(now, ActionSignedOut).onUser(id.User))
}

func (s *Service) issue(userID int64, session Session, now time.Time) (string, error) {
	return s.tokens.Issue(AccessToken{
		ID:        s.newID(),
		UserID:    userID,
		SessionID: session.ID,
		IssuedAt:  now.Truncate(time.Second),
		ExpiresAt: s.tokenEnd(session, now),
	})
}

// tokenEnd is the end of a token issued now: a lifetime away, but not beyond
// its session's. Tokens hold whole seconds.
func (s *Service) tokenEnd(session Session, now time.Time) time.Time {
	end := now.Add(s.cfg.AccessTokenLifetime)
	if session.ExpiresAt.Before(end) {
		end = session.ExpiresAt
	}
	return end.Truncate(time.Second)
}
