package accounts

// CheckEmail is checkEmail.
func CheckEmail(email string) string { return checkEmail(email) }

// CheckNewPassword is checkNewPassword.
func (s *Service) CheckNewPassword(password, email string) string {
	return s.checkNewPassword(password, email)
}
