package authtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// BeginSession implements [signin.Store].
func (f *Store) BeginSession(_ context.Context, login signin.NewSession) error {
	f.Begun = append(f.Begun, login)
	if f.OnBegin != nil {
		if err := f.OnBegin(login); err != nil {
			return err
		}
	}
	user := f.User(login.User.ID)
	if user == nil || user.Password != login.User.Password || !user.IsActive {
		return fmt.Errorf("beginning a session: %w", auth.ErrChanged)
	}
	if login.UpgradePassword != "" {
		user.Password = login.UpgradePassword
	}
	f.settle(login.Attempts)
	f.Sessions[login.Session.ID] = login.Session
	f.Append(login.Events)
	return nil
}

// SessionByID implements [signin.Store].
func (f *Store) SessionByID(_ context.Context, id string) (auth.Session, auth.User, error) {
	session, known := f.Sessions[id]
	if f.Err != nil {
		return auth.Session{}, auth.User{}, f.Err
	}
	user := f.User(session.UserID)
	if !known || user == nil {
		return auth.Session{}, auth.User{}, fmt.Errorf("reading a session: %w", auth.ErrNoRow)
	}
	return session, *user, nil
}

// RenewSession implements [signin.Store].
func (f *Store) RenewSession(_ context.Context, id string, at time.Time) error {
	session, known := f.Sessions[id]
	if !known || session.RevokedAt != nil {
		return fmt.Errorf("renewing a session: %w", auth.ErrNoRow)
	}
	session.RenewedAt = at
	f.Sessions[id] = session
	return f.Err
}

// ConfirmSession implements [signin.Store].
func (f *Store) ConfirmSession(_ context.Context, id string, at time.Time) error {
	session, known := f.Sessions[id]
	if !known || session.RevokedAt != nil {
		return fmt.Errorf("confirming a session: %w", auth.ErrNoRow)
	}
	session.ConfirmedAt = &at
	f.Sessions[id] = session
	return f.Err
}

// RevokeSession implements [signin.Store].
func (f *Store) RevokeSession(_ context.Context, id string, at time.Time, event auth.Event) error {
	if f.RevokeErr != nil {
		return f.RevokeErr
	}
	if f.End(id, at) {
		f.Append([]auth.Event{event})
	}
	return f.Err
}

// End ends a session; it reports whether it was not over yet.
func (f *Store) End(id string, at time.Time) bool {
	session, known := f.Sessions[id]
	if !known || session.IsOver(at) {
		return false
	}
	session.RevokedAt = &at
	f.Sessions[id] = session
	return true
}

// EndSessions implements [accounts.SessionTx].
func (c *changes) EndSessions(_ context.Context, userID int64, at time.Time, except string) (int64, error) {
	ended := int64(0)
	for id, session := range c.Sessions {
		if session.UserID == userID && id != except && c.End(id, at) {
			ended++
		}
	}
	return ended, nil
}

// EndSession implements [accounts.SessionTx].
func (c *changes) EndSession(_ context.Context, id string, at time.Time) (bool, error) {
	return c.End(id, at), nil
}

// MarkSession implements [accounts.SessionTx].
func (c *changes) MarkSession(_ context.Context, id, passwordMark string) error {
	if session, known := c.Sessions[id]; known {
		session.PasswordMark = passwordMark
		c.Sessions[id] = session
	}
	return nil
}

// LiveSessions implements [accounts.SessionStore].
func (f *Store) LiveSessions(_ context.Context, of accounts.LiveSessions) ([]auth.Session, error) {
	var live []auth.Session
	for _, session := range f.Sessions {
		renewedAfter, open := of.RenewedAfter[session.Channel]
		if session.UserID == of.UserID && session.PasswordMark == of.PasswordMark && !session.IsOver(of.At) &&
			open && session.RenewedAt.After(renewedAfter) {
			live = append(live, session)
		}
	}
	slices.SortFunc(live, func(a, b auth.Session) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	return live[:min(len(live), of.Limit)], f.Err
}

// ListSessions implements [accounts.SessionStore], whatever is asked for.
func (f *Store) ListSessions(context.Context, auth.ListParams) (auth.Page[auth.UserSession], error) {
	var page auth.Page[auth.UserSession]
	for _, session := range f.Sessions {
		page.Items = append(page.Items, auth.UserSession{Session: session})
	}
	return page, f.Err
}
