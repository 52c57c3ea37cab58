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
}

// Login checks an e-mail address and a password, begins a session and returns an
// access token for it.
//
// Its errors have CodeInvalidCredentials (whatever the reason, after the same
// time), CodeTooManyAttempts, CodeBusy or CodeUnavailable.
func (s *Service) Login(ctx context.Context, in Credentials) (auth.TokenGrant, error) {
	l, err := s.signIn(ctx, in, auth.ChannelAPI, s.newID())
	if err != nil {
		return auth.TokenGrant{}, err
	}
	raw, err := s.issue(ctx, l.session, l.session.CreatedAt)
	return auth.TokenGrant{AccessToken: raw, User: l.user}, err
}

// login is how far one has come.
type login struct {
	in        Credentials
	channel   auth.Channel
	sessionID string // of the session that is to begin
	began     time.Time
	attempts  attempts
	tries     int

	user    auth.User    // once the password was checked
	session auth.Session // at the end
}

// step is one thing that a login takes. It returns the next one, nil after the last, or
// what the login stops with. A second factor is a step between the password and the
// session.
type step func(ctx context.Context, l *login) (next step, err error)

// signIn is what a login is on every channel.
func (s *Service) signIn(ctx context.Context, in Credentials, channel auth.Channel, sessionID string) (*login, error) {
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
	leave, err := s.passwords.Admit(ctx)
	if err != nil {
		return err
	}
	defer leave()
	l.began = s.now()
	if l.attempts, err = s.limitAttempts(ctx, l.in, l.began); err != nil {
		return err
	}
	for next := s.passwordStep; next != nil; {
		if next, err = next(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// passwordStep finds the user and checks the password.
func (s *Service) passwordStep(ctx context.Context, l *login) (step, error) {
	user, err := s.checkPassword(ctx, l)
	if auth.ErrorCode(err) == auth.CodeInvalidCredentials {
		return nil, s.refuse(ctx, err, l.attempts, l.began)
	}
	l.user = user
	return s.sessionStep, err
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

// refuse counts a failed login. What cannot be counted is not answered either: a
// database that is gone would be a way to guess without limit.
func (s *Service) refuse(ctx context.Context, refusal error, attempts attempts, now time.Time) error {
	if err := s.countFailure(ctx, attempts.keys, now); err != nil {
		return err
	}
	return refusal
}

// checkPassword returns the user whose address and password these are. Whoever
// cannot sign in costs the same work as whoever mistypes the password.
func (s *Service) checkPassword(ctx context.Context, l *login) (auth.User, error) {
	user, err := s.lookUp(ctx, l.in.Email)
	known := err == nil
	if err != nil && !errors.Is(err, auth.ErrNoRow) {
		return auth.User{}, err
	}
	encoded, usable := user.Password, s.passwords.IsUsable(user.Password)
	if !usable {
		encoded = s.dummyHashFor(l.in.Email)
	}
	check, err := s.passwords.Check(ctx, encoded, l.in.Password)
	if err != nil {
		return auth.User{}, err
	}
	s.minTime.observe(s.passwords.Kind(encoded), check.Took)
	switch {
	case !known:
		return auth.User{}, auth.InvalidCredentials(errors.New("no such user"))
	case !usable:
		return auth.User{}, auth.InvalidCredentials(errors.New("no usable password"))
	case !check.Match:
		return auth.User{}, auth.InvalidCredentials(errors.New("wrong password"))
	}
	if err := user.CheckChannel(l.channel); err != nil {
		return auth.User{}, auth.InvalidCredentials(err)
	}
	return user, nil
}

func (s *Service) lookUp(ctx context.Context, email string) (auth.User, error) {
	if !auth.IsPossibleEmail(email) {
		return auth.User{}, auth.ErrNoRow
	}
	return s.store.UserByEmail(ctx, email)
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
	if begun.ForgetAttempts, err = s.forgivable(ctx, l.in.Email, l.attempts); err != nil {
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
