package config

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// MinSecretLength is the least that HMAC-SHA-256 wants of its key (RFC 7518,
// section 3.2), in bytes.
const MinSecretLength = 32

// minSecretBits is how many bits of chance a secret must show. NIST SP 800-131A asks
// for 112 of a key; 32 hex digits have 128, of which chance can make some look like
// words.
const minSecretBits = 100

// mostRecognized is how much of a secret's letters and digits may be words, sequences
// and repetitions. A random one in base64 has a tenth, a sentence nearly all.
const mostRecognized = 0.6

const makeOne = "make one with: openssl rand -base64 48"

// published are marks of keys that anybody can read: the one that Django's
// startproject makes and its tutorial commits; the one in FastAPI's tutorial; what
// allkeysgenerator.com hands out, which is one pattern, cut in pieces. The words are long
// enough that a random text has none of them.
var published = regexp.MustCompile(`(?i:password|secret[-_ ]?key|supersecret|superrandom|random[-_ ]?key|jwtsecret|production|placeholder|replace[-_ ]?me|django-insecure|secretsecret|change[-_ ]?me|your[-_ ]?secret|09d25e094faa6ca2556c818166b7a956)|` +
	`NdRgUk|PdSgUk|PdSgVk|PeShVm|QeThWm|QfTjWn|RfUjXn`)

// uuid is a form for names. RFC 9562, section 8: they "must not be used as security
// capabilities". The lists of leaked secrets are full of them.
var uuid = regexp.MustCompile(`(?i)^[^0-9a-f]*[0-9a-f]{8}-?[0-9a-f]{4}-?[1-8][0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}[^0-9a-f]*$`)

// severalWords are three or more with a separator between them, in any language. Random bytes
// in any alphabet have digits, or both cases in one run.
var severalWords = regexp.MustCompile(`^\W*\p{L}?\p{Ll}+(?:[-_ .,:]+\p{L}?\p{Ll}+){2,}\W*$|^\W*\p{Lu}+(?:[-_ .,:]+\p{Lu}+){2,}\W*$`)

// CheckSecret refuses what can be guessed: what is short, published, a name, words, or
// a pattern. A secret is 32 random bytes or more; nothing else has to pass, and that
// always does. Its error does not repeat the secret.
func CheckSecret(secret string) error {
	if len(secret) < MinSecretLength {
		return fmt.Errorf("must have at least %d bytes; %s", MinSecretLength, makeOne)
	}
	if why := whatIsWrongWith(secret, readDictionary); why != "" {
		return errors.New("can be guessed: it " + why + "; " + makeOne)
	}
	return nil
}

// whatIsWrongWith judges a secret, and what it is the hex or base64 form of.
func whatIsWrongWith(secret string, words dictionary) string {
	if !utf8.ValidString(secret) {
		return whatIsWrongWithBytes(secret)
	}
	for _, text := range append(decoded(secret), secret) {
		switch {
		case isLeaked(text):
			return "is published"
		case published.MatchString(text):
			return "is published, or has words in it that published ones have"
		case severalWords.MatchString(text):
			return "is made of words"
		}
	}
	if uuid.MatchString(secret) && strings.Count(secret, "-") == 4 {
		return "is a UUID"
	}
	for _, text := range append(decoded(secret), secret) {
		switch m := measure(text, words); {
		case m.recognized > mostRecognized:
			return "is made of words, sequences or repetitions"
		case m.bits < minSecretBits:
			return "has too little in it that is random"
		}
	}
	return ""
}

func isLeaked(secret string) bool {
	sum := sha256.Sum256([]byte(secret))
	return leaked[hex.EncodeToString(sum[:8])]
}

// minDistinct is how many of 32 bytes are to differ; of random ones 30 do.
const minDistinct = 16

// whatIsWrongWithBytes judges what nobody types.
func whatIsWrongWithBytes(secret string) string {
	distinct := map[byte]bool{}
	for i := range len(secret) {
		distinct[secret[i]] = true
	}
	if len(distinct) < minDistinct {
		return "has too little in it that is random"
	}
	return ""
}

// decoded returns what a secret is the hex or base64 form of, where that is text: random
// bytes are not.
func decoded(secret string) []string {
	var texts []string
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
	} {
		if raw, err := decode(secret); err == nil && isPrintable(raw) {
			texts = append(texts, string(raw))
		}
	}
	return texts
}

// isPrintable reports whether bytes are ASCII for people; of 16 random ones that holds
// once in ten million.
func isPrintable(raw []byte) bool {
	for _, b := range raw {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return len(raw) >= 16
}
