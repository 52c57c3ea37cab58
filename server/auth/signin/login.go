package signin

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// maxLoginTries bounds how often a login looks again because its user changed
// under it. Twenty simultaneous logins of one user whose hash is to be upgraded
// need two.
const maxLoginTries = 3

// writeAnyway bounds work that goes on although the client has hung up.
const writeAnyway = 3 * time.Second

// maxUserAgent is what a session keeps of a user agent, in bytes.
const maxUserAgent = 512

// Credentials is what a login is asked with.
type Credentials struct {
	Email    string
	Password string // exactly as received
	Client   auth.Client
	// DeviceToken is that of an earlier login on the same device, or "".
	DeviceToken string
}

// Login checks an e-mail address and a password, begins a session and returns an
// access token for it.
//
// Its errors have CodeInvalidCredentials (whatever the reason, after the same
// time), CodeTooManyAttempts, CodeBusy or CodeUnavailable; CodeInvalid when the password
// is too long to be anybody's, which is no guess and not counted as one.
func (s *Service) Login(ctx context.Context, in Credentials) (auth.TokenGrant, error) {
	l, err := s.signIn(ctx, in, auth.ChannelAPI, s.newID())
	if err != nil {
		return auth.TokenGrant{}, err
	}
	if s.signedIn != nil {
		s.signedIn(ctx, l.user, in.Client)
	}
	raw, err := s.issue(ctx, l.session, l.session.CreatedAt)
	if err != nil {
		return auth.TokenGrant{}, err
	}
	token, err := s.deviceToken(l)
	return auth.TokenGrant{AccessToken: raw, User: l.user, DeviceToken: token}, err
}

// login is how far one has come.
type login struct {
	in        Credentials
	channel   auth.Channel
	sessionID string // of the session that is to begin
	began     time.Time
	attempt   attempt
	tries     int

	user    auth.User    // once the address was looked up; the zero User when nobody has it
	session auth.Session // at the end
}

// step is one thing that a login takes. It returns the next one, nil after the last, or
// what the login stops with. A second factor is a step between the password and the
// session.
type step func(ctx context.Context, l *login) (next step, err error)

// signIn is what a login is on every channel.
func (s *Service) signIn(ctx context.Context, in Credentials, channel auth.Channel, sessionID string) (*login, error) {
	if err := auth.CheckPasswordLength("password", in.Password); err != nil {
		return nil, err
	}
	in.Email = auth.TrimEmail(in.Email)
	began := s.clock.Now()
	l := &login{in: in, channel: channel, sessionID: sessionID}
	err := s.admitted(ctx, l)
	if auth.ErrorCode(err) == auth.CodeInvalidCredentials {
		s.minTime.hold(ctx, s.clock, began)
	}
	return l, err
}

// admitted logs in whom the pool lets in. Surplus logins are refused before they
// ask the database for anything: a flood of them reaches nothing else.
func (s *Service) admitted(ctx context.Context, l *login) error {
	leave, err := s.passwords.Admit(ctx, l.in.Client)
	if err != nil {
		return err
	}
	defer leave()
	l.began = s.now()
	if l.attempt, err = s.reserveLogin(ctx, l.in, l.began); err != nil {
		return err
	}
	defer func() { s.end(l.attempt) }() // the one that it is by then
	if err = s.proceed(ctx, l); err != nil {
		s.fail(ctx, l.attempt, l.user, l.in.Client, l.channel, err)
	}
	return err
}

