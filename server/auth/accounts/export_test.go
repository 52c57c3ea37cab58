package accounts

import (
	"context"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// CheckEmail is checkEmail.
func CheckEmail(email string) string { return checkEmail(email) }

// CheckNewPassword is checkNewPassword.
func (s *Service) CheckNewPassword(ctx context.Context, password string, of auth.User) string {
	return s.checkNewPassword(ctx, password, of)
}
