package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// unusablePrefix marks what no password matches (UNUSABLE_PASSWORD_PREFIX).
const unusablePrefix = "!"

// maxEncodedLength is twice that of Django's column: somebody may have widened
// it, but no salt or digest is longer.
const maxEncodedLength = 256

// errUnusable is for what no password matches on purpose.
var errUnusable = errors.New("unusable password")

// algorithm is one decoded password.
type algorithm interface {
	// match compares in constant time.
	match(password string) (bool, error)
	// kind names algorithm and work: all of one kind take the same time.
	kind() string
	// memory is how many bytes it takes to check, as far as they matter: 0 for a few KiB.
	memory() int64
	// weakerThan reports whether the work is less than that of current.
	weakerThan(current algorithm) bool
	// encode is the inverse of decode.
	encode() string
	// dummy is of the same kind, and nothing matches it.
	dummy() algorithm
}

// The most work that an encoded password may ask for, some seconds of a core of
// today each. Whoever can write to the database must not be able to stop the
// server with one row.
const (
	maxIterations = 20_000_000 // pbkdf2
	maxMemoryKiB  = 256 << 10  // 256 MiB, argon2 and scrypt; Django's argon2 has 100
	maxArgonTime  = 64         // passes
	maxArgonWork  = 2 << 20    // KiB × passes
	maxBcryptCost = 15
	maxScryptWork = 1 << 23 // N × r × p; Django's is 1 << 17
)

// decode reads Django's encoding. It never panics; an error says why nothing
// can match.
func decode(encoded string) (algorithm, error) {
	if encoded == "" || strings.HasPrefix(encoded, unusablePrefix) {
		return nil, errUnusable
	}
	if len(encoded) > maxEncodedLength {
		return nil, errors.New("longer than any encoding")
	}
	name, rest, _ := strings.Cut(encoded, "$")
	switch name {
	case "argon2":
		return decodeArgon2(rest)
	case "pbkdf2_sha256", "pbkdf2_sha1":
		return decodePBKDF2(name, rest)
	case "bcrypt_sha256", "bcrypt":
		return decodeBcrypt(name, rest)
	case "scrypt":
		return decodeScrypt(rest)
	}
	return nil, errors.New("unknown algorithm") // not its name: it may be a password stored as it is
}

// decodeArgon2 reads argon2id$v=19$m=19456,t=2,p=1$salt$digest.
func decodeArgon2(rest string) (algorithm, error) {
	parts := strings.Split(rest, "$")
	if len(parts) != 5 || parts[1] != "v=19" {
		return nil, errors.New("argon2: not version 19 of the format")
	}
	var a argon2Password
	var threads int
	if _, err := fmt.Sscanf(parts[2], "m=%d,t=%d,p=%d", &a.memoryKiB, &a.time, &threads); err != nil {
		return nil, fmt.Errorf("argon2: parameters: %w", err)
	}
	if parts[2] != fmt.Sprintf("m=%d,t=%d,p=%d", a.memoryKiB, a.time, threads) {
		return nil, errors.New("argon2: parameters in another order or form")
	}
	// RFC 9106, section 3.1, wants 8 KiB for each thread.
	if threads < 1 || threads > 255 || int64(a.memoryKiB) < int64(8*threads) || a.memoryKiB > maxMemoryKiB ||
		a.time < 1 || a.time > maxArgonTime || uint64(a.memoryKiB)*uint64(a.time) > maxArgonWork {
		return nil, errors.New("argon2: parameters out of range")
	}
	a.variant, a.threads = parts[0], uint8(threads)
	if a.variant != "argon2id" && a.variant != "argon2i" {
		return nil, errors.New("argon2: unknown variant")
	}
	var err error
	if a.salt, err = decodeBase64(base64.RawStdEncoding, parts[3]); err != nil {
		return nil, fmt.Errorf("argon2: salt: %w", err)
	}
	if a.digest, err = decodeBase64(base64.RawStdEncoding, parts[4]); err != nil {
		return nil, fmt.Errorf("argon2: digest: %w", err)
	}
	return a, nil
}

// decodePBKDF2 reads iterations$salt$digest.
func decodePBKDF2(name, rest string) (algorithm, error) {
	parts := strings.Split(rest, "$")
	if len(parts) != 3 {
		return nil, errors.New("pbkdf2: not three parts")
	}
	iterations, err := decodeCount(parts[0], maxIterations)
	if err != nil {
		return nil, fmt.Errorf("pbkdf2: iterations: %w", err)
	}
	digest, err := decodeBase64(base64.StdEncoding, parts[2])
	if err != nil {
		return nil, fmt.Errorf("pbkdf2: digest: %w", err)
	}
	p := pbkdf2Password{name: name, iterations: iterations, salt: parts[1], digest: digest}
	if len(digest) != p.hash()().Size() {
		return nil, errors.New("pbkdf2: digest of another length")
	}
	return p, nil
}

// bcryptAlphabet is that of bcrypt's own base64.
const bcryptAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// decodeBcrypt reads $2b$12$ and 53 more characters: bcrypt's own form, whose
// first character is a $ too.
func decodeBcrypt(name, rest string) (algorithm, error) {
	parts := strings.Split(rest, "$")
	if len(rest) != 60 || len(parts) != 4 || parts[0] != "" {
		return nil, errors.New("bcrypt: not its own form")
	}
	if parts[1] != "2a" && parts[1] != "2b" && parts[1] != "2y" {
		return nil, errors.New("bcrypt: unknown version")
	}
	if len(parts[2]) != 2 || strings.Trim(parts[3], bcryptAlphabet) != "" {
		return nil, errors.New("bcrypt: characters that it has not")
	}
	cost, err := decodeCount(strings.TrimPrefix(parts[2], "0"), maxBcryptCost)
	if err != nil || cost < 4 {
		return nil, errors.New("bcrypt: cost out of range")
	}
	return bcryptPassword{name: name, cost: cost, digest: rest}, nil
}

// decodeScrypt reads N$salt$r$p$digest.
func decodeScrypt(rest string) (algorithm, error) {
	parts := strings.Split(rest, "$")
	if len(parts) != 5 {
		return nil, errors.New("scrypt: not five parts")
	}
	n, errN := decodeCount(parts[0], 1<<24)
	r, errR := decodeCount(parts[2], 1<<10)
	p, errP := decodeCount(parts[3], 1<<10)
	digest, errD := decodeBase64(base64.StdEncoding, parts[4])
	if err := errors.Join(errN, errR, errP, errD); err != nil {
		return nil, fmt.Errorf("scrypt: %w", err)
	}
	if n < 2 || n&(n-1) != 0 || n*r/8 > maxMemoryKiB || n*r*p > maxScryptWork {
		return nil, errors.New("scrypt: parameters out of range")
	}
	return scryptPassword{n: n, r: r, p: p, salt: parts[1], digest: digest}, nil
}

// decodeCount reads a positive number as Django writes it.
func decodeCount(text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most || strconv.Itoa(n) != text {
		return 0, errors.New("number out of range")
	}
	return n, nil
}

// decodeBase64 refuses an empty digest too: it would match everything.
func decodeBase64(encoding *base64.Encoding, text string) ([]byte, error) {
	decoded, err := encoding.Strict().DecodeString(text)
	if err != nil || len(decoded) < 8 || strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("not base64 of at least 8 bytes")
	}
	return decoded, nil
}
