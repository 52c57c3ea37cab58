package repotest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
)

func signingKey() keys.Key {
	return keys.Key{ID: "a", Public: slices.Repeat([]byte{7}, 32), Sealed: "sealed a", CreatedAt: noon, SignsFrom: noon.Add(keys.PublishAhead)}
}

func keyEvent(action auth.Action) auth.Event {
	return auth.Event{At: noon, Channel: auth.ChannelCLI, Actor: "ops", Action: action, TargetKind: auth.TargetKey, TargetID: "a", Target: "a"}
}

func (f fixture) onlyKey(t testing.TB) keys.Key {
	t.Helper()
	found, err := f.SigningKeys(t.Context())
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("there are %d keys", len(found))
	}
	return found[0]
}

var signingKeys = []contractTest{
	{"a signing key is read as it was stored, and is an event", func(t *testing.T, f fixture) {
		if found, err := f.SigningKeys(t.Context()); err != nil || len(found) != 0 {
			t.Errorf("before there is one: %v, %v", found, err)
		}
		want := signingKey()
		must(t, f.AddSigningKey(t.Context(), want, keyEvent(auth.ActionCreated)))
		got := f.onlyKey(t)
		if got.ID != want.ID || !got.Public.Equal(want.Public) || got.Sealed != want.Sealed || !got.CreatedAt.Equal(want.CreatedAt) ||
			!got.SignsFrom.Equal(want.SignsFrom) || got.ExpiresAt != nil || got.RevokedAt != nil {
			t.Errorf("reads %+v, want %+v", got, want)
		}
		if last, _, err := f.EventHead(t.Context()); err != nil || last != 1 {
			t.Errorf("there are %d events, %v", last, err)
		}
	}},
	{"a signing key is revoked once", func(t *testing.T, f fixture) {
		must(t, f.AddSigningKey(t.Context(), signingKey(), keyEvent(auth.ActionCreated)))
		must(t, f.RevokeSigningKey(t.Context(), "a", noon, keyEvent(auth.ActionRevoked)))
		for _, id := range []string{"a", "b"} {
			if err := f.RevokeSigningKey(t.Context(), id, noon.Add(time.Hour), keyEvent(auth.ActionRevoked)); !errors.Is(err, auth.ErrNoRow) {
				t.Errorf("%s: %v", id, err)
			}
		}
		if got := f.onlyKey(t); got.RevokedAt == nil || !got.RevokedAt.Equal(noon) {
			t.Errorf("it was revoked at %v", got.RevokedAt)
		}
		if last, _, err := f.EventHead(t.Context()); err != nil || last != 2 {
			t.Errorf("there are %d events, %v", last, err)
		}
	}},
	{"a signing key has one end, and is deleted after it", func(t *testing.T, f fixture) {
		must(t, f.AddSigningKey(t.Context(), signingKey(), keyEvent(auth.ActionCreated)))
		end := noon.Add(time.Hour)
		must(t, f.ExpireSigningKey(t.Context(), "a", end))
		must(t, f.ExpireSigningKey(t.Context(), "a", end.Add(time.Hour)))
		if got := f.onlyKey(t); got.ExpiresAt == nil || !got.ExpiresAt.Equal(end) {
			t.Errorf("it ends at %v, want %v", got.ExpiresAt, end)
		}
		if n, err := f.DeleteExpired(t.Context(), end); err != nil || n != 0 {
			t.Errorf("in its last moment %d are deleted, %v", n, err)
		}
		if n, err := f.DeleteExpired(t.Context(), end.Add(time.Second)); err != nil || n != 1 {
			t.Errorf("after it %d are deleted, %v", n, err)
		}
	}},
	{"a signing key is encrypted anew if nobody else has done so", func(t *testing.T, f fixture) {
		must(t, f.AddSigningKey(t.Context(), signingKey(), keyEvent(auth.ActionCreated)))
		must(t, f.ResealSigningKey(t.Context(), "a", "sealed a", "one"))
		must(t, f.ResealSigningKey(t.Context(), "a", "sealed a", "two"))
		if got := f.onlyKey(t); got.Sealed != "one" {
			t.Errorf("it is %q", got.Sealed)
		}
	}},
}
