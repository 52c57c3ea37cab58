package password

import (
	"fmt"
	"io"
)

// Hasher names the algorithm of new passwords.
type Hasher string

// The algorithms for new passwords.
const (
	// Argon2id with m=19456 KiB, t=2, p=1: the OWASP Password Storage Cheat
	// Sheet's first choice.
	Argon2id Hasher = "argon2id"
	// PBKDF2SHA256 with 600,000 iterations, as the same sheet asks for: for a
	// Django beside us that lacks argon2-cffi.
	PBKDF2SHA256 Hasher = "pbkdf2_sha256"
	// CheapForTests is Argon2id that costs nothing and protects nothing. No setting
	// chooses it: package config knows the other two alone.
	CheapForTests Hasher = "cheap, for tests"
)

// What a password takes to be hashed, in bytes.
const (
	CurrentMemory = currentKiB << 10   // at the setting for new ones
	MaxMemory     = maxMemoryKiB << 10 // at the heaviest setting that is accepted
)

// currentKiB is [Argon2id]'s memory.
const currentKiB = 19456

// saltLength is Django's: 22 characters of 62 are 131 bits.
const saltLength = 22

const saltAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// fresh returns a password of the current setting with a random salt and a random
// digest, which nothing matches.
func (h Hasher) fresh(random io.Reader) (algorithm, error) {
	salt, err := randomSalt(random)
	if err != nil {
		return nil, err
	}
	digest := make([]byte, 32)
	if _, err := io.ReadFull(random, digest); err != nil {
		return nil, fmt.Errorf("reading randomness: %w", err)
	}
	if h == PBKDF2SHA256 {
		return pbkdf2Password{name: "pbkdf2_sha256", iterations: 600_000, salt: salt, digest: digest}, nil
	}
	if h == CheapForTests {
		return argon2Password{variant: "argon2id", memoryKiB: 64, time: 1, threads: 1, salt: []byte(salt), digest: digest}, nil
	}
	return argon2Password{variant: "argon2id", memoryKiB: currentKiB, time: 2, threads: 1, salt: []byte(salt), digest: digest}, nil
}

// hash encodes a password by the current setting.
func (h Hasher) hash(random io.Reader, password string) (string, error) {
	made, err := h.fresh(random)
	if err != nil {
		return "", err
	}
	switch a := made.(type) {
	case argon2Password:
		a.digest = a.derive(password)
		return a.encode(), nil
	case pbkdf2Password:
		a.digest, err = a.derive(password)
		return a.encode(), err
	}
	return "", fmt.Errorf("no way to hash with %q", h)
}

// randomSalt draws characters evenly: a byte that would favour some is drawn
// again.
func randomSalt(random io.Reader) (string, error) {
	const even = 256 - 256%len(saltAlphabet)
	salt := make([]byte, 0, saltLength)
	for drawn := make([]byte, 1); len(salt) < saltLength; {
		if _, err := io.ReadFull(random, drawn); err != nil {
			return "", fmt.Errorf("reading randomness: %w", err)
		}
		if int(drawn[0]) < even {
			salt = append(salt, saltAlphabet[int(drawn[0])%len(saltAlphabet)])
		}
	}
	return string(salt), nil
}
