package password

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// account is one that a Django made.
type account struct {
	Email    string
	Password *string // nil: unusable
	Encoded  string
}

// djangoAccounts are passwords that Django encoded, in every encoding it has.
func djangoAccounts(t testing.TB) []account {
	t.Helper()
	file, err := os.Open("../../tests/testdata/accounts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var accounts []account
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var a account
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		accounts = append(accounts, a)
	}
	if len(accounts) < 18 {
		t.Fatalf("there are %d accounts: some are missing", len(accounts))
	}
	return accounts
}

// newPool makes one that lets everybody wait.
func newPool(t testing.TB, hasher Hasher) *Pool {
	t.Helper()
	return newPoolWith(t, Settings{Hasher: hasher, Workers: 2, Wait: time.Hour}, rand.Reader)
}

func newPoolWith(t testing.TB, settings Settings, random io.Reader) *Pool {
	t.Helper()
	pool, err := NewPool(settings, random)
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

func TestWhatDjangoEncodedIsChecked(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Argon2id)
	seen := map[string]bool{}
	for _, a := range djangoAccounts(t) {
		name, _, _ := strings.Cut(a.Encoded, "$")
		candidates := map[string]bool{}
		if a.Password != nil {
			candidates[*a.Password] = true
			if !seen[name] { // once is enough: a check is slow on purpose
				candidates[*a.Password+"x"] = false
			}
		}
		seen[name] = true
		// md5 is Django's own test hasher: nobody may log in by it.
		if a.Password == nil || name == "md5" {
			continue
		}
		t.Run(a.Email, func(t *testing.T) {
			t.Parallel()
			for candidate, want := range candidates {
				check, err := pool.Check(t.Context(), a.Encoded, candidate)
				if err != nil {
					t.Fatal(err)
				}
				if check.Match != want {
					t.Errorf("%q matches: %v, want %v", candidate, check.Match, want)
				}
				if check.Took <= 0 {
					t.Errorf("took %v", check.Took)
				}
			}
		})
	}
	for _, name := range []string{"argon2", "pbkdf2_sha256", "pbkdf2_sha1", "bcrypt_sha256", "bcrypt", "scrypt", "md5"} {
		if !seen[name] {
			t.Errorf("no account has %s", name)
		}
	}
}

func TestWhatNothingMatches(t *testing.T) {
	t.Parallel()
	pool := newPool(t, Argon2id)
	encoded := []string{"", "!", "!abc", "plain text", "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", "sha1$salt$x", "unsalted_md5$x", "$", "argon2", "argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$ZGlnZXN0ZGlnZXN0"}
	for _, a := range djangoAccounts(t) {
		if a.Password == nil || strings.HasPrefix(a.Encoded, "md5$") {
			encoded = append(encoded, a.Encoded)
		}
	}
	for _, each := range encoded {
		if kind := pool.Kind(each); kind != "" {
			t.Errorf("%q has the kind %q", each, kind)
		}
		if pool.Outdated(each) {
			t.Errorf("%q is to be upgraded: what from?", each)
		}
		for _, password := range []string{"", each, strings.TrimPrefix(each, "!"), "password"} {
			if check, err := pool.Check(t.Context(), each, password); err == nil || check.Match {
				t.Errorf("%q and %q: %+v, %v", each, password, check, err)
			} else if each == "plain text" && strings.Contains(err.Error(), "text") {
				t.Errorf("the error repeats what may be a password as it is: %v", err)
			}
		}
	}
}

func TestDecodingAndEncodingGivesTheSame(t *testing.T) {
	t.Parallel()
	for _, a := range djangoAccounts(t) {
		decoded, err := decode(a.Encoded)
		if a.Password == nil || strings.HasPrefix(a.Encoded, "md5$") {
			if err == nil {
				t.Errorf("%s: decoded", a.Email)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := decoded.encode(); got != a.Encoded {
			t.Errorf("%s became %s", a.Encoded, got)
		}
	}
}

func TestKindsNameAlgorithmAndWork(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"admin@example.com":           "pbkdf2_sha256 260000",
		"pbkdf2-1200000@example.com":  "pbkdf2_sha256 1200000",
		"pbkdf2sha1-1000@example.com": "pbkdf2_sha1 1000",
		"argon2@example.com":          "argon2id m=102400,t=2,p=8",
		"bcryptsha256@example.com":    "bcrypt_sha256 12",
		"bcrypt@example.com":          "bcrypt 12",
		"scrypt@example.com":          "scrypt 16384,8,1",
	}
	pool := newPool(t, Argon2id)
	for _, a := range djangoAccounts(t) {
		if kind, known := want[a.Email]; known && pool.Kind(a.Encoded) != kind {
			t.Errorf("%s has the kind %q, want %q", a.Email, pool.Kind(a.Encoded), kind)
		}
		delete(want, a.Email)
	}
	if len(want) > 0 {
		t.Errorf("no such account: %v", want)
	}
}
