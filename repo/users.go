package repo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

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

// CreateUser implements [auth.Store].
func (s *Store) CreateUser(ctx context.Context, user *auth.User) error {
	row := toUserRow(user)
	err := s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		alike, err := usersAlike(ctx, tx, user.Email)
		if err != nil {
			return err
		}
		if len(alike) > 0 {
			return auth.ErrTaken
		}
		_, err = tx.NewInsert().Model(row).Exec(ctx)
		if isTaken(err) { // by somebody who was faster
			return auth.ErrTaken
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("storing a user: %w", err)
	}
	user.ID = row.ID
	return nil
}

// SetPassword implements [auth.Store].
func (s *Store) SetPassword(ctx context.Context, userID int64, encoded string, at time.Time) (ended int64, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		changed, err := affected(tx.NewUpdate().Model((*userRow)(nil)).
			Set("password = ?", encoded).Where("id = ?", userID).Exec(ctx))
		if err != nil {
			return err
		}
		if changed == 0 {
			return auth.ErrNoRow
		}
		ended, err = affected(tx.NewUpdate().Model((*sessionRow)(nil)).
			Set("revoked_at = ?", at).
			Where("user_id = ?", userID).Where("revoked_at IS NULL").Where("expires_at > ?", at).
			Exec(ctx))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("storing a password: %w", err)
	}
	return ended, nil
}

// The characters of base64, salts and the like: what stands behind the last
// parameter of an encoded password.
const encodedCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=._-"

// PasswordSamples implements [auth.Store]. Passwords are of one kind when they
// are alike but for salt and digest: without the last part (argon2: the last
// two) and, for pbkdf2, scrypt and whatever else, by algorithm and first number.
func (s *Store) PasswordSamples(ctx context.Context) ([]string, error) {
	var samples []string
	err := s.read.NewRaw(`
		SELECT min(password) FROM users_user WHERE password NOT LIKE '!%' GROUP BY CASE
			WHEN password LIKE 'argon2$%' THEN rtrim(rtrim(rtrim(password, ?0), '$'), ?0)
			WHEN password LIKE 'bcrypt%' THEN rtrim(password, ?0)
			WHEN password LIKE 'pbkdf2%' THEN rtrim(rtrim(rtrim(password, ?0), '$'), ?0)
			ELSE substr(password, 1, 13)
		END`, encodedCharacters).Scan(ctx, &samples)
	if err != nil {
		return nil, fmt.Errorf("reading the kinds of password: %w", translate(ctx, err))
	}
	return samples, nil
}

// mostAlike bounds what one address can make the database read. A database with
// that many twins is answered as one with two: nobody.
const mostAlike = 20

// usersAlike reads the users whose address has the same [auth.EmailKey].
//
// The index latchkey_users_user_email_lower narrows them down, and Go decides:
// what lower() makes of a letter outside ASCII depends on the database and its
// locale, so such letters are looked up in both cases.
func usersAlike(ctx context.Context, db bun.IDB, email string) ([]userRow, error) {
	var rows []userRow
	err := db.NewSelect().Model(&rows).
		Where("lower(email) IN (?)", bun.List(caseVariants(email))).
		Limit(mostAlike).Scan(ctx)
	if err != nil {
		return nil, err
	}
	alike := rows[:0]
	for _, row := range rows {
		if auth.EmailKey(row.Email) == auth.EmailKey(email) {
			alike = append(alike, row)
		}
	}
	return alike, nil
}

// mostVariants bounds the spellings of one address: four letters outside ASCII
// in either case. With more of them, only the spellings in which all have the
// same case are looked up.
const mostVariants = 16

// caseVariants gives what lower(email) may be for an address that is alike,
// whether or not lower() knows letters outside ASCII.
func caseVariants(email string) []string {
	key := auth.EmailKey(email)
	variants := []string{""}
	for _, lower := range key {
		upper := unicode.ToUpper(lower)
		cased := lower > unicode.MaxASCII && upper != lower
		if cased && 2*len(variants) > mostVariants {
			return []string{key, upperBeyondASCII(key)}
		}
		for i, variant := range variants {
			variants[i] = variant + string(lower)
			if cased {
				variants = append(variants, variant+string(upper))
			}
		}
	}
	return variants
}

func upperBeyondASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return unicode.ToUpper(r)
		}
		return r
	}, s)
}
