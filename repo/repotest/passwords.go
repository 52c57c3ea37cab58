package repotest

import (
	"fmt"
	"strings"
	"testing"
)

// kinds are encoded passwords, several of each kind: alike but for salt and
// digest.
var kinds = map[string][]string{
	"pbkdf2_sha256 260000": {
		"pbkdf2_sha256$260000$9ewofe8mSqH8wXuw2K0IdS$p/EgF9MAxvo/+kqmTDtBzpvhnAEJ86sTFDu6yH8XBcg=",
		"pbkdf2_sha256$260000$Zm9f59JvoNS56MxZfhMfQ3$qbpu8j7ZsGiC5MmPsAzFndipvrFr+Ea95ZIc5N8jx/I=",
	},
	"pbkdf2_sha256 26000": {"pbkdf2_sha256$26000$9ewofe8mSqH8wXuw2K0IdS$p/EgF9MAxvo/+kqmTDtBzpvhnAEJ86sTFDu6yH8XBcg="},
	"pbkdf2_sha256 1": {
		"pbkdf2_sha256$1$E8MYatuEiGPT81G3Ab6HQs$aB/LHjCsEsTAV6pT5RyVtBfkF4oRl08mVGYmqIOJMEk=",
		"pbkdf2_sha256$1$salt$aB/LHjCsEsTAV6pT5RyVtBfkF4oRl08mVGYmqIOJMEk=",
	},
	"pbkdf2_sha1 1000": {"pbkdf2_sha1$1000$9AfpE5SeONtxD5fwqZdGwJ$yqASQg7RmAQl/YVG/spZLubCbPc="},
	"argon2id m=102400,t=2,p=8": {
		"argon2$argon2id$v=19$m=102400,t=2,p=8$bU4weHdhbHpVRUNqaU1ibDA4QXVMbQ$sSTKBb0R1cphmtBGVHcoXw",
		"argon2$argon2id$v=19$m=102400,t=2,p=8$YmJiYmJiYmJiYmJiYmJiYmJiYmJiYg$AAAAAAAAAAAAAAAAAAAAAA",
	},
	"argon2id m=19456,t=2,p=1": {
		"argon2$argon2id$v=19$m=19456,t=2,p=1$bU4weHdhbHpVRUNqaU1ibDA4QXVMbQ$sSTKBb0R1cphmtBGVHcoXw",
		"argon2$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$ZGlnZXN0ZGlnZXN0ZGlnZXN0ZGlnZXN0ZGlnZXN0ZGk",
	},
	"argon2i m=19456,t=2,p=1": {"argon2$argon2i$v=19$m=19456,t=2,p=1$bU4weHdhbHpVRUNqaU1ibDA4QXVMbQ$sSTKBb0R1cphmtBGVHcoXw"},
	"bcrypt_sha256 12": {
		"bcrypt_sha256$$2b$12$K3kHrnidz5Diavc9cTuGherlOetrT0xHQ90OAr3W3kmo8Kdzx8fu6",
		"bcrypt_sha256$$2b$12$aaaaaaaaaaaaaaaaaaaaauaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	},
	"bcrypt 12": {"bcrypt$$2b$12$5MXkO2wNiylEkV54nHoRuuuZ7R5KZ2sANi/18oUihJdObJLpua5Qy"},
	"bcrypt 10": {"bcrypt$$2b$10$5MXkO2wNiylEkV54nHoRuuuZ7R5KZ2sANi/18oUihJdObJLpua5Qy"},
	"scrypt 16384,8,1": {
		"scrypt$16384$YiwxkhsSBFTkauGB0sEC3N$8$1$h3hJT3/5UNEo9CR1VNIs2B1JGf5JWxZ5EdsK7HIkddt/SeJYJYJGrtuzm2JeCETr4bzYXwHLILSzFjh0sR/vjw==",
		"scrypt$16384$AAAAAhsSBFTkauGB0sEC3N$8$1$h3hJT3/5UNEo9CR1VNIs2B1JGf5JWxZ5EdsK7HIkddt/SeJYJYJGrtuzm2JeCETr4bzYXwHLILSzFjh0sR/vjw==",
	},
	// Django's own since 5.1: five times the work of the one before.
	"scrypt 16384,8,5": {"scrypt$16384$ZiwxkhsSBFTkauGB0sEC3N$8$5$h3hJT3/5UNEo9CR1VNIs2B1JGf5JWxZ5EdsK7HIkddt/SeJYJYJGrtuzm2JeCETr4bzYXwHLILSzFjh0sR/vjw=="},
	"scrypt 32768,8,1": {"scrypt$32768$YiwxkhsSBFTkauGB0sEC3N$8$1$h3hJT3/5UNEo9CR1VNIs2B1JGf5JWxZ5EdsK7HIkddt/SeJYJYJGrtuzm2JeCETr4bzYXwHLILSzFjh0sR/vjw=="},
}

var passwords = []contractTest{
	{"without users there is no kind of password", func(t *testing.T, f fixture) {
		samples, err := f.HashSamples(t.Context())
		if err != nil || len(samples) != 0 {
			t.Errorf("reads %v, %v", samples, err)
		}
	}},
	{"of each kind of password one is read, and no unusable one", func(t *testing.T, f fixture) {
		kindOf := map[string]string{}
		for kind, encoded := range kinds {
			for i, each := range encoded {
				f.insert(t, fmt.Sprintf("%s %d@example.com", kind, i), each)
				kindOf[each] = kind
			}
		}
		f.insert(t, "unusable@example.com", "!Z4UIF9zy7T2pe2AEaldBFHfQyxCoDg7qi46ojKuk")
		f.insert(t, "unusable too@example.com", "!")
		samples, err := f.HashSamples(t.Context())
		must(t, err)
		read := map[string]int{}
		for _, sample := range samples {
			kind := kindOf[sample.Encoded]
			if kind == "" {
				t.Errorf("reads %q, which nobody could check", sample.Encoded)
			}
			if sample.Users != int64(len(kinds[kind])) {
				t.Errorf("counts %d users with %s, there are %d", sample.Users, kind, len(kinds[kind]))
			}
			read[kind]++
		}
		for kind := range kinds {
			if read[kind] != 1 {
				t.Errorf("reads %d of %s", read[kind], kind)
			}
		}
	}},
	{"a thousand users of one kind are read as one", func(t *testing.T, f fixture) {
		for kind, encoded := range map[string]string{
			"pbkdf2": "'pbkdf2_sha256$260000$' || i || 'salt$p/EgF9MAxvo/+kqmTDtBzpvhnAEJ86sTFDu6yH8XBcg='",
			"scrypt": "'scrypt$16384$' || i || 'salt$8$1$h3hJT3/5UNEo9CR1VNIs2B1JGf5JWxZ5EdsK7HIkddt/SeJYJYJGrtuzm2JeCETr4bzYXwHLILSzFjh0sR/vjw=='",
			"md5":    "'md5$' || i || 'salt$32c7bd35f6c335a9c229aaeb839ab77c'", // nobody can check it, and Django's test hasher made many
		} {
			f.exec(t, "DELETE FROM users_user")
			f.exec(t, strings.NewReplacer("ENCODED", encoded).Replace(`
				WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
				INSERT INTO users_user (password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
				SELECT ENCODED, false, '', '', false, true, '2024-06-26 08:45:00+00:00', i || '@example.com' FROM n`))
			if samples, err := f.HashSamples(t.Context()); err != nil || len(samples) > 1 || len(samples) == 1 && samples[0].Users != 1000 {
				t.Errorf("%s: reads %v, %v", kind, samples, err)
			}
		}
	}},
}
