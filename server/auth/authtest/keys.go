package authtest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
)

// SigningKeys implements [keys.Store].
func (f *Store) SigningKeys(context.Context) ([]keys.Key, error) {
	f.KeysRead++
	return slices.Clone(f.Keys), f.Err
}

// AddSigningKey implements [keys.Store].
func (f *Store) AddSigningKey(_ context.Context, key keys.Key, event auth.Event) error {
	f.Keys = append(f.Keys, key)
	f.Append([]auth.Event{event})
	return f.Err
}

// RevokeSigningKey implements [keys.Store].
func (f *Store) RevokeSigningKey(_ context.Context, id string, at time.Time, event auth.Event) error {
	for i, k := range f.Keys {
		if k.ID == id && k.RevokedAt == nil {
			f.Keys[i].RevokedAt = &at
			f.Append([]auth.Event{event})
			return f.Err
		}
	}
	return fmt.Errorf("revoking a signing key: %w", auth.ErrNoRow)
}

// ExpireSigningKey implements [keys.Store].
func (f *Store) ExpireSigningKey(_ context.Context, id string, expiresAt time.Time) error {
	for i, k := range f.Keys {
		if k.ID == id && k.ExpiresAt == nil {
			f.Keys[i].ExpiresAt = &expiresAt
		}
	}
	return f.Err
}

// ResealSigningKey implements [keys.Store].
func (f *Store) ResealSigningKey(_ context.Context, id, was, sealed string) error {
	for i, k := range f.Keys {
		if k.ID == id && k.Sealed == was {
			f.Keys[i].Sealed = sealed
		}
	}
	return f.Err
}
