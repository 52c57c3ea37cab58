package signin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// touchEvery is how exactly the idle limit of the admin site is kept: not every page view
// writes.
const touchEvery = time.Minute

// AdminGrant is what a login to the admin site gives: the session's secret, and what the
// next login on the same device is to bring along.
type AdminGrant struct {
	Secret      string
	DeviceToken string
}

// LoginAdmin signs a member of staff in to the admin site, by the rules of
// [Service.Login], and returns the secret of a new session. The database does not hold
// it: a session's id is its hash.
func (s *Service) LoginAdmin(ctx context.Context, in Credentials) (AdminGrant, error) {
	secret := s.newID() + s.newID()
	l, err := s.signIn(ctx, in, auth.ChannelAdmin, sessionIDOf(secret))
	if auth.ErrorCode(err) == auth.CodeInvalidCredentials {
		const detail = "Incorrect e-mail address or password, or the account is not staff."
		return AdminGrant{}, auth.NewError(auth.CodeInvalidCredentials, detail, errors.Unwrap(err))
	}
	if err != nil {
		return AdminGrant{}, err
	}
	token, err := s.deviceToken(l)
	return AdminGrant{Secret: secret, DeviceToken: token}, err
}

func sessionIDOf(secret string) string {
	sum := sha256.Sum256([]byte("latchkey admin session " + secret))
	return hex.EncodeToString(sum[:16])
}

// AuthenticateAdmin returns who a session's secret speaks for. The error has
// CodeInvalidToken when it is nobody, or nobody any more.
func (s *Service) AuthenticateAdmin(ctx context.Context, secret string, client auth.Client) (*auth.Principal, error) {
	session, user, err := s.checkedSession(ctx, sessionIDOf(secret), auth.ChannelAdmin)
	if err != nil {
		return nil, err
	}
	rights, err := auth.RightsOf(ctx, s.store, user)
	if err != nil {
		return nil, err
	}
	if now := s.now(); now.Sub(session.RenewedAt) >= touchEvery {
		if err := s.store.RenewSession(ctx, session.ID, now); err != nil {
			return nil, ended(err)
		}
	}
	return auth.InSession(user, session, client, rights), nil
}

// checkedSession reads a session, if somebody can act in it on a channel.
func (s *Service) checkedSession(ctx context.Context, id string, channel auth.Channel) (auth.Session, auth.User, error) {
	session, user, err := s.store.SessionByID(ctx, id)
	if err != nil {
		return session, user, ended(err)
	}
	now := s.now()
	if err := session.Check(user, channel, now); err != nil {
		s.endOfInactive(ctx, session, user, now)
		return session, user, auth.InvalidToken(err)
	}
	return session, user, nil
}

// endOfInactive ends a session whose user was seen inactive. Whoever deactivates by the
// admin site ends sessions with it; a Django beside us does not, and the token would be
// good again once it sets the user active. What cannot be written is no reason to
// answer otherwise: the next request tries again.
func (s *Service) endOfInactive(ctx context.Context, session auth.Session, user auth.User, now time.Time) {
	if user.IsActive || session.IsOver(now) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeAnyway)
	defer cancel()
	event := auth.Background("inactive user").Event(now, auth.ActionSessionsEnded).OnUser(user)
	if err := s.store.RevokeSession(ctx, session.ID, now, event); err != nil {
		s.log.WarnContext(ctx, "the session of an inactive user was not ended", "error", err)
	}
}

// ended says that a session was ended, where the store has none.
func ended(err error) error {
	if errors.Is(err, auth.ErrNoRow) {
		return auth.InvalidToken(err)
	}
	return err
}