// proceed takes the steps of a login that may be tried.
func (s *Service) proceed(ctx context.Context, l *login) (err error) {
	for next := s.passwordStep; next != nil; {
		if next, err = next(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// passwordStep finds the user and checks the password.
func (s *Service) passwordStep(ctx context.Context, l *login) (step, error) {
	if err := s.lookUp(ctx, l); err != nil {
		return nil, err
	}
	if err := s.checkPassword(ctx, l); err != nil {
		return nil, err
	}
	return s.sessionStep, nil
}

// sessionStep begins the session. When the user has changed since the password was
// checked, it is checked again.
func (s *Service) sessionStep(ctx context.Context, l *login) (step, error) {
	err := s.begin(ctx, l)
	if !errors.Is(err, auth.ErrChanged) {
		return nil, err
	}
	if l.tries++; l.tries == maxLoginTries {
		return nil, auth.Busy(auth.ErrChanged)
	}
	return s.passwordStep, nil
}

// checkPassword returns nil when the user may sign in with the password. Whoever
// cannot sign in costs the same work as whoever mistypes the password.
func (s *Service) checkPassword(ctx context.Context, l *login) error {
	encoded, usable := l.user.Password, s.passwords.IsUsable(l.user.Password)
	if !usable {
		encoded = s.dummyHashFor(l.in.Email)
	}
	check, err := s.passwords.Check(ctx, encoded, l.in.Password)
	if err != nil {
		return err
	}
	s.minTime.observe(s.passwords.Kind(encoded), check.Took)
	switch {
	case l.user.ID == 0:
		return auth.InvalidCredentials(errors.New("no such user"))
	case !usable:
		return auth.InvalidCredentials(errors.New("no usable password"))
	case !check.Match:
		return auth.InvalidCredentials(errors.New("wrong password"))
	}
	if err := l.user.CheckChannel(l.channel); err != nil {
		return auth.InvalidCredentials(err)
	}
	return nil
}

// lookUp finds the user whose address was typed; nobody is no error.
func (s *Service) lookUp(ctx context.Context, l *login) error {
	l.user = auth.User{}
	if auth.IsPossibleEmail(l.in.Email) {
		user, err := s.store.UserByEmail(ctx, l.in.Email)
		if err != nil && !errors.Is(err, auth.ErrNoRow) {
			return err
		}
		if err == nil {
			l.user = user
		}
	}
	if l.attempt.device.id != "" && l.attempt.device.userID != l.user.ID {
		return s.asStranger(ctx, l)
	}
	return nil
}

// deviceToken returns the token by which the device is known at the next login: the same
// device's as before, if it was one of this user's.
func (s *Service) deviceToken(l *login) (string, error) {
	d := l.attempt.device
	if d.id == "" {
		d = device{id: s.newDevice(), userID: l.user.ID}
	}
	return s.sealDevice(d, l.user.Email, l.began)
}

// begin stores the session, and what else a login changes.
func (s *Service) begin(ctx context.Context, l *login) error {
	user := l.user
	begun := NewSession{
		User:            user,
		UpgradePassword: s.upgrade(ctx, user.Password, l.in.Password),
		PreviousMark:    auth.PasswordMark(user.Password),
	}
	var err error
	if begun.Attempts, err = s.settlement(ctx, l); err != nil {
		return err
	}
	if begun.UpgradePassword != "" {
		user.Password = begun.UpgradePassword
	}
	begun.Session = s.newSession(user, l)
	begun.Events = signInEvents(user, begun, l)
	if err := s.store.BeginSession(ctx, begun); err != nil {
		return err
	}
	user.LastLogin = &l.began
	l.user, l.session = user, begun.Session
	return nil
}

// newSession returns the one that a login begins.
func (s *Service) newSession(user auth.User, l *login) auth.Session {
	lifetime := s.cfg.SessionLifetime
	if l.channel == auth.ChannelAdmin {
		lifetime = auth.AdminLifetime
	}
	return auth.Session{
		ID:           l.sessionID,
		UserID:       user.ID,
		Channel:      l.channel,
		CreatedAt:    l.began,
		RenewedAt:    l.began,
		ExpiresAt:    l.began.Add(lifetime),
		Address:      l.in.Client.Address,
		UserAgent:    cutUserAgent(l.in.Client.UserAgent),
		PasswordMark: auth.PasswordMark(user.Password),
		ConfirmedAt:  &l.began,
	}
}

func signInEvents(user auth.User, begun NewSession, l *login) []auth.Event {
	by := auth.InSession(user, begun.Session, l.in.Client, auth.Rights{})
	events := []auth.Event{by.Event(l.began, auth.ActionSignedIn).OnUser(user)}
	if begun.UpgradePassword != "" {
		events = append(events, by.Event(l.began, auth.ActionPasswordUpgraded).OnUser(user))
	}
	return events
}

// upgrade returns the password in the current encoding when it is stored in a
// weaker one. That it cannot be made is no reason to refuse a login that is right:
// the next one upgrades.
func (s *Service) upgrade(ctx context.Context, encoded, password string) string {
	if !s.passwords.Outdated(encoded) {
		return ""
	}
	upgraded, err := s.passwords.Hash(ctx, password)
	if err != nil {
		s.log.WarnContext(ctx, "the password was not upgraded", "error", err)
		return ""
	}
	return upgraded
}

// cutUserAgent keeps what a user agent may be by RFC 9110, section 5.5: visible
// ASCII and spaces. A database may not hold more.
func cutUserAgent(agent string) string {
	printable := func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}
	agent = strings.Map(printable, agent)
	return agent[:min(len(agent), maxUserAgent)]
}
