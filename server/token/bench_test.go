package token

import (
	"bytes"
	"crypto/ed25519"
	"testing"
)

// BenchmarkParse is what a request spends on its token, by algorithm. `make bench` has
// what that means for a session check (alg).
func BenchmarkParse(b *testing.B) {
	keys := fixedKeys{id: "key1", private: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))}
	for name, codec := range map[string]*Codec{"HS256": newCodec(b, noon, secret), "EdDSA": newEdDSA(b, keys)} {
		raw := mustIssue(b, codec, sample())
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := codec.Parse(b.Context(), raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCheckForm is what the strict look at a token adds to it.
func BenchmarkCheckForm(b *testing.B) {
	raw := mustIssue(b, newCodec(b, noon, secret), sample())
	for b.Loop() {
		if err := checkForm(raw); err != nil {
			b.Fatal(err)
		}
	}
}
