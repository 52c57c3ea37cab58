package authtest

import (
	"context"
	"errors"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// TokenMaker keeps what it issued.
type TokenMaker struct {
	Clock  *Clock
	Issued map[string]auth.AccessToken
}

// Issue implements [signin.Tokens].
func (f *TokenMaker) Issue(_ context.Context, token auth.AccessToken) (string, error) {
	raw := "token-" + token.ID
	f.Issued[raw] = token
	return raw, nil
}

// Parse implements [signin.Tokens].
func (f *TokenMaker) Parse(_ context.Context, raw string) (auth.AccessToken, error) {
	token, known := f.Issued[raw]
	if !known || !f.Clock.Now().Before(token.ExpiresAt) {
		return auth.AccessToken{}, errors.New("no good token")
	}
	return token, nil
}
