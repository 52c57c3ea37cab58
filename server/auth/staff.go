package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// The limits of a session at the admin site. OWASP's Session Management Cheat Sheet
// asks for an idle and an absolute one; the password is asked for again before what
// is dangerous (its "Reauthentication After Risk Events").
const (
	adminIdle     = time.Hour
	adminLifetime = 24 * time.Hour
	confirmedFor  = 10 * time.Minute
	// touchEvery is how exactly the idle limit is kept: not every page view writes.
	touchEvery = time.Minute
)

// Staff is a member of staff who is signed in at the admin site.
type Staff struct {
	User    User
	Session Session
	Rights  Rights
}

// IsConfirmed reports whether the password was given so lately that what is dangerous
// may be done at a time.
func (s *Staff) IsConfirmed(now time.Time) bool {
	return s.Session.ConfirmedAt != nil && now.Sub(*s.Session.ConfirmedAt) < confirmedFor
}

// Actor returns who acts, at a time, from a client.
func (s *Staff) Actor(now time.Time, client Client) Actor {
	return Actor{
		Channel: ChannelAdmin, UserID: s.User.ID, Name: s.User.Email, Address: client.Address,
		Rights: s.Rights, Confirmed: s.IsConfirmed(now), sessionID: s.Session.ID,
	}
}

// Now is the domain's clock.
func (s *Service) Now() time.Time { return s.now() }

// LoginStaff signs a member of staff in at the admin site, by the rules of
// [Service.Login], and returns the secret of a new session. The database does not hold
// it: a session's id is its hash.
func (s *Service) LoginStaff(ctx context.Context, in Credentials) (secret string, err error) {
	secret = s.newID() + s.newID()
	in.channel, in.sessionID = ChannelAdmin, sessionIDOf(secret)
	_, _, err = s.signIn(ctx, in)
	if ErrorCode(err) == CodeInvalidCredentials {
		return "", &Error{
			Code:   CodeInvalidCredentials,
			Detail: "This is not the e-mail address and password of a member of staff.",
			cause:  errors.Unwrap(err),
		}
	}
	if err != nil {
		return "", err
	}
	return secret, nil
}

func sessionIDOf(secret string) string {
	sum := sha256.Sum256([]byte("latchkey admin session " + secret))
	return hex.EncodeToString(sum[:16])
}

// AuthenticateStaff returns who a session's secret speaks for. The error has
// CodeAuthenticationRequired when it is nobody, or nobody any more.
func (s *Service) AuthenticateStaff(ctx context.Context, secret string) (*Staff, error) {
	session, user, err := s.store.SessionByID(ctx, sessionIDOf(secret))
	if errors.Is(err, ErrNoRow) {
		return nil, AuthenticationRequired()
	}
	if err != nil {
		return nil, err
	}
	now := s.now()
	if err := checkStaff(session, user, now); err != nil {
		return nil, signedOut(err)
	}
	rights, err := rightsOf(ctx, s.store, user)
	if err != nil {
		return nil, err
	}
	if now.Sub(session.RenewedAt) >= touchEvery {
		if err := s.store.RenewSession(ctx, session.ID, now); err != nil {
			return nil, staffGone(err)
		}
	}
	return &Staff{User: user, Session: session, Rights: rights}, nil
}

// rightsOf returns what a user may do.
func rightsOf(ctx context.Context, from interface {
	RightsOf(ctx context.Context, userID int64) ([]PermissionName, error)
}, user User,
) (Rights, error) {
	if user.IsSuperuser {
		return Everything(), nil
	}
	held, err := from.RightsOf(ctx, user.ID)
	return Holding(held...), err
}

func signedOut(cause error) *Error {
	return &Error{Code: CodeAuthenticationRequired, Detail: "You were signed out. Sign in again.", cause: cause}
}

func checkStaff(session Session, user User, now time.Time) error {
	switch {
	case session.Channel != ChannelAdmin:
		return errors.New("the session is the API's")
	case session.IsOver(now):
		return errors.New("the session is over")
	case now.Sub(session.RenewedAt) >= adminIdle:
		return errors.New("nothing was done in the session for an hour")
	case !user.IsActive || !user.IsStaff:
		return errors.New("the user is inactive, or no member of staff")
	case subtle.ConstantTimeCompare([]byte(session.PasswordMark), []byte(passwordMark(user.Password))) != 1:
		return errors.New("the password has changed")
	}
	return nil
}

func staffGone(err error) error {
	if errors.Is(err, ErrNoRow) {
		return AuthenticationRequired()
	}
	return err
}

// Confirm checks the password of a member of staff once more, by the limits of a
// login, and notes it in the session. The error has CodeInvalid and names the field
// "confirm" when it is not the right one.
func (s *Service) Confirm(ctx context.Context, staff *Staff, password string, client Client) error {
	began := s.clock.Now()
	err := s.confirm(ctx, staff, password, client)
	if ErrorCode(err) == CodeInvalidCredentials {
		s.minTime.hold(ctx, s.clock, began)
		return Invalid(FieldError{"confirm", "This is not your password."})
	}
	return err
}

