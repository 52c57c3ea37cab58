package repo

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// UserByEmail implements [signin.Store].
func (s *Store) UserByEmail(ctx context.Context, email string) (auth.User, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	var row userRow
	err := s.read.NewSelect().Model(&row).Where("email = ?", email).Scan(ctx)
	if err == nil {
		return row.user(), nil
	}
	if isUnwritable(err) {
		return auth.User{}, auth.ErrNoRow
	}
	if err := translate(ctx, err); !errors.Is(err, auth.ErrNoRow) {
		return auth.User{}, fmt.Errorf("reading a user: %w", err)
	}
	alike, err := usersAlike(ctx, s.read, email)
	if err != nil {
		return auth.User{}, fmt.Errorf("reading a user: %w", translate(ctx, err))
	}
	if len(alike) != 1 {
		return auth.User{}, auth.ErrNoRow
	}
	return alike[0].user(), nil
}

// CountAlike implements [signin.Store].
func (s *Store) CountAlike(ctx context.Context, email string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	alike, err := usersAlike(ctx, s.read, email)
	if err != nil {
		return 0, fmt.Errorf("reading users: %w", translate(ctx, err))
	}
	return len(alike), nil
}

// usersLock is the PostgreSQL advisory lock of whoever looks for twins before
// storing an address. SQLite has its one writer.
const usersLock = 0x7573657273 // "users"

func (s *Store) lockUsers(ctx context.Context, tx bun.Tx) error {
	if !s.isPostgres() {
		return nil
	}
	_, err := tx.NewRaw("SELECT pg_advisory_xact_lock(?)", usersLock).Exec(ctx)
	return err
}

// mostAlike bounds what one address can make the database read. A database with
// that many twins is answered as one with two: nobody.
const mostAlike = 20

// usersAlike reads the users whose address has the same [auth.EmailKey]. Go
// decides, and an index of ours narrows down what it has to look at: addresses
// in ASCII by their lower case, the few others all together.
func usersAlike(ctx context.Context, db bun.IDB, email string) ([]userRow, error) {
	var rows []userRow
	query := db.NewSelect().Model(&rows).Limit(mostAlike)
	if auth.IsASCII(email) {
		query.Where(dialectOf(db).Lower+" = ?", auth.EmailKey(email))
	} else {
		ids, err := beyondASCII(ctx, db, auth.EmailKey(email))
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		query.Where("id IN (?)", bun.List(ids))
	}
	return rows, query.Scan(ctx)
}

// beyondASCII returns the ids of users whose address has a character outside ASCII
// and this key.
func beyondASCII(ctx context.Context, db bun.IDB, key string) (ids []int64, err error) {
	found, err := db.NewSelect().Model((*userRow)(nil)).Column("id", "email").Where(dialectOf(db).BeyondASCII).Rows(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		var id int64
		var email string
		if err := found.Scan(&id, &email); err != nil {
			return nil, err
		}
		if auth.EmailKey(email) == key && len(ids) < mostAlike {
			ids = append(ids, id)
		}
	}
	return ids, found.Err()
}

// Account implements [accounts.UserStore].
func (s *Store) Account(ctx context.Context, id int64) (auth.Account, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	account, err := readAccount(ctx, s.read, id, false)
	if err != nil {
		return auth.Account{}, fmt.Errorf("reading an account: %w", translate(ctx, err))
	}
	return account, nil
}

func readAccount(ctx context.Context, db bun.IDB, id int64, lock bool) (auth.Account, error) {
	var row userRow
	query := db.NewSelect().Model(&row).Where("id = ?", id)
	if lock && dialectOf(db).Postgres {
		query.For("UPDATE")
	}
	if err := query.Scan(ctx); err != nil {
		return auth.Account{}, translate(ctx, err)
	}
	account := auth.Account{User: row.user(), Groups: []int64{}, Permissions: []int64{}}
	var err error
	if account.Locked, err = db.NewSelect().Model((*attemptRow)(nil)).Where("user_id = ?", id).Exists(ctx); err != nil {
		return auth.Account{}, err
	}
	err = db.NewSelect().Table("users_user_groups").Column("group_id").Where("user_id = ?", id).Order("group_id").Scan(ctx, &account.Groups)
	if err != nil {
		return auth.Account{}, err
	}
	err = db.NewSelect().Table("users_user_user_permissions").Column("permission_id").Where("user_id = ?", id).Order("permission_id").Scan(ctx, &account.Permissions)
	return account, err
}

// PermissionsOf implements [auth.PermissionReader].
func (s *Store) PermissionsOf(ctx context.Context, userID int64) ([]auth.PermissionName, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	held, err := permissionsOf(ctx, s.read, userID)
	if err != nil {
		return nil, fmt.Errorf("reading permissions: %w", translate(ctx, err))
	}
	return held, nil
}

const permissionsQuery = `
	SELECT c.app_label || '.' || p.codename FROM auth_permission AS p JOIN django_content_type AS c ON c.id = p.content_type_id
	WHERE p.id IN (SELECT permission_id FROM users_user_user_permissions WHERE user_id = ?0)
	OR p.id IN (SELECT gp.permission_id FROM auth_group_permissions AS gp JOIN users_user_groups AS ug ON ug.group_id = gp.group_id WHERE ug.user_id = ?0)`

func permissionsOf(ctx context.Context, db bun.IDB, userID int64) ([]auth.PermissionName, error) {
	var held []auth.PermissionName
	err := db.NewRaw(permissionsQuery, userID).Scan(ctx, &held)
	return held, err
}

// CountSuperusers implements [accounts.UserStore].
func (s *Store) CountSuperusers(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	count, err := countSuperusers(ctx, s.read)
	if err != nil {
		return 0, fmt.Errorf("counting superusers: %w", translate(ctx, err))
	}
	return count, nil
}
