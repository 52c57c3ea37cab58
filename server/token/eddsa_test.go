package token

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// fixedKeys is one key.
type fixedKeys struct {
	id      string
	private ed25519.PrivateKey
	err     error
}

func (k fixedKeys) Signing(context.Context) (string, ed25519.PrivateKey, error) {
	return k.id, k.private, k.err
}

func (k fixedKeys) Verifying(_ context.Context, id string) (ed25519.PublicKey, error) {
	if k.err != nil || id != k.id {
		return nil, errors.Join(k.err, errors.New("unknown kid"))
	}
	public, _ := k.private.Public().(ed25519.PublicKey)
	return public, nil
}

func newEdDSA(t testing.TB, keys fixedKeys) *Codec {
	t.Helper()
	codec, err := New(Config{Alg: EdDSA, Secret: secret, Keys: keys, Issuer: "https://example.com"}, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

func TestBothAlgorithmsReadEachOthers(t *testing.T) {
	t.Parallel()
	keys := fixedKeys{id: "key1", private: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))}
	eddsa := newEdDSA(t, keys)
	hs256, err := New(Config{Alg: HS256, Secret: secret, Keys: keys}, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []*Codec{eddsa, hs256} {
		raw := mustIssue(t, from, sample())
		for _, to := range []*Codec{eddsa, hs256} {
			got, err := to.Parse(t.Context(), raw)
			if err != nil || got.SessionID != sample().SessionID {
				t.Errorf("%s reads %s's as %+v, %v", to.alg, from.alg, got, err)
			}
		}
	}
}

// That the keys cannot be read is no fault of the token: nobody is signed out.
func TestKeysThatCannotBeRead(t *testing.T) {
	t.Parallel()
	keys := fixedKeys{id: "key1", private: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))}
	raw := mustIssue(t, newEdDSA(t, keys), sample())
	keys.err = auth.Unavailable(errors.New("gone"))
	without := newEdDSA(t, keys)
	if _, err := without.Parse(t.Context(), raw); auth.ErrorCode(err) != auth.CodeUnavailable {
		t.Errorf("reading answers %v", err)
	}
	if _, err := without.Issue(t.Context(), sample()); auth.ErrorCode(err) != auth.CodeUnavailable {
		t.Errorf("issuing answers %v", err)
	}
}

func TestSealing(t *testing.T) {
	t.Parallel()
	open := func(secret []byte, fallbacks ...[]byte) *Sealer {
		t.Helper()
		sealer, err := NewSealer(secret, fallbacks)
		if err != nil {
			t.Fatal(err)
		}
		return sealer
	}
	seed := bytes.Repeat([]byte{9}, 32)
	sealed, err := open(old).Seal("key1", seed)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := open(old).Seal("key1", seed)
	if again == sealed {
		t.Error("two encryptions of one key are alike")
	}
	for name, test := range map[string]struct {
		sealer      *Sealer
		id, sealed  string
		good, stale bool
	}{
		"the same secret":     {open(old), "key1", sealed, true, false},
		"a fallback":          {open(secret, old), "key1", sealed, true, true},
		"another secret":      {open(secret), "key1", sealed, false, false},
		"another key's id":    {open(old), "key2", sealed, false, false},
		"changed":             {open(old), "key1", "A" + sealed[1:], false, false},
		"cut":                 {open(old), "key1", sealed[:8], false, false},
		"empty":               {open(old), "key1", "", false, false},
		"not base64":          {open(old), "key1", "%", false, false},
		"with a bit appended": {open(old), "key1", sealed + "AAAA", false, false},
	} {
		got, stale, err := test.sealer.Open(test.id, test.sealed)
		if (err == nil) != test.good || stale != test.stale || test.good && !bytes.Equal(got, seed) {
			t.Errorf("%s: %v, %t, %v", name, got, stale, err)
		}
	}
}
