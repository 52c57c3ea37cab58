package repo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
)

// Change implements [accounts.Transactor].
func (s *Store) Change(ctx context.Context, f func(ctx context.Context, tx accounts.Tx) error) error {
	err := s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := s.lockUsers(ctx, tx); err != nil {
			return err
		}
		c := &changes{db: tx}
		if err := f(ctx, accounts.Tx{Users: c, Groups: c, Sessions: c, Tokens: c, Events: c}); err != nil {
			return err
		}
		return record(ctx, tx, c.events)
	})
	s.lists.ForgetRowCounts()
	return referred(err)
}

// changes is one transaction: what an [accounts.Tx] can change.
type changes struct {
	db     bun.Tx
	events []auth.Event
}

// Account implements [accounts.UserTx].
func (c *changes) Account(ctx context.Context, id int64) (auth.Account, error) {
	return readAccount(ctx, c.db, id, true)
}

// SessionByID implements [accounts.SessionTx].
func (c *changes) SessionByID(ctx context.Context, id string) (auth.Session, auth.User, error) {
	var session sessionRow
	var user userRow
	err := c.db.Tx.QueryRowContext(ctx, sessionQuery, id).Scan(sessionFields(&session, &user)...)
	return session.session(), user.user(), translate(ctx, err)
}

// PermissionsOf implements [auth.PermissionReader].
func (c *changes) PermissionsOf(ctx context.Context, userID int64) ([]auth.PermissionName, error) {
	return permissionsOf(ctx, c.db, userID)
}

// CountSuperusers implements [accounts.UserTx].
func (c *changes) CountSuperusers(ctx context.Context) (int, error) {
	return countSuperusers(ctx, c.db)
}

// countSuperusers compares, since SQLite uses an index for nothing less.
func countSuperusers(ctx context.Context, db bun.IDB) (int, error) {
	count, err := db.NewSelect().Model((*userRow)(nil)).Where("is_superuser = ?", true).Count(ctx)
	return int(count), err
}

// EachSuperuser implements [accounts.UserTx].
func (c *changes) EachSuperuser(ctx context.Context, f func(auth.User) (goOn bool)) (err error) {
	rows, err := c.db.NewSelect().Model((*userRow)(nil)).Where("is_superuser = ?", true).Rows(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var row userRow
		if err := c.db.NewSelect().DB().ScanRow(ctx, rows, &row); err != nil {
			return err
		}
		if !f(row.user()) {
			return nil
		}
	}
	return rows.Err()
}

// InsertUser implements [accounts.UserTx].
func (c *changes) InsertUser(ctx context.Context, user *auth.User) error {
	alike, err := usersAlike(ctx, c.db, user.Email)
	if err != nil {
		return err
	}
	if len(alike) > 0 {
		return auth.ErrTaken
	}
	row := toUserRow(user)
	if _, err := c.db.NewInsert().Model(row).Exec(ctx); err != nil {
		return taken(err) // by somebody who was faster
	}
	user.ID = row.ID
	return nil
}

// UpdateUser implements [accounts.UserTx].
func (c *changes) UpdateUser(ctx context.Context, was, is auth.User) error {
	if is.Email != was.Email {
		alike, err := usersAlike(ctx, c.db, is.Email)
		if err != nil {
			return err
		}
		for _, other := range alike {
			if other.ID != is.ID {
				return auth.ErrTaken
			}
		}
	}
	_, err := c.db.NewUpdate().Model(toUserRow(&is)).
		Column("email", "first_name", "last_name", "is_active", "is_staff", "is_superuser").WherePK().Exec(ctx)
	return taken(err)
}

func taken(err error) error {
	if err != nil && isTaken(err) {
		return auth.ErrTaken
	}
	return err
}

// SetPassword implements [accounts.UserTx].
func (c *changes) SetPassword(ctx context.Context, userID int64, encoded string) error {
	changed, err := affected(c.db.NewUpdate().Model((*userRow)(nil)).
		Set("password = ?", encoded).Where("id = ?", userID).Exec(ctx))
	if err == nil && changed == 0 {
		return auth.ErrNoRow
	}
	return err
}

// SetGroups implements [accounts.UserTx].
func (c *changes) SetGroups(ctx context.Context, userID int64, groups []int64) error {
	return c.setLinks(ctx, "users_user_groups", "user_id", "group_id", userID, groups)
}

// SetPermissions implements [accounts.UserTx].
func (c *changes) SetPermissions(ctx context.Context, userID int64, permissions []int64) error {
	return c.setLinks(ctx, "users_user_user_permissions", "user_id", "permission_id", userID, permissions)
}

