package repo

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// BeginSession implements [signin.Store].
func (s *Store) BeginSession(ctx context.Context, login signin.NewSession) error {
	err := s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := noteLogin(ctx, tx, login); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(toSessionRow(&login.Session)).Exec(ctx); err != nil {
			return err
		}
		if err := settle(ctx, tx, login.Attempts); err != nil {
			return err
		}
		return record(ctx, tx, login.Events)
	})
	if err != nil {
		return fmt.Errorf("beginning a session: %w", err)
	}
	return nil
}

// noteLogin changes the user only if the password is still the one that was
// checked: else a password that was changed meanwhile would let a session in.
func noteLogin(ctx context.Context, tx bun.Tx, login signin.NewSession) error {
	update := tx.NewUpdate().Model((*userRow)(nil)).
		Set("last_login = ?", login.Session.CreatedAt).
		Where("id = ?", login.User.ID).
		Where("password = ?", login.User.Password).
		Where("is_active")
	if login.UpgradePassword != "" {
		update.Set("password = ?", login.UpgradePassword)
	}
	changed, err := affected(update.Exec(ctx))
	if err != nil {
		return err
	}
	if changed == 0 {
		return auth.ErrChanged
	}
	if login.UpgradePassword == "" {
		return nil
	}
	// It is the same password: the user's other sessions go on.
	_, err = tx.NewUpdate().Model((*sessionRow)(nil)).
		Set("password_mark = ?", login.Session.PasswordMark).
		Where("user_id = ?", login.User.ID).
		Where("password_mark = ?", login.PreviousMark).
		Exec(ctx)
	return err
}

// sessionQuery is asked for every request.
const sessionQuery = `
	SELECT s.id, s.user_id, s.channel, s.created_at, s.renewed_at, s.expires_at, s.revoked_at, s.address, s.user_agent, s.password_mark, s.confirmed_at,
		u.id, u.password, u.last_login, u.is_superuser, u.first_name, u.last_name, u.is_staff, u.is_active, u.date_joined, u.email
	FROM latchkey_session AS s JOIN users_user AS u ON u.id = s.user_id
	WHERE s.id = $1`

// sessionFields are what sessionQuery reads, in its order.
func sessionFields(session *sessionRow, user *userRow) []any {
	return []any{
		&session.ID, &session.UserID, &session.Channel, &session.CreatedAt, &session.RenewedAt, &session.ExpiresAt,
		&session.RevokedAt, &session.Address, &session.UserAgent, &session.PasswordMark, &session.ConfirmedAt,
		&user.ID, &user.Password, &user.LastLogin, &user.IsSuperuser, &user.FirstName,
		&user.LastName, &user.IsStaff, &user.IsActive, &user.DateJoined, &user.Email,
	}
}

// SessionByID implements [signin.Store].
func (s *Store) SessionByID(ctx context.Context, id string) (auth.Session, auth.User, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	var session sessionRow
	var user userRow
	err := s.sessionByID.scan(ctx, []any{id}, sessionFields(&session, &user))
	if err != nil {
		return auth.Session{}, auth.User{}, fmt.Errorf("reading a session: %w", translate(ctx, err))
	}
	return session.session(), user.user(), nil
}

// LiveSessions implements [accounts.SessionStore].
func (s *Store) LiveSessions(ctx context.Context, of accounts.LiveSessions) ([]auth.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	var rows []sessionRow
	query := s.read.NewSelect().Model(&rows).
		Where("user_id = ?", of.UserID).Where("password_mark = ?", of.PasswordMark).
		Where("revoked_at IS NULL").Where("expires_at > ?", of.At).
		WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			q.Where("1 = 0") // of no channel, unless of one of these
			for channel, renewedAfter := range of.RenewedAfter {
				q.WhereOr("channel = ? AND renewed_at > ?", string(channel), renewedAfter)
			}
			return q
		}).
		Order("created_at DESC", "id DESC").Limit(int64(of.Limit))
	if err := query.Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading sessions: %w", translate(ctx, err))
	}
	sessions := make([]auth.Session, 0, len(rows))
	for i := range rows {
		sessions = append(sessions, rows[i].session())
	}
	return sessions, nil
}

// RenewSession implements [signin.Store].
func (s *Store) RenewSession(ctx context.Context, id string, at time.Time) error {
	return s.noteInSession(ctx, id, "renewed_at", at)
}

// ConfirmSession implements [signin.Store].
func (s *Store) ConfirmSession(ctx context.Context, id string, at time.Time) error {
	return s.noteInSession(ctx, id, "confirmed_at", at)
}

func (s *Store) noteInSession(ctx context.Context, id, column string, at time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	changed, err := affected(s.write.NewUpdate().Model((*sessionRow)(nil)).
		Set("? = ?", bun.Ident(column), at).
		Where("id = ?", id).Where("revoked_at IS NULL").
		Exec(ctx))
	if err != nil {
		return fmt.Errorf("renewing a session: %w", translate(ctx, err))
	}
	if changed == 0 {
		return auth.ErrNoRow
	}
	return nil
}

// RevokeSession implements [signin.Store].
func (s *Store) RevokeSession(ctx context.Context, id string, at time.Time, event auth.Event) error {
	err := s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		ended, err := endSession(ctx, tx, id, at)
		if err != nil || !ended {
			return err
		}
		return record(ctx, tx, []auth.Event{event})
	})
	if err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

func endSession(ctx context.Context, tx bun.Tx, id string, at time.Time) (bool, error) {
	changed, err := affected(tx.NewUpdate().Model((*sessionRow)(nil)).
		Set("revoked_at = ?", at).
		Where("id = ?", id).Where("revoked_at IS NULL").Where("expires_at > ?", at).
		Exec(ctx))
	return changed > 0, err
}

// affected returns how many rows a statement changed.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
