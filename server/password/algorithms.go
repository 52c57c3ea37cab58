package password

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

type argon2Password struct {
	variant   string // argon2id or argon2i
	memoryKiB uint32
	time      uint32
	threads   uint8
	salt      []byte
	digest    []byte
}

func (a argon2Password) derive(password string) []byte {
	key := argon2.IDKey
	if a.variant == "argon2i" {
		key = argon2.Key
	}
	return key([]byte(password), a.salt, a.time, a.memoryKiB, a.threads, uint32(len(a.digest)))
}

func (a argon2Password) match(password string) (bool, error) {
	return equal(a.derive(password), a.digest), nil
}

func (a argon2Password) kind() string {
	return fmt.Sprintf("%s m=%d,t=%d,p=%d", a.variant, a.memoryKiB, a.time, a.threads)
}

func (a argon2Password) memory() int64 { return int64(a.memoryKiB) << 10 }

// weakerThan compares memory × passes, the measure by which the OWASP Password
// Storage Cheat Sheet's five settings are alike.
func (a argon2Password) weakerThan(current algorithm) bool {
	c, same := current.(argon2Password)
	return !same || a.variant != c.variant ||
		uint64(a.memoryKiB)*uint64(a.time) < uint64(c.memoryKiB)*uint64(c.time)
}

func (a argon2Password) encode() string {
	return fmt.Sprintf("argon2$%s$v=%d$m=%d,t=%d,p=%d$%s$%s", a.variant, argon2.Version, a.memoryKiB, a.time, a.threads,
		base64.RawStdEncoding.EncodeToString(a.salt), base64.RawStdEncoding.EncodeToString(a.digest))
}

func (a argon2Password) dummy() algorithm {
	a.digest = randomBytes(len(a.digest))
	return a
}

type pbkdf2Password struct {
	name       string // pbkdf2_sha256 or pbkdf2_sha1
	iterations int
	salt       string
	digest     []byte
}

func (p pbkdf2Password) hash() func() hash.Hash {
	if p.name == "pbkdf2_sha1" {
		return sha1.New
	}
	return sha256.New
}

func (p pbkdf2Password) derive(password string) ([]byte, error) {
	return pbkdf2.Key(p.hash(), password, []byte(p.salt), p.iterations, p.hash()().Size())
}

func (p pbkdf2Password) match(password string) (bool, error) {
	derived, err := p.derive(password)
	return err == nil && equal(derived, p.digest), err
}

func (p pbkdf2Password) kind() string { return p.name + " " + strconv.Itoa(p.iterations) }

func (pbkdf2Password) memory() int64 { return 0 }

func (p pbkdf2Password) weakerThan(current algorithm) bool {
	c, same := current.(pbkdf2Password)
	return !same || p.name != c.name || p.iterations < c.iterations
}

func (p pbkdf2Password) encode() string {
	return fmt.Sprintf("%s$%d$%s$%s", p.name, p.iterations, p.salt, base64.StdEncoding.EncodeToString(p.digest))
}

func (p pbkdf2Password) dummy() algorithm {
	p.digest = randomBytes(len(p.digest))
	return p
}

type bcryptPassword struct {
	name   string // bcrypt_sha256 or bcrypt
	cost   int
	digest string // bcrypt's own form, cost and salt included
}

// match leaves a password of more than 72 bytes to bcrypt, which looks at no
// more than those, as it does in Django.
func (b bcryptPassword) match(password string) (bool, error) {
	if b.name == "bcrypt_sha256" {
		sum := sha256.Sum256([]byte(password))
		password = hex.EncodeToString(sum[:])
	}
	err := bcrypt.CompareHashAndPassword([]byte(b.digest), []byte(password))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	return err == nil, err
}

func (b bcryptPassword) kind() string { return b.name + " " + strconv.Itoa(b.cost) }

func (bcryptPassword) memory() int64 { return 0 }

// weakerThan: no setting makes bcrypt the current algorithm.
func (bcryptPassword) weakerThan(algorithm) bool { return true }

func (b bcryptPassword) encode() string { return b.name + "$" + b.digest }

// bcryptPrefix is how much of bcrypt's own form is version, cost and salt.
const bcryptPrefix = 29

func (b bcryptPassword) dummy() algorithm {
	digest := []byte(b.digest)
	for i, random := range randomBytes(len(digest)) {
		if i >= bcryptPrefix {
			digest[i] = bcryptAlphabet[int(random)%len(bcryptAlphabet)]
		}
	}
	b.digest = string(digest)
	return b
}

type scryptPassword struct {
	n, r, p int
	salt    string
	digest  []byte
}

func (s scryptPassword) match(password string) (bool, error) {
	derived, err := scrypt.Key([]byte(password), []byte(s.salt), s.n, s.r, s.p, len(s.digest))
	return err == nil && equal(derived, s.digest), err
}

func (s scryptPassword) kind() string { return fmt.Sprintf("scrypt %d,%d,%d", s.n, s.r, s.p) }

// memory is that of V and B (RFC 7914, section 6).
func (s scryptPassword) memory() int64 { return 128 * int64(s.r) * int64(s.n+s.p) }

// weakerThan: no setting makes scrypt the current algorithm.
func (scryptPassword) weakerThan(algorithm) bool { return true }

func (s scryptPassword) encode() string {
	return fmt.Sprintf("scrypt$%d$%s$%d$%d$%s", s.n, s.salt, s.r, s.p, base64.StdEncoding.EncodeToString(s.digest))
}

func (s scryptPassword) dummy() algorithm {
	s.digest = randomBytes(len(s.digest))
	return s
}

// randomBytes are such that nobody can find a password for them.
func randomBytes(n int) []byte {
	random := make([]byte, n)
	_, _ = rand.Read(random) // never fails
	return random
}

func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
