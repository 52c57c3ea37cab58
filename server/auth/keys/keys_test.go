package keys_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
)

const lifetime = 24 * time.Hour

// instance is one of several on a store.
type instance struct {
	*keys.Service

	clock *authtest.Clock
	log   *bytes.Buffer
}

func newInstance(store *authtest.Store, clock *authtest.Clock, sealer keys.Sealer) instance {
	log := &bytes.Buffer{}
	return instance{keys.New(keys.Deps{
		Store: store, Sealer: sealer, Clock: clock, Random: rand.Reader,
		Log: slog.New(slog.NewTextHandler(log, nil)), TokenLifetime: lifetime,
	}), clock, log}
}

func (i instance) signs(t *testing.T) string {
	t.Helper()
	id, private, err := i.Signing(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(private) != ed25519.PrivateKeySize {
		t.Fatalf("the private key has %d bytes", len(private))
	}
	return id
}

func (i instance) verifies(t *testing.T, id string) bool {
	t.Helper()
	_, err := i.Verifying(t.Context(), id)
	if auth.ErrorCode(err) == auth.CodeUnavailable {
		t.Fatal(err)
	}
	return err == nil
}

func (i instance) published(t *testing.T) (ids []string) {
	t.Helper()
	found, err := i.Published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range found {
		ids = append(ids, k.ID)
	}
	return ids
}

func (i instance) mustRotate(t *testing.T) keys.Key {
	t.Helper()
	key, err := i.Rotate(t.Context(), operator)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (i instance) mustMaintain(t *testing.T) {
	t.Helper()
	if err := i.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

var operator = auth.CommandLine("ops")

// xor encrypts so that a test sees under which secret.
type xor []string

func (x xor) Seal(id string, seed []byte) (string, error) {
	return x[0] + "|" + id + "|" + string(seed), nil
}

func (x xor) Open(id, sealed string) ([]byte, bool, error) {
	for n, secret := range x {
		if seed, ok := strings.CutPrefix(sealed, secret+"|"+id+"|"); ok {
			return []byte(seed), n > 0, nil
		}
	}
	return nil, false, errors.New("another secret")
}

func TestTheLifeOfAKey(t *testing.T) {
	t.Parallel()
	clock, store := &authtest.Clock{At: authtest.Noon}, authtest.NewStore()
	one, two := newInstance(store, clock, xor{"s"}), newInstance(store, clock, xor{"s"})

	first := one.signs(t)
	if !two.verifies(t, first) || two.signs(t) != first {
		t.Error("another instance makes a first key of its own")
	}
	clock.Advance(time.Minute)
	second := one.mustRotate(t).ID
	if second == first {
		t.Fatal("the second key is the first")
	}
	clock.Advance(keys.RefreshEvery)
	if got := two.published(t); len(got) != 2 || got[0] != second || got[1] != first {
		t.Errorf("before it signs the new key is published so: %v", got)
	}
	if one.signs(t) != first || two.signs(t) != first {
		t.Error("the new key signs before everybody has it")
	}
	clock.Advance(keys.PublishAhead - keys.RefreshEvery - 1)
	if one.signs(t) != first {
		t.Error("the new key signs a moment too early")
	}
	clock.Advance(1)
	if one.signs(t) != second || two.signs(t) != second {
		t.Error("the new key does not sign when it is to")
	}
	one.mustMaintain(t)
	clock.Advance(lifetime)
	if !one.verifies(t, first) || !two.verifies(t, first) || len(two.published(t)) != 2 {
		t.Error("a key is gone before the last token of it is over")
	}
	clock.Advance(time.Hour)
	if one.verifies(t, first) || two.verifies(t, first) {
		t.Error("a key verifies though all its tokens are over")
	}
	if got := two.published(t); len(got) != 1 || got[0] != second {
		t.Errorf("in the end these are published: %v", got)
	}
}

// ASVS 9.1.3
func TestARevokedKeyIsRefusedByEveryInstance(t *testing.T) {
	t.Parallel()
	clock, store := &authtest.Clock{At: authtest.Noon}, authtest.NewStore()
	one, two := newInstance(store, clock, xor{"s"}), newInstance(store, clock, xor{"s"})
	first := one.signs(t)
	two.verifies(t, first)
	if err := one.Revoke(t.Context(), operator, first); err != nil {
		t.Fatal(err)
	}
	clock.Advance(keys.RefreshEvery)
	if one.verifies(t, first) || two.verifies(t, first) || len(two.published(t)) != 0 {
		t.Error("a revoked key is good still")
	}
	second := two.signs(t)
	if second == first {
		t.Fatal("a revoked key signs")
	}
	if !one.verifies(t, second) {
		t.Error("the other instance does not learn of the key that was made at once")
	}
	for _, id := range []string{first, "unknown"} {
		if err := one.Revoke(t.Context(), operator, id); auth.ErrorCode(err) != auth.CodeNotFound {
			t.Errorf("revoking %s: %v", id, err)
		}
	}
}

// Signing is by what was read a second ago at most: an instance that does not know of a
// revocation yet makes no token that others refuse.
// ASVS 9.1.3
func TestNoInstanceSignsWithARevokedKeyForLong(t *testing.T) {
	t.Parallel()
	clock, store := &authtest.Clock{At: authtest.Noon}, authtest.NewStore()
	one, two := newInstance(store, clock, xor{"s"}), newInstance(store, clock, xor{"s"})
	first := two.signs(t)
	if err := one.Revoke(t.Context(), operator, first); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Second)
	if two.signs(t) == first {
		t.Error("it signs with a revoked key")
	}
}

// ASVS 9.1.3
func TestMadeUpKeysCostLittle(t *testing.T) {
	t.Parallel()
	clock, store := &authtest.Clock{At: authtest.Noon}, authtest.NewStore()
	one := newInstance(store, clock, xor{"s"})
	one.signs(t)
	read, began := store.KeysRead, clock.Now()
	for range 50 {
		if one.verifies(t, strings.Repeat("0", 32)) {
			t.Fatal("a made-up key is good")
		}
	}
	if took, asked := clock.Now().Sub(began), store.KeysRead-read; asked > int(took/(100*time.Millisecond))+1 {
		t.Errorf("the database was asked %d times in %s", asked, took)
	}
}

func TestManyAtOnceMakeOneFirstKey(t *testing.T) {
	t.Parallel()
	store := authtest.NewStore()
	one := newInstance(store, &authtest.Clock{At: authtest.Noon}, xor{"s"})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, _, err := one.Signing(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(store.Keys) != 1 {
		t.Errorf("%d keys were made", len(store.Keys))
	}
}

func TestTheSecretChanges(t *testing.T) {
	t.Parallel()
	clock, store := &authtest.Clock{At: authtest.Noon}, authtest.NewStore()
	first := newInstance(store, clock, xor{"old"}).signs(t)
	during := newInstance(store, clock, xor{"new", "old"})
	if during.signs(t) != first {
		t.Error("a key that was encrypted under the fallback does not sign")
	}
	during.mustMaintain(t)
	after := newInstance(store, clock, xor{"new"})
	if after.signs(t) != first || !strings.HasPrefix(store.Keys[0].Sealed, "new|") {
		t.Error("the key was not encrypted under the new secret")
	}
	other := newInstance(store, clock, xor{"another"})
	if other.verifies(t, first) || len(other.published(t)) != 0 {
		t.Error("a key verifies for who cannot open it")
	}
	if _, err := other.Rotate(t.Context(), operator); auth.ErrorCode(err) != auth.CodeConflict {
		t.Errorf("rotating with another secret: %v", err)
	}
	if !strings.Contains(other.log.String(), "a signing key cannot be used") || strings.Contains(other.log.String(), store.Keys[0].Sealed) {
		t.Errorf("the log says %s", other.log)
	}
}

// Whoever can write to the database, and has no secret, can plant no key.
// ASVS 9.1.3
func TestAPlantedKeyIsNotUsed(t *testing.T) {
	t.Parallel()
	clock, store := &authtest.Clock{At: authtest.Noon}, authtest.NewStore()
	one := newInstance(store, clock, xor{"s"})
	first := one.signs(t)
	mine, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	planted := store.Keys[0]
	planted.Public = mine
	store.Keys[0] = planted
	clock.Advance(keys.RefreshEvery)
	if one.verifies(t, first) {
		t.Error("a public key that is not the private one's verifies")
	}
}

func TestWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	clock, store := &authtest.Clock{At: authtest.Noon}, authtest.NewStore()
	one := newInstance(store, clock, xor{"s"})
	first := one.signs(t)
	store.Err = auth.Unavailable(errors.New("gone"))
	clock.Advance(time.Hour)
	if _, _, err := one.Signing(t.Context()); auth.ErrorCode(err) != auth.CodeUnavailable {
		t.Errorf("signing: %v", err)
	}
	if !one.verifies(t, first) || len(one.published(t)) != 1 {
		t.Error("what is known is not known any more")
	}
	if _, err := one.Verifying(t.Context(), "unknown"); auth.ErrorCode(err) != auth.CodeUnavailable {
		t.Errorf("a key that may be new: %v", err)
	}
	fresh := newInstance(store, clock, xor{"s"})
	if _, err := fresh.Published(t.Context()); auth.ErrorCode(err) != auth.CodeUnavailable {
		t.Errorf("publishing what was never read: %v", err)
	}
}

func TestRotatingTwice(t *testing.T) {
	t.Parallel()
	clock, store := &authtest.Clock{At: authtest.Noon}, authtest.NewStore()
	one := newInstance(store, clock, xor{"s"})
	if first := one.mustRotate(t); !first.SignsFrom.Equal(authtest.Noon) {
		t.Errorf("the first key signs from %v", first.SignsFrom)
	}
	one.mustRotate(t)
	if _, err := one.Rotate(t.Context(), operator); auth.ErrorCode(err) != auth.CodeConflict {
		t.Errorf("a third while the second waits: %v", err)
	}
	clock.Advance(keys.PublishAhead)
	one.mustRotate(t)

	listed, err := one.List(t.Context(), operator)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []keys.State{keys.StateWaiting, keys.StateSigning, keys.StateOld} {
		if listed[i].State != want {
			t.Errorf("key %d is %s, want %s", i, listed[i].State, want)
		}
	}
	var actions []string
	for _, e := range store.Events {
		actions = append(actions, string(e.Action)+" "+e.TargetKind+" by "+e.Actor)
	}
	if want := strings.Repeat("created signing key by ops\n", 3); strings.Join(actions, "\n")+"\n" != want {
		t.Errorf("the log says %v", actions)
	}
}

func TestOnlyWhoMayDoEverythingMayTouchKeys(t *testing.T) {
	t.Parallel()
	alice := authtest.Alice()
	store := authtest.NewStore()
	one := newInstance(store, &authtest.Clock{At: authtest.Noon}, xor{"s"})
	by := auth.InSession(alice, auth.Session{Channel: auth.ChannelAPI}, auth.Client{}, auth.Rights{})
	_, listing := one.List(t.Context(), by)
	_, rotating := one.Rotate(t.Context(), by)
	for _, err := range []error{listing, rotating, one.Revoke(t.Context(), by, "x")} {
		if auth.ErrorCode(err) != auth.CodeForbidden {
			t.Errorf("answers %v", err)
		}
	}
}
