package password

import "testing"

// Each of the first is in Django's list too. Were the compiled-in list missing
// or cut, all of them would pass for good ones.
//
// ASVS 6.2.4
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
		"P@ssw0rd":              true,
		"password123456":        true,
		"123password":           true,
		"trustno1trustno1":      true,
		"passwordpassword":      true,
		"superuser1":            true,
		"11111111a":             true,
		"abababababab":          true,
		"latchkey1":             true,
		"S3cr3t!!":              true,
		"passwordpasswordpass":  false,
		"sunshine and 12 rains": false,
		"wonderland-42":         false,
		"correct horse battery": false,
		"":                      false,
		"Adm1n-pass!word":       false,
	} {
		if got := pool.IsCommon(password); got != want {
			t.Errorf("%q is common: %v, want %v", password, got, want)
		}
	}
}
