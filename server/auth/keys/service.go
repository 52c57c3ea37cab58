package keys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Deps are what keys need from the world.
type Deps struct {
	Store  Store
	Sealer Sealer
	Clock  auth.Clock
	Random io.Reader
	Log    *slog.Logger
	// TokenLifetime is that of access tokens: a key that signs no more goes on to
	// verify for as long.
	TokenLifetime time.Duration
}

// Service holds the keys of an instance, and changes them for all. Its methods are safe
// for concurrent use.
type Service struct {
	store    Store
	sealer   Sealer
	clock    auth.Clock
	random   io.Reader
	log      *slog.Logger
	lifetime time.Duration

	held    atomic.Pointer[ring]
	reading sync.Mutex // held while the keys are read, or the first is made
}

// New wires a Service. It reads nothing yet.
func New(deps Deps) *Service {
	return &Service{
		store: deps.Store, sealer: deps.Sealer, clock: deps.Clock, random: deps.Random, log: deps.Log, lifetime: deps.TokenLifetime,
	}
}

func (s *Service) now() time.Time { return auth.Now(s.clock) }

// Listed is a key and its state.
type Listed struct {
	Key

	State State
}

// List returns all keys, the newest first, for who may do everything.
func (s *Service) List(ctx context.Context, by *auth.Principal) ([]Listed, error) {
	if err := by.RequireEverything(ctx, s.store); err != nil {
		return nil, err
	}
	stored, err := s.store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	stored = inOrder(stored)
	listed := make([]Listed, 0, len(stored))
	for i, k := range stored {
		listed = append(listed, Listed{Key: k, State: StateOf(stored, i, s.now())})
	}
	return listed, nil
}

// Rotate makes a new key, which is published at once and signs [PublishAhead] later; the
// first one signs at once. The error has CodeConflict while another new key waits, and
// when the secret at hand is not the servers'.
func (s *Service) Rotate(ctx context.Context, by *auth.Principal) (Key, error) {
	listed, err := s.List(ctx, by)
	if err != nil {
		return Key{}, err
	}
	now := s.now()
	signsFrom := now
	for _, k := range listed {
		if k.State == StateWaiting {
			return Key{}, auth.Conflict("The new key "+k.ID+" is published already and signs from "+k.SignsFrom.UTC().Format(time.RFC3339)+".", nil)
		}
		if k.State != StateSigning {
			continue
		}
		if _, _, err := s.open(k.Key); err != nil { // a key of ours would be of no use to the servers
			const detail = "Set the LATCHKEY_SECRET_KEY that the server has: the key %s was encrypted under another. If that is lost, revoke the key."
			return Key{}, auth.Conflict(fmt.Sprintf(detail, k.ID), err)
		}
		signsFrom = now.Add(PublishAhead)
	}
	return s.add(ctx, by, now, signsFrom)
}

// Revoke ends a key at once: it is not published any more, and its tokens are refused, by
// every instance after [RefreshEvery], and by other services once they fetch the set
// anew. Where it was the one that signs, the next login makes a new one.
func (s *Service) Revoke(ctx context.Context, by *auth.Principal, id string) error {
	if err := by.RequireEverything(ctx, s.store); err != nil {
		return err
	}
	now := s.now()
	err := s.store.RevokeSigningKey(ctx, id, now, onKey(by.Event(now, auth.ActionRevoked), id))
	if errors.Is(err, auth.ErrNoRow) {
		return auth.NotFound("There is no such key, or it is revoked already. List keys with: latchkey keys list")
	}
	return err
}

// Maintain does for the keys what time brings: those that a newer one has taken over from
// get an end, and what was encrypted under a fallback is encrypted under the secret.
func (s *Service) Maintain(ctx context.Context) error {
	r, err := s.atMost(ctx, 0)
	if err != nil {
		return err
	}
	now := s.now()
	current := signing(r.keys, now)
	for i, k := range r.keys {
		if i != current && k.maySign(now) {
			err = errors.Join(err, s.store.ExpireSigningKey(ctx, k.ID, now.Add(s.lifetime+expiryMargin)))
		}
		if r.stale[i] {
			err = errors.Join(err, s.reseal(ctx, k, r.private[i].Seed()))
		}
	}
	return err
}

func (s *Service) reseal(ctx context.Context, k Key, seed []byte) error {
	sealed, err := s.sealer.Seal(k.ID, seed)
	if err != nil {
		return err
	}
	return s.store.ResealSigningKey(ctx, k.ID, k.Sealed, sealed)
}

// makeFirst makes a key that signs at once, unless somebody else has meanwhile.
func (s *Service) makeFirst(ctx context.Context) (*ring, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	r := s.read(ctx)
	if r.err != nil || signing(r.keys, s.now()) >= 0 {
		return r, r.err
	}
	now := s.now()
	if _, err := s.add(context.WithoutCancel(ctx), auth.Background("signing keys"), now, now); err != nil {
		return nil, err
	}
	r = s.read(ctx)
	return r, r.err
}

func (s *Service) add(ctx context.Context, by *auth.Principal, now, signsFrom time.Time) (Key, error) {
	key, seed, err := newKey(s.random, now, signsFrom)
	if err != nil {
		return Key{}, err
	}
	if key.Sealed, err = s.sealer.Seal(key.ID, seed); err != nil {
		return Key{}, err
	}
	return key, s.store.AddSigningKey(ctx, key, onKey(by.Event(now, auth.ActionCreated), key.ID))
}

// onKey returns the event as one about a key.
func onKey(e auth.Event, id string) auth.Event {
	e.TargetKind, e.TargetID, e.Target = auth.TargetKey, id, id
	return e
}
