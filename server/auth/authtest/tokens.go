package authtest

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Token is a one-time token, and whether it was used.
type Token struct {
	auth.OneTimeToken

	Used bool
}

// AddToken implements [accounts.TokenStore].
func (f *Store) AddToken(_ context.Context, token auth.OneTimeToken) error {
	f.Tokens[token.Hash] = Token{OneTimeToken: token}
	return f.Err
}

// TokenIsOpen implements [accounts.TokenStore].
func (f *Store) TokenIsOpen(_ context.Context, kind auth.TokenKind, hash string, at time.Time) (bool, error) {
	token, known := f.Tokens[hash]
	return known && token.Kind == kind && !token.Used && at.Before(token.ExpiresAt), f.Err
}

// UseToken implements [accounts.TokenTx].
func (c *changes) UseToken(ctx context.Context, kind auth.TokenKind, hash string, at time.Time) error {
	if open, _ := c.TokenIsOpen(ctx, kind, hash, at); !open {
		return fmt.Errorf("using a token: %w", auth.ErrNoRow)
	}
	token := c.Tokens[hash]
	token.Used = true
	c.Tokens[hash] = token
	return nil
}