// setLinks makes the rows that link one id to others those and no more. What is
// linked already keeps its row, as in Django.
func (c *changes) setLinks(ctx context.Context, table, from, to string, id int64, ids []int64) error {
	remove := c.db.NewDelete().Table(table).Where("? = ?", bun.Ident(from), id)
	if len(ids) > 0 {
		remove.Where("? NOT IN (?)", bun.Ident(to), bun.List(ids))
	}
	if _, err := remove.Exec(ctx); err != nil {
		return err
	}
	for _, each := range ids {
		_, err := c.db.NewRaw("INSERT INTO ?0 (?1, ?2) SELECT ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM ?0 WHERE ?1 = ?3 AND ?2 = ?4)",
			bun.Ident(table), bun.Ident(from), bun.Ident(to), id, each).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteUser implements [accounts.UserTx].
func (c *changes) DeleteUser(ctx context.Context, id int64) error {
	err := eachOfUsers(ctx, c.db, func(t table) error {
		_, err := c.db.NewDelete().Table(t.name).Where("? = ?", bun.Ident(t.user), id).Exec(ctx)
		return err
	})
	if err != nil {
		return err
	}
	_, err = c.db.NewDelete().Model((*userRow)(nil)).Where("id = ?", id).Exec(ctx)
	return err
}

// referred tells of a reference that would lead nowhere. Django's are deferred, so
// it is found when the transaction ends.
func referred(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "23503" {
		return fmt.Errorf("%w: %s", auth.ErrReferred, e.TableName)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY {
		return fmt.Errorf("%w: %w", auth.ErrReferred, err)
	}
	return err
}

// EndSessions implements [accounts.SessionTx].
func (c *changes) EndSessions(ctx context.Context, userID int64, at time.Time, except string) (int64, error) {
	return affected(c.db.NewUpdate().Model((*sessionRow)(nil)).
		Set("revoked_at = ?", at).
		Where("user_id = ?", userID).Where("revoked_at IS NULL").Where("expires_at > ?", at).Where("id <> ?", except).
		Exec(ctx))
}

// EndSession implements [accounts.SessionTx].
func (c *changes) EndSession(ctx context.Context, id string, at time.Time) (bool, error) {
	return endSession(ctx, c.db, id, at)
}

// MarkSession implements [accounts.SessionTx].
func (c *changes) MarkSession(ctx context.Context, id, passwordMark string) error {
	_, err := c.db.NewUpdate().Model((*sessionRow)(nil)).Set("password_mark = ?", passwordMark).Where("id = ?", id).Exec(ctx)
	return err
}

// Permissions implements [accounts.GroupTx].
func (c *changes) Permissions(ctx context.Context) ([]auth.Permission, error) {
	return readPermissions(ctx, c.db)
}

// Groups implements [accounts.GroupTx].
func (c *changes) Groups(ctx context.Context) ([]auth.Group, error) { return readGroups(ctx, c.db, 0) }

// Group implements [accounts.GroupTx].
func (c *changes) Group(ctx context.Context, id int64) (auth.Group, error) {
	return readGroup(ctx, c.db, id)
}

// SaveGroup implements [accounts.GroupTx].
func (c *changes) SaveGroup(ctx context.Context, group *auth.Group) error {
	row := &groupRow{ID: group.ID, Name: group.Name}
	var err error
	if row.ID == 0 {
		_, err = c.db.NewInsert().Model(row).Exec(ctx)
	} else {
		_, err = c.db.NewUpdate().Model(row).WherePK().Exec(ctx)
	}
	if err != nil {
		return taken(err)
	}
	group.ID = row.ID
	return c.setLinks(ctx, "auth_group_permissions", "group_id", "permission_id", group.ID, group.Permissions)
}

// DeleteGroup implements [accounts.GroupTx].
func (c *changes) DeleteGroup(ctx context.Context, id int64) error {
	for _, table := range []string{"users_user_groups", "auth_group_permissions"} {
		if _, err := c.db.NewDelete().Table(table).Where("group_id = ?", id).Exec(ctx); err != nil {
			return err
		}
	}
	_, err := c.db.NewDelete().Model((*groupRow)(nil)).Where("id = ?", id).Exec(ctx)
	return err
}

// LastEvent implements [accounts.EventTx].
func (c *changes) LastEvent(ctx context.Context, kind, targetID string, action auth.Action) (auth.Event, error) {
	event, err := lastEvent(ctx, c.db, kind, targetID, action)
	return event, translate(ctx, err)
}

// Record implements [accounts.EventTx].
func (c *changes) Record(event auth.Event) { c.events = append(c.events, event) }
