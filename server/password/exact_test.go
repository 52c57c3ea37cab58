package password

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

var odd = map[string]string{
	"nothing":                   "",
	"a space":                   " ",
	"spaces around it":          "  correct horse  ",
	"a NUL":                     "abc\x00def",
	"a NUL at its end":          "abc\x00",
	"emoji":                     "🗝️🔒👩‍👩‍👧",
	"composed letters":          "p\u00e4ssw\u00f6rd",
	"decomposed letters":        "pa\u0308sswo\u0308rd",
	"what is not UTF-8":         "\xff\xfe\x80",
	"a line break":              "abc\r\n",
	"72 bytes":                  strings.Repeat("x", 72),
	"73 bytes":                  strings.Repeat("x", 73),
	"64 KiB":                    strings.Repeat("0123456789abcdef", 4096),
	"what looks like a hash":    "argon2$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$ZGlnZXN0",
	"what looks like a pattern": "%_*?$1\\",
}

// cheaply encodes with next to no work.
var cheaply = map[string]func(t *testing.T, password string) string{
	"argon2id": func(_ *testing.T, password string) string {
		a := argon2Password{variant: "argon2id", memoryKiB: 8, time: 1, threads: 1, salt: []byte("saltsalt"), digest: make([]byte, 32)}
		a.digest = a.derive(password)
		return a.encode()
	},
	"pbkdf2_sha256": func(t *testing.T, password string) string {
		p := pbkdf2Password{name: "pbkdf2_sha256", iterations: 1, salt: "salt"}
		var err error
		if p.digest, err = p.derive(password); err != nil {
			t.Fatal(err)
		}
		return p.encode()
	},
	"bcrypt_sha256": func(t *testing.T, password string) string { return "bcrypt_sha256$" + bcryptOf(t, hexSHA256(password)) },
}

// ASVS 6.2.8
func TestPasswordsAreTakenExactly(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Argon2id)
	for algorithm, encode := range cheaply {
		for name, password := range odd {
			t.Run(algorithm+": "+name, func(t *testing.T) {
				t.Parallel()
				encoded := encode(t, password)
				if check, err := pool.Check(t.Context(), encoded, password); err != nil || !check.Match {
					t.Errorf("does not match: %+v, %v", check, err)
				}
				for _, other := range similar(password) {
					// HMAC pads its key with NULs, so PBKDF2, in Django too,
					// cannot tell NULs at the end.
					if algorithm == "pbkdf2_sha256" && strings.TrimRight(other, "\x00") == strings.TrimRight(password, "\x00") {
						continue
					}
					if check, err := pool.Check(t.Context(), encoded, other); err != nil || check.Match {
						t.Errorf("%.20q matches: %+v, %v", other, check, err)
					}
				}
			})
		}
	}
}

// similar returns what a careless comparison takes for the password.
func similar(password string) []string {
	others := []string{password + " ", " " + password, password + "\x00", password + "\x00x"}
	if password != "" {
		others = append(others, password[:len(password)-1], "")
	}
	if trimmed := strings.TrimSpace(password); trimmed != password {
		others = append(others, trimmed)
	}
	if before, _, found := strings.Cut(password, "\x00"); found {
		others = append(others, before)
	}
	if upper := strings.ToUpper(password); upper != password {
		others = append(others, upper)
	}
	return others
}

// ASVS 6.2.8
func TestPasswordsAreNotNormalised(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Argon2id)
	for algorithm, encode := range cheaply {
		encoded := encode(t, odd["composed letters"])
		if check, err := pool.Check(t.Context(), encoded, odd["decomposed letters"]); err != nil || check.Match {
			t.Errorf("%s: %+v, %v: Django, which does not normalise, would refuse this", algorithm, check, err)
		}
	}
}

