package repo

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// UserByEmail implements [auth.Store].
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

// CountAlike implements [auth.Store].
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
