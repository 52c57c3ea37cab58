package password

import (
	"encoding/base64"
	"strings"
	"testing"
)

// Whoever can write to the database must not be able to stop the server, or to
// log in as somebody, with one row.
func TestHostileEncodingsAreRefused(t *testing.T) {
	t.Parallel()
	const (
		salt     = "c2FsdHNhbHQ"
		digest   = "ZGlnZXN0ZGlnZXN0ZGlnZXN0ZGlnZXN0"
		sha256of = "p/EgF9MAxvo/+kqmTDtBzpvhnAEJ86sTFDu6yH8XBcg="
		bcrypt   = "$2b$12$K3kHrnidz5Diavc9cTuGherlOetrT0xHQ90OAr3W3kmo8Kdzx8fu6"
	)
	argon2 := func(parameters string) string {
		return "argon2$argon2id$v=19$" + parameters + "$" + salt + "$" + digest
	}
	tests := map[string]string{
		"argon2 of 4 TiB":                     argon2("m=4294967295,t=2,p=1"),
		"argon2 of more than 256 MiB":         argon2("m=262145,t=2,p=1"),
		"argon2 of no memory, for days":       argon2("m=0,t=4294967295,p=1"),
		"argon2 of less memory than it takes": argon2("m=1,t=2097152,p=255"),
		"argon2 of little memory, for long":   argon2("m=8,t=65,p=1"),
		"argon2 of more memory than a number": argon2("m=18446744073709551617,t=2,p=1"),
		"argon2 of too many passes":           argon2("m=19456,t=109,p=1"),
		"argon2 of 1 GiB, a hundred times":    argon2("m=1048576,t=100,p=1"), // minutes for each login
		"argon2 of no pass":                   argon2("m=19456,t=0,p=1"),
		"argon2 of no thread":                 argon2("m=19456,t=2,p=0"),
		"argon2 of 256 threads":               argon2("m=19456,t=2,p=256"),
		"argon2 of negative memory":           argon2("m=-1,t=2,p=1"),
		"argon2 of a negative thread":         argon2("m=19456,t=2,p=-1"),
		"argon2 in another order":             argon2("t=2,m=19456,p=1"),
		"argon2 with a plus":                  argon2("m=+19456,t=2,p=1"),
		"argon2 with a zero in front":         argon2("m=019456,t=2,p=1"),
		"argon2 with a space":                 argon2("m= 19456,t=2,p=1"),
		"argon2 with more parameters":         argon2("m=19456,t=2,p=1,keyid=1"),
		"argon2 without parameters":           argon2(""),
		"argon2 in hexadecimal":               argon2("m=0x10,t=2,p=1"),
		"argon2 of another version":           "argon2$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + digest,
		"argon2d, which Django does not make": "argon2$argon2d$v=19$m=19456,t=2,p=1$" + salt + "$" + digest,
		"argon2 without a digest":             "argon2$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$",
		"argon2 of a digest of seven bytes":   "argon2$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$ZGlnZXN0ZA",
		"argon2 of a digest of one byte":      "argon2$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$AA",
		"argon2 with one part too many":       argon2("m=19456,t=2,p=1") + "$" + digest,
		"argon2 with padded base64":           argon2("m=19456,t=2,p=1") + "=",
		"argon2 with a line break":            argon2("m=19456,t=2,p=1") + "\n",
		"argon2 with loose trailing bits":     "argon2$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$ZGlnZXN0ZGl",
		"argon2 with a NUL":                   argon2("m=19456,t=2,p=1\x00"),

		"pbkdf2 of no iteration":            "pbkdf2_sha256$0$salt$" + sha256of,
		"pbkdf2 of negative iterations":     "pbkdf2_sha256$-1$salt$" + sha256of,
		"pbkdf2 of too many iterations":     "pbkdf2_sha256$20000001$salt$" + sha256of,
		"pbkdf2 of more than a number":      "pbkdf2_sha256$99999999999999999999$salt$" + sha256of,
		"pbkdf2 with a plus":                "pbkdf2_sha256$+1000$salt$" + sha256of,
		"pbkdf2 with a zero in front":       "pbkdf2_sha256$01000$salt$" + sha256of,
		"pbkdf2 in words":                   "pbkdf2_sha256$many$salt$" + sha256of,
		"pbkdf2 of no digest":               "pbkdf2_sha256$1000$salt$",
		"pbkdf2 of a short digest":          "pbkdf2_sha256$1000$salt$" + base64.StdEncoding.EncodeToString(make([]byte, 31)),
		"pbkdf2 of a long digest":           "pbkdf2_sha256$1000$salt$" + base64.StdEncoding.EncodeToString(make([]byte, 33)),
		"pbkdf2_sha1 of sha256's digest":    "pbkdf2_sha1$1000$salt$" + sha256of,
		"pbkdf2 with one part too many":     "pbkdf2_sha256$1000$sa$lt$" + sha256of,
		"pbkdf2 with one part too few":      "pbkdf2_sha256$1000$" + sha256of,
		"pbkdf2 with a line break":          "pbkdf2_sha256$1000$salt$" + sha256of + "\n",
		"pbkdf2 of a hash Django has not":   "pbkdf2_sha512$1000$salt$" + sha256of,
		"pbkdf2 in another letter case":     "PBKDF2_SHA256$1000$salt$" + sha256of,
		"pbkdf2 with an overlong salt":      "pbkdf2_sha256$1000$" + strings.Repeat("s", 1<<20) + "$" + sha256of,
		"bcrypt of cost 31":                 "bcrypt$" + strings.Replace(bcrypt, "$12$", "$31$", 1),
		"bcrypt of cost 19":                 "bcrypt$" + strings.Replace(bcrypt, "$12$", "$19$", 1),
		"bcrypt of cost 3":                  "bcrypt$" + strings.Replace(bcrypt, "$12$", "$03$", 1),
		"bcrypt of no cost":                 "bcrypt$" + strings.Replace(bcrypt, "$12$", "$00$", 1),
		"bcrypt of a negative cost":         "bcrypt$" + strings.Replace(bcrypt, "$12$", "$-4$", 1),
		"bcrypt of a cost of one digit":     "bcrypt$" + strings.Replace(bcrypt, "$12$", "$5$a", 1),
		"bcrypt of a cost of three digits":  "bcrypt$" + strings.Replace(bcrypt, "$12$K", "$012$", 1),
		"bcrypt of version 1":               "bcrypt$" + strings.Replace(bcrypt, "$2b$", "$1b$", 1),
		"bcrypt of version 2x":              "bcrypt$" + strings.Replace(bcrypt, "$2b$", "$2x$", 1),
		"bcrypt that is too short":          "bcrypt$" + bcrypt[:59],
		"bcrypt that is too long":           "bcrypt$" + bcrypt + "x",
		"bcrypt with letters it has not":    "bcrypt$" + bcrypt[:40] + "!" + bcrypt[41:],
		"bcrypt with a salt it has not":     "bcrypt$" + bcrypt[:10] + "!" + bcrypt[11:],
		"bcrypt with a NUL":                 "bcrypt$" + bcrypt[:40] + "\x00" + bcrypt[41:],
		"bcrypt without Django's separator": "bcrypt" + bcrypt,

		"scrypt of N that is no power of two": "scrypt$16383$salt$8$1$" + sha256of,
		"scrypt of N = 1":                     "scrypt$1$salt$8$1$" + sha256of,
		"scrypt of no block":                  "scrypt$16384$salt$0$1$" + sha256of,
		"scrypt of negative blocks":           "scrypt$16384$salt$-8$1$" + sha256of,
		"scrypt of more than 1 GiB":           "scrypt$1048576$salt$16$1$" + sha256of,
		"scrypt of too much work":             "scrypt$1048576$salt$8$9$" + sha256of,
		"scrypt of a huge p":                  "scrypt$2$salt$1$1073741824$" + sha256of,
		"scrypt without a digest":             "scrypt$16384$salt$8$1$",
		"scrypt with one part too few":        "scrypt$16384$salt$8$" + sha256of,
		"scrypt in Django's other order":      "scrypt$salt$16384$8$1$" + sha256of,
		"scrypt of an endless digest":         "scrypt$2$salt$1$1$" + base64.StdEncoding.EncodeToString(make([]byte, 3<<20)),
		"argon2 of an endless digest":         "argon2$argon2id$v=19$m=8,t=1,p=1$" + salt + "$" + base64.RawStdEncoding.EncodeToString(make([]byte, 3<<20)),
	}
	pool := newPool(t, Argon2id)
	for name, encoded := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := decode(encoded); err == nil {
				t.Error("was decoded")
			}
			if kind := pool.Kind(encoded); kind != "" {
				t.Errorf("has the kind %q, although nothing matches it", kind)
			}
			if pool.Outdated(encoded) {
				t.Error("is to be upgraded")
			}
		})
	}
}

