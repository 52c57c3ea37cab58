package password

import "testing"

func TestOnlyWhatIsWeakerIsOutdated(t *testing.T) {
	t.Parallel()
	const (
		argon2     = "$c2FsdHNhbHQ$ZGlnZXN0ZGlnZXN0ZGlnZXN0ZGlnZXN0"
		pbkdf2     = "$salt$p/EgF9MAxvo/+kqmTDtBzpvhnAEJ86sTFDu6yH8XBcg="
		pbkdf2SHA1 = "$salt$yqASQg7RmAQl/YVG/spZLubCbPc="
		bcrypt     = "$2b$12$K3kHrnidz5Diavc9cTuGherlOetrT0xHQ90OAr3W3kmo8Kdzx8fu6"
		scrypt     = "$8$1$h3hJT3/5UNEo9CR1VNIs2B1JGf5JWxZ5EdsK7HIkddt/SeJYJYJGrtuzm2JeCETr4bzYXwHLILSzFjh0sR/vjw=="
	)
	tests := map[string]struct {
		encoded                  string
		underArgon2, underPBKDF2 bool
	}{
		"the current argon2":                         {"argon2$argon2id$v=19$m=19456,t=2,p=1" + argon2, false, true},
		"Django's stronger argon2":                   {"argon2$argon2id$v=19$m=102400,t=2,p=8" + argon2, false, true},
		"argon2 of less memory":                      {"argon2$argon2id$v=19$m=19455,t=2,p=1" + argon2, true, true},
		"argon2 of fewer passes":                     {"argon2$argon2id$v=19$m=19456,t=1,p=1" + argon2, true, true},
		"argon2 of less memory and more passes":      {"argon2$argon2id$v=19$m=12288,t=3,p=1" + argon2, true, true},
		"argon2 of less memory and many more passes": {"argon2$argon2id$v=19$m=9728,t=4,p=1" + argon2, false, true},
		"argon2 of more memory and one pass":         {"argon2$argon2id$v=19$m=47104,t=1,p=1" + argon2, false, true},
		"argon2i, however strong":                    {"argon2$argon2i$v=19$m=102400,t=2,p=8" + argon2, true, true},
		"the current pbkdf2":                         {"pbkdf2_sha256$600000" + pbkdf2, true, false},
		"Django's stronger pbkdf2":                   {"pbkdf2_sha256$1200000" + pbkdf2, true, false},
		"the tutorial's pbkdf2":                      {"pbkdf2_sha256$260000" + pbkdf2, true, true},
		"pbkdf2 of one iteration less":               {"pbkdf2_sha256$599999" + pbkdf2, true, true},
		"pbkdf2 with SHA-1, however strong":          {"pbkdf2_sha1$2000000" + pbkdf2SHA1, true, true},
		"bcrypt_sha256":                              {"bcrypt_sha256$" + bcrypt, true, true},
		"bcrypt":                                     {"bcrypt$" + bcrypt, true, true},
		"scrypt":                                     {"scrypt$16384$salt" + scrypt, true, true},
		"what nothing matches":                       {"!unusable", false, false},
	}
	underArgon2, underPBKDF2 := newPool(t, Argon2id), newPool(t, PBKDF2SHA256)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name != "what nothing matches" && underArgon2.Kind(test.encoded) == "" {
				t.Fatal("cannot be decoded: this row tests nothing")
			}
			if got := underArgon2.Outdated(test.encoded); got != test.underArgon2 {
				t.Errorf("under argon2id: %v, want %v", got, test.underArgon2)
			}
			if got := underPBKDF2.Outdated(test.encoded); got != test.underPBKDF2 {
				t.Errorf("under pbkdf2_sha256: %v, want %v", got, test.underPBKDF2)
			}
		})
	}
}
