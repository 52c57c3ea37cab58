package password

import "testing"

// FuzzDecode: whatever stands in the database, decoding it never panics, and
// what is accepted has a kind and is written as it was read.
func FuzzDecode(f *testing.F) {
	for _, a := range djangoAccounts(f) {
		f.Add(a.Encoded)
	}
	for _, seed := range []string{
		"", "!", "$", "$$$$$$", "argon2$", "argon2$$$$$", "argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$ZGlnZXN0ZGlnZXN0",
		"argon2$argon2i$v=19$m=08,t=1,p=1$c2FsdHNhbHQ$ZGlnZXN0ZGlnZXN0", "pbkdf2_sha1$1$$yqASQg7RmAQl/YVG/spZLubCbPc=",
		"pbkdf2_sha256$1$\x00\xff$p/EgF9MAxvo/+kqmTDtBzpvhnAEJ86sTFDu6yH8XBcg=", "bcrypt$$2b$04$", "bcrypt$$2b$0004$",
		"scrypt$2$s$1$1$ZGlnZXN0ZGlnZXN0", "scrypt$-2$s$-1$-1$ZGlnZXN0ZGlnZXN0", "scrypt$9223372036854775807$s$8$1$ZGlnZXN0ZGlnZXN0",
	} {
		f.Add(seed)
	}
	pool := newPool(f, Argon2id)
	f.Fuzz(func(t *testing.T, encoded string) {
		decoded, err := decode(encoded)
		if err != nil {
			if pool.Kind(encoded) != "" || pool.Outdated(encoded) {
				t.Errorf("%q: cannot be decoded, and has a kind or is outdated", encoded)
			}
			return
		}
		if decoded.kind() == "" {
			t.Errorf("%q has no kind", encoded)
		}
		if again := decoded.encode(); again != encoded {
			t.Errorf("%q became %q", encoded, again)
		}
	})
}