// As in Django: bcrypt looks at 72 bytes, and bcrypt_sha256 exists for that
// reason.
func TestLongPasswordsInBcrypt(t *testing.T) {
	t.Parallel()
	const plain, sha = "bcrypt$", "bcrypt_sha256$"
	long := strings.Repeat("x", 72)
	pool := newPool(t, Argon2id)
	for _, test := range []struct {
		encoded, password string
		want              bool
	}{
		{plain + bcryptOf(t, long), long, true},
		{plain + bcryptOf(t, long), long[:71], false},
		{plain + bcryptOf(t, long), long + "and whatever follows", true},
		{sha + bcryptOf(t, hexSHA256(long+"y")), long + "y", true},
		{sha + bcryptOf(t, hexSHA256(long+"y")), long + "z", false},
		{sha + bcryptOf(t, hexSHA256(long+"y")), long, false},
	} {
		check, err := pool.Check(t.Context(), test.encoded, test.password)
		if err != nil || check.Match != test.want {
			t.Errorf("%s and %d bytes: %+v, %v, want %v", test.encoded, len(test.password), check, err, test.want)
		}
	}
}

func bcryptOf(t *testing.T, password string) string {
	t.Helper()
	made, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(made)
}

func hexSHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// djangoColumn is the length of Django's column, in characters.
const djangoColumn = 128

func TestNewPasswordsHaveDjangosForm(t *testing.T) {
	t.Parallel()
	for hasher, form := range map[Hasher]string{
		Argon2id:     `^argon2\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{30}\$[A-Za-z0-9+/]{43}$`,
		PBKDF2SHA256: `^pbkdf2_sha256\$600000\$[A-Za-z0-9]{22}\$[A-Za-z0-9+/]{43}=$`,
	} {
		t.Run(string(hasher), func(t *testing.T) {
			t.Parallel()
			pool := newPool(t, hasher)
			seen := map[string]bool{}
			for range 2 {
				encoded, err := pool.Hash(t.Context(), "correct horse battery")
				if err != nil {
					t.Fatal(err)
				}
				if !regexp.MustCompile(form).MatchString(encoded) {
					t.Errorf("%s is not of Django's form", encoded)
				}
				if len(encoded) > djangoColumn {
					t.Errorf("%d characters do not fit Django's column", len(encoded))
				}
				if seen[encoded] {
					t.Error("two hashes of one password are the same: no salt")
				}
				seen[encoded] = true
				if check, err := pool.Check(t.Context(), encoded, "correct horse battery"); err != nil || !check.Match {
					t.Errorf("does not match itself: %+v, %v", check, err)
				}
				if pool.Outdated(encoded) {
					t.Error("a new password is outdated")
				}
				if pool.Kind(encoded) != pool.Kind(pool.DummyHash("")) {
					t.Errorf("the dummy hash is a %s and takes another time", pool.Kind(pool.DummyHash("")))
				}
			}
		})
	}
}

func TestNothingMatchesTheDummyHash(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Argon2id)
	for _, password := range []string{"", pool.DummyHash("")} {
		if check, err := pool.Check(t.Context(), pool.DummyHash(""), password); err != nil || check.Match {
			t.Errorf("%q: %+v, %v", password, check, err)
		}
	}
	if pool.DummyHash("") == newPool(t, Argon2id).DummyHash("") {
		t.Error("every process has the same dummy hash")
	}
}

// A dummy hash costs what a user of its kind costs, and lets nobody in.
func TestADummyHashIsOfItsKindAndNothingMatchesIt(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Argon2id)
	for _, account := range djangoAccounts(t) {
		kind := pool.Kind(account.Encoded)
		if kind == "" {
			continue
		}
		if dummy := pool.DummyHash(account.Encoded); pool.Kind(dummy) != kind || dummy == account.Encoded {
			t.Errorf("the dummy hash of a %s is a %s", kind, pool.Kind(dummy))
		}
	}
	quick, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for _, encoded := range []string{
		"bcrypt$" + string(quick),
		pbkdf2Password{name: "pbkdf2_sha1", iterations: 1, salt: "salt", digest: make([]byte, 20)}.encode(),
		argon2Password{variant: "argon2i", memoryKiB: 8, time: 1, threads: 1, salt: []byte("saltsalt"), digest: make([]byte, 16)}.encode(),
		scryptPassword{n: 2, r: 1, p: 1, salt: "salt", digest: make([]byte, 64)}.encode(),
	} {
		check, err := pool.Check(t.Context(), pool.DummyHash(encoded), "secret")
		if err != nil || check.Match {
			t.Errorf("%s: %+v, %v", pool.Kind(encoded), check, err)
		}
	}
}
