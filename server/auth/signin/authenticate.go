package signin

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Authenticate returns who an access token speaks for. Its errors have CodeInvalidToken
// or CodeUnavailable.
func (s *Service) Authenticate(ctx context.Context, raw string, client auth.Client) (*auth.Principal, error) {
	token, err := s.tokens.Parse(ctx, raw)
	if auth.ErrorCode(err) == auth.CodeUnavailable {
		return nil, err
	}
	if err != nil {
		return nil, auth.InvalidToken(err)
	}
	session, user, err := s.checkedSession(ctx, token.SessionID, auth.ChannelAPI)
	if err != nil {
		return nil, err
	}
	if token.UserID != user.ID {
		return nil, auth.InvalidToken(errors.New("the session is another user's"))
	}
	by := auth.InSession(user, session, client, auth.Rights{})
	by.Token = token
	by.Token.Raw = raw
	return by, nil
}

// Introspect returns who an access token speaks for, for a service that was sent it by a
// client; nobody when it is not good. Its errors have CodeUnavailable or are internal.
func (s *Service) Introspect(ctx context.Context, raw string, client auth.Client) (*auth.Principal, error) {
	by, err := s.Authenticate(ctx, raw, client)
	if auth.ErrorCode(err) == auth.CodeInvalidToken {
		return nil, nil //nolint:nilnil // nobody, and nothing went wrong
	}
	return by, err
}

// Renew returns the token that a principal came with while enough of its life is left,
// and a new one for the same session after that. The old one stays good until its
// own end.
func (s *Service) Renew(ctx context.Context, by *auth.Principal) (auth.TokenGrant, error) {
	now := s.now()
	grant := auth.TokenGrant{AccessToken: by.Token.Raw, User: by.User}
	if !s.isDue(by, now) {
		return grant, nil
	}
	err := s.store.RenewSession(ctx, by.Session.ID, now)
	if errors.Is(err, auth.ErrNoRow) {
		return auth.TokenGrant{}, auth.InvalidToken(errors.New("the session was ended meanwhile"))
	}
	if err != nil {
		return auth.TokenGrant{}, err
	}
	grant.AccessToken, err = s.issue(ctx, by.Session, now)
	return grant, err
}

// isDue reports whether a renewal is due, and would gain anything: a token that
// already reaches to its session's end is not replaced by its like.
func (s *Service) isDue(by *auth.Principal, now time.Time) bool {
	return by.Token.ExpiresAt.Sub(now) < s.cfg.RenewBefore &&
		s.tokenEnd(by.Session, now).After(by.Token.ExpiresAt)
}

// Logout ends the session that a principal is in, and with it all its tokens.
func (s *Service) Logout(ctx context.Context, by *auth.Principal) error {
	now := s.now()
	return s.store.RevokeSession(ctx, by.Session.ID, now, by.Event(now, auth.ActionSignedOut).OnUser(by.User))
}

func (s *Service) issue(ctx context.Context, session auth.Session, now time.Time) (string, error) {
	return s.tokens.Issue(ctx, auth.AccessToken{
		ID:        s.newID(),
		UserID:    session.UserID,
		SessionID: session.ID,
		IssuedAt:  now.Truncate(time.Second),
		ExpiresAt: s.tokenEnd(session, now),
	})
}

// tokenEnd is the end of a token issued now: a lifetime away, but not beyond
// its session's. Tokens hold whole seconds.
func (s *Service) tokenEnd(session auth.Session, now time.Time) time.Time {
	end := now.Add(s.cfg.AccessTokenLifetime)
	if session.ExpiresAt.Before(end) {
		end = session.ExpiresAt
	}
	return end.Truncate(time.Second)
}