// What cannot be checked must have no kind: with one, a login by its owner would
// be answered as a fault of ours instead of like any other refusal, and no kind
// at all could be measured.
func TestWhatHasAKindCanBeChecked(t *testing.T) {
	t.Parallel()
	const salt22, hash31 = "K3kHrnidz5Diavc9cTuGhe", "rlOetrT0xHQ90OAr3W3kmo8Kdzx8fu6"
	pool := newPool(t, Argon2id)
	for _, encoded := range []string{
		"bcrypt$$2b$04$" + salt22 + hash31,
		"bcrypt$$2a$04$" + salt22 + hash31,
		"bcrypt$$2y$04$" + salt22 + hash31,
		"bcrypt$$2b$04$" + "!" + salt22[1:] + hash31,
		"bcrypt$$2b$04$" + salt22 + "!" + hash31[1:],
		"bcrypt$$2b$04$" + salt22[:21] + "\n" + hash31,
		"bcrypt$$2b$004$" + salt22 + hash31[1:],
		"argon2$argon2i$v=19$m=0,t=1,p=1$c2FsdHNhbHQ$ZGlnZXN0ZGlnZXN0",
		"argon2$argon2id$v=19$m=1,t=1,p=255$c2FsdHNhbHQ$ZGlnZXN0ZGlnZXN0",
		"pbkdf2_sha1$1$$yqASQg7RmAQl/YVG/spZLubCbPc=",
		"scrypt$2$$1$1$ZGlnZXN0ZGlnZXN0",
		"scrypt$2$s$1024$1$ZGlnZXN0ZGlnZXN0",
		"scrypt$2$s$1$1024$ZGlnZXN0ZGlnZXN0",
	} {
		if pool.Kind(encoded) == "" {
			continue
		}
		if _, err := pool.Check(t.Context(), encoded, "password"); err != nil {
			t.Errorf("%q has the kind %q and fails: %v", encoded, pool.Kind(encoded), err)
		}
	}
}