func (s *Service) confirm(ctx context.Context, staff *Staff, password string, client Client) error {
	leave, err := s.passwords.Admit(ctx)
	if err != nil {
		return err
	}
	defer leave()
	now := s.now()
	in := Credentials{Email: staff.User.Email, Password: password, Client: client, channel: ChannelAdmin}
	attempts, err := s.limitAttempts(ctx, in, now)
	if err != nil {
		return err
	}
	check, err := s.passwords.Check(ctx, staff.User.Password, password)
	if err != nil {
		return err
	}
	if !check.Match {
		return s.refuse(ctx, invalidCredentials(errors.New("wrong password")), attempts, now)
	}
	if err := s.store.ConfirmSession(ctx, staff.Session.ID, now); err != nil {
		return staffGone(err)
	}
	staff.Session.ConfirmedAt = &now
	return nil
}

// LogoutStaff ends the session.
func (s *Service) LogoutStaff(ctx context.Context, staff *Staff, client Client) error {
	now := s.now()
	return s.store.RevokeSession(ctx, staff.Session.ID, now, staff.Actor(now, client).event(now, ActionSignedOut).onUser(staff.User))
}

// setupFor is how long a one-time link is good.
const setupFor = time.Hour

// OfferSetup returns the token of a new one-time link by which the first superuser
// can be made, or "" when there is a superuser already.
func (s *Service) OfferSetup(ctx context.Context) (token string, err error) {
	superusers, err := s.store.CountSuperusers(ctx)
	if err != nil || superusers > 0 {
		return "", err
	}
	token = s.newID() + s.newID()
	return token, s.store.AddSetup(ctx, setupHash(token), s.now().Add(setupFor))
}

func setupHash(token string) string {
	sum := sha256.Sum256([]byte("latchkey setup " + token))
	return hex.EncodeToString(sum[:])
}

// CheckSetup returns an error with CodeForbidden unless a one-time link is good.
func (s *Service) CheckSetup(ctx context.Context, token string) error {
	superusers, err := s.store.CountSuperusers(ctx)
	if err != nil {
		return err
	}
	open, err := s.store.SetupIsOpen(ctx, setupHash(token), s.now())
	if err != nil {
		return err
	}
	if superusers > 0 || !open {
		return errSetupClosed
	}
	return nil
}

var errSetupClosed = Forbidden("This link has been used, or it is over an hour old. If there is no superuser yet, start the server again: it prints a new one.")

// SetUp makes the first superuser by a one-time link, which is then of no use any
// more.
func (s *Service) SetUp(ctx context.Context, token string, in NewUser, client Client) (User, error) {
	if err := s.CheckSetup(ctx, token); err != nil {
		return User{}, err
	}
	by := Actor{Channel: ChannelAdmin, Address: client.Address, Rights: Everything(), Confirmed: true}
	return s.createSuperuser(ctx, by, in, func(ctx context.Context, tx Changes) error {
		superusers, err := tx.CountSuperusers(ctx)
		if err != nil {
			return err
		}
		if superusers > 0 {
			return errSetupClosed
		}
		err = tx.UseSetup(ctx, setupHash(token), s.now())
		if errors.Is(err, ErrNoRow) {
			return errSetupClosed
		}
		return err
	})
}

// Verification is what [Service.VerifyEvents] found.
type Verification struct {
	Events int64  // how many there are
	Hash   string // of the last one
	// Fault says what is wrong, and at which event; "" when nothing is.
	Fault string
}

// VerifyEvents reads all events and reports whether one of them was edited or taken
// out since it was written, or put there by somebody else. Who writes the whole chain anew from some event on is
// found by comparing it with a number and a hash that were noted elsewhere: known
// holds such, by the number.
func (s *Service) VerifyEvents(ctx context.Context, known map[int64]string) (Verification, error) {
	last, hash, err := s.store.EventHead(ctx)
	if err != nil {
		return Verification{}, err
	}
	found := Verification{}
	broken := errors.New("broken")
	err = s.store.EachEvent(ctx, ListParams{}, func(event Event) error {
		found.Fault = found.follow(event, known)
		if found.Fault == "" && event.ID == last && event.Hash != hash {
			found.Fault = fmt.Sprintf("event %d, the last one, was changed after it was written", last)
		}
		if found.Fault != "" {
			return broken
		}
		found.Events, found.Hash = event.ID, event.Hash
		return nil
	})
	if err != nil && !errors.Is(err, broken) {
		return Verification{}, err
	}
	now := last
	if found.Events > last { // written since, by us or by somebody else
		if now, _, err = s.store.EventHead(ctx); err != nil {
			return Verification{}, err
		}
	}
	switch {
	case found.Fault != "":
	case found.Events < last:
		found.Fault = fmt.Sprintf("the events after number %d are missing: there were %d", found.Events, last)
	case found.Events > now:
		found.Fault = fmt.Sprintf("there are events after number %d, the last one that was written", now)
	}
	for number := range known {
		if found.Fault == "" && number > found.Events {
			found.Fault = fmt.Sprintf("event %d, which was noted elsewhere, is missing", number)
		}
	}
	return found, nil
}

// follow returns what is wrong with the next event, or "".
func (v Verification) follow(event Event, known map[int64]string) string {
	if event.ID != v.Events+1 {
		return fmt.Sprintf("event %d is missing", v.Events+1)
	}
	hash, err := event.Chain(v.Hash)
	if err != nil || hash != event.Hash {
		return fmt.Sprintf("event %d was changed after it was written, or the one before it", event.ID)
	}
	if noted, ok := known[event.ID]; ok && noted != event.Hash {
		return fmt.Sprintf("event %d is not the one that was noted elsewhere", event.ID)
	}
	return ""
}
