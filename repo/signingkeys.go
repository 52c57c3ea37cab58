package repo

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
)

type signingKeyRow struct {
	bun.BaseModel `bun:"table:latchkey_signing_key,alias:k"`

	ID        string     `bun:"id,pk"`
	Public    string     `bun:"public_key"`
	Sealed    string     `bun:"sealed"`
	CreatedAt time.Time  `bun:"created_at"`
	SignsFrom time.Time  `bun:"signs_from"`
	ExpiresAt *time.Time `bun:"expires_at"`
	RevokedAt *time.Time `bun:"revoked_at"`
}

var _ = declare(table{name: "latchkey_signing_key", key: "id", expires: "expires_at"})

// SigningKeys implements [keys.Store].
func (s *Store) SigningKeys(ctx context.Context) ([]keys.Key, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	var rows []signingKeyRow
	if err := s.read.NewSelect().Model(&rows).Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading the signing keys: %w", translate(ctx, err))
	}
	found := make([]keys.Key, 0, len(rows))
	for _, row := range rows {
		public, err := base64.RawURLEncoding.DecodeString(row.Public)
		if err != nil {
			return nil, fmt.Errorf("reading the signing key %s: %w", row.ID, err)
		}
		found = append(found, keys.Key{
			ID: row.ID, Public: public, Sealed: row.Sealed, CreatedAt: row.CreatedAt.UTC(), SignsFrom: row.SignsFrom.UTC(),
			ExpiresAt: row.ExpiresAt, RevokedAt: row.RevokedAt,
		})
	}
	return found, nil
}

// AddSigningKey implements [keys.Store].
func (s *Store) AddSigningKey(ctx context.Context, key keys.Key, event auth.Event) error {
	row := &signingKeyRow{
		ID: key.ID, Public: base64.RawURLEncoding.EncodeToString(key.Public), Sealed: key.Sealed,
		CreatedAt: key.CreatedAt, SignsFrom: key.SignsFrom, ExpiresAt: key.ExpiresAt, RevokedAt: key.RevokedAt,
	}
	err := s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(row).Exec(ctx); err != nil {
			return err
		}
		return record(ctx, tx, []auth.Event{event})
	})
	if err != nil {
		return fmt.Errorf("storing a signing key: %w", err)
	}
	return nil
}

// RevokeSigningKey implements [keys.Store].
func (s *Store) RevokeSigningKey(ctx context.Context, id string, at time.Time, event auth.Event) error {
	err := s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		changed, err := affected(tx.NewUpdate().Model((*signingKeyRow)(nil)).
			Set("revoked_at = ?", at).Where("id = ?", id).Where("revoked_at IS NULL").Exec(ctx))
		if err != nil {
			return err
		}
		if changed == 0 {
			return auth.ErrNoRow
		}
		return record(ctx, tx, []auth.Event{event})
	})
	if err != nil {
		return fmt.Errorf("revoking a signing key: %w", err)
	}
	return nil
}

// ExpireSigningKey implements [keys.Store].
func (s *Store) ExpireSigningKey(ctx context.Context, id string, expiresAt time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	_, err := s.write.NewUpdate().Model((*signingKeyRow)(nil)).
		Set("expires_at = ?", expiresAt).Where("id = ?", id).Where("expires_at IS NULL").Exec(ctx)
	if err != nil {
		return fmt.Errorf("expiring a signing key: %w", translate(ctx, err))
	}
	return nil
}

// ResealSigningKey implements [keys.Store].
func (s *Store) ResealSigningKey(ctx context.Context, id, was, sealed string) error {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	_, err := s.write.NewUpdate().Model((*signingKeyRow)(nil)).
		Set("sealed = ?", sealed).Where("id = ?", id).Where("sealed = ?", was).Exec(ctx)
	if err != nil {
		return fmt.Errorf("encrypting a signing key anew: %w", translate(ctx, err))
	}
	return nil
}
