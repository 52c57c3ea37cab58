package password

import "testing"

// Each of the first is in Django's list too. Were the compiled-in list missing
// or cut, all of them would pass for good ones.
func TestIsCommon(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Argon2id)
	for password, want := range map[string]bool{
		"password":              true,
		"PassWord":              true,
		"12345678":              true,
		"trustno1":              true,
		"qwertyuiop":            true,
		"password123":           true,
		"sunshine1":             true,
		"princess1":             true,
		"jennifer":              true,
		"admin123":              true,
		"password ":             false,
		"passwordpasswordpass":  false,
		"correct horse battery": false,
		"":                      false,
		"Adm1n-pass!word":       false,
	} {
		if got := pool.IsCommon(password); got != want {
			t.Errorf("%q is common: %v, want %v", password, got, want)
		}
	}
}
