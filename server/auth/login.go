package auth

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"
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
	Client   Client

	channel   Channel
	sessionID string // of the session that is begun
}

// Login checks an e-mail address and a password, begins a session and returns an
// access token for it.
//
// Its errors have CodeInvalidCredentials (whatever the reason, after the same
// time), CodeTooManyAttempts, CodeBusy or CodeUnavailable.
func (s *Service) Login(ctx context.Context, in Credentials) (TokenGrant, error) {
	in.channel, in.sessionID = ChannelAPI, s.newID()
	user, session, err := s.signIn(ctx, in)
	if err != nil {
		return TokenGrant{}, err
	}
	raw, err := s.issue(user.ID, session, session.CreatedAt)
	return TokenGrant{AccessToken: raw, User: user}, err
}

// signIn is what a login is at every channel.
func (s *Service) signIn(ctx context.Context, in Credentials) (User, Session, error) {
	began := s.clock.Now()
	user, session, err := s.admitted(ctx, in)
	if ErrorCode(err) == CodeInvalidCredentials {
		s.minTime.hold(ctx, s.clock, began)
	}
	return user, session, err
}

// admitted logs in whom the pool lets in. Surplus logins are refused before they
// ask the database for anything: a flood of them reaches nothing else.
func (s *Service) admitted(ctx context.Context, in Credentials) (User, Session, error) {
	leave, err := s.passwords.Admit(ctx)
	if err != nil {
		return User{}, Session{}, err
	}
	defer leave()
	return s.login(ctx, in)
}

func (s *Service) login(ctx context.Context, in Credentials) (User, Session, error) {
	now := s.now()
	attempts, err := s.limitAttempts(ctx, in, now)
	if err != nil {
		return User{}, Session{}, err
	}
	for range maxLoginTries {
		user, err := s.checkPassword(ctx, in)
		if ErrorCode(err) == CodeInvalidCredentials {
			return User{}, Session{}, s.refuse(ctx, err, attempts, now)
		}
		if err != nil {
			return User{}, Session{}, err
		}
		user, session, err := s.begin(ctx, user, in, attempts, now)
		if !errors.Is(err, ErrChanged) {
			return user, session, err
		}
	}
	return User{}, Session{}, Busy(ErrChanged)
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
func (s *Service) checkPassword(ctx context.Context, in Credentials) (User, error) {
	user, err := s.lookUp(ctx, in.Email)
	known := err == nil
	if err != nil && !errors.Is(err, ErrNoRow) {
		return User{}, err
	}
	encoded, kind := user.Password, s.passwords.Kind(user.Password)
	if kind == "" {
		encoded = s.dummyHashFor(in.Email)
	}
	check, err := s.passwords.Check(ctx, encoded, in.Password)
	if err != nil {
		return User{}, err
	}
	s.minTime.observe(s.passwords.Kind(encoded), check.Took)
	switch {
	case !known:
		return User{}, invalidCredentials(errors.New("no such user"))
	case kind == "":
		return User{}, invalidCredentials(errors.New("no usable password"))
	case !check.Match:
		return User{}, invalidCredentials(errors.New("wrong password"))
	case !user.IsActive:
		return User{}, invalidCredentials(errors.New("inactive user"))
	case in.channel == ChannelAdmin && !user.IsStaff:
		return User{}, invalidCredentials(errors.New("not a member of staff"))
	}
	return user, nil
}

// lookUp does not ask the store for what no address can be: PostgreSQL would
// answer an error to a NUL.
func (s *Service) lookUp(ctx context.Context, email string) (User, error) {
	if strings.ContainsRune(email, 0) || !utf8.ValidString(email) || utf8.RuneCountInString(email) > MaxEmailLength {
		return User{}, ErrNoRow
	}
	return s.store.UserByEmail(ctx, email)
}

func (s *Service) begin(ctx context.Context, user User, in Credentials, attempts attempts, now time.Time) (User, Session, error) {
	begun := NewSession{
		User:            user,
		UpgradePassword: s.upgrade(ctx, user.Password, in.Password),
		PreviousMark:    passwordMark(user.Password),
	}
	var err error
	if begun.ForgetAttempts, err = s.forgivable(ctx, in.Email, attempts); err != nil {
		return User{}, Session{}, err
	}
	if begun.UpgradePassword != "" {
		user.Password = begun.UpgradePassword
	}
	begun.Session = s.newSession(user, in, now)
	begun.Events = signInEvents(user, in, begun.UpgradePassword != "", now)
	if err := s.store.BeginSession(ctx, begun); err != nil {
		return User{}, Session{}, err
	}
	user.LastLogin = &now
	return user, begun.Session, nil
}

// newSession is the one that a login begins.
func (s *Service) newSession(user User, in Credentials, now time.Time) Session {
	session := Session{
		ID:           in.sessionID,
		UserID:       user.ID,
		Channel:      in.channel,
		CreatedAt:    now,
		RenewedAt:    now,
		ExpiresAt:    now.Add(s.cfg.SessionLifetime),
		Address:      in.Client.Address,
		UserAgent:    cutUserAgent(in.Client.UserAgent),
		PasswordMark: passwordMark(user.Password),
	}
	if in.channel == ChannelAdmin {
		session.ExpiresAt = now.Add(adminLifetime)
		session.ConfirmedAt = &now
	}
	return session
}

func signInEvents(user User, in Credentials, upgraded bool, now time.Time) []Event {
	by := ownActor(user, in.Client)
	by.Channel = in.channel
	events := []Event{by.event(now, ActionSignedIn).onUser(user)}
	if upgraded {
		events = append(events, by.event(now, ActionPasswordUpgraded).onUser(user))
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
