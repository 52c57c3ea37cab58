package repo

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth"
)

type tokenRow struct {
	bun.BaseModel `bun:"table:latchkey_one_time_token,alias:t"`

	Hash      string     `bun:"hash,pk"`
	Kind      string     `bun:"kind"`
	UserID    *int64     `bun:"user_id"`
	ExpiresAt time.Time  `bun:"expires_at"`
	UsedAt    *time.Time `bun:"used_at"`
}

var _ = declare(table{name: "latchkey_one_time_token", key: "hash", user: "user_id", called: "one-time links", expires: "expires_at"})

// AddToken implements [accounts.TokenStore].
func (s *Store) AddToken(ctx context.Context, token auth.OneTimeToken) error {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	row := &tokenRow{Hash: token.Hash, Kind: string(token.Kind), ExpiresAt: token.ExpiresAt}
	if token.UserID != 0 {
		row.UserID = &token.UserID
	}
	if _, err := s.write.NewInsert().Model(row).Exec(ctx); err != nil {
		return fmt.Errorf("storing a one-time token: %w", translate(ctx, err))
	}
	return nil
}

// TokenIsOpen implements [accounts.TokenStore].
func (s *Store) TokenIsOpen(ctx context.Context, kind auth.TokenKind, hash string, at time.Time) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	open, err := s.read.NewSelect().Model((*tokenRow)(nil)).
		Where("hash = ?", hash).Where("kind = ?", string(kind)).Where("used_at IS NULL").Where("expires_at > ?", at).Exists(ctx)
	if err != nil {
		return false, fmt.Errorf("reading a one-time token: %w", translate(ctx, err))
	}
	return open, nil
}

// UseToken implements [accounts.TokenTx].
func (c *changes) UseToken(ctx context.Context, kind auth.TokenKind, hash string, at time.Time) error {
	changed, err := affected(c.db.NewUpdate().Model((*tokenRow)(nil)).Set("used_at = ?", at).
		Where("hash = ?", hash).Where("kind = ?", string(kind)).Where("used_at IS NULL").Where("expires_at > ?", at).Exec(ctx))
	if err == nil && changed == 0 {
		return auth.ErrNoRow
	}
	return err
}
