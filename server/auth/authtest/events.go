package authtest

import (
	"context"
	"fmt"
	"slices"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// EachEvent implements [audit.Store].
func (f *Store) EachEvent(_ context.Context, _ auth.ListParams, each func(auth.Event) error) error {
	for _, event := range f.Events {
		if err := each(event); err != nil {
			return err
		}
	}
	return f.Err
}

// EventHead implements [audit.Store].
func (f *Store) EventHead(context.Context) (last int64, hash string, err error) {
	last, hash = f.Last, f.Hash
	if f.OnHead != nil {
		f.OnHead()
	}
	return last, hash, f.Err
}

// Append puts events at the end of the chain.
func (r *Rows) Append(events []auth.Event) {
	for _, event := range events {
		event.ID, event.Version = r.Last+1, auth.EventVersion
		hash, err := event.Chain(r.Hash)
		if err != nil {
			panic(err)
		}
		event.Hash = hash
		r.Events, r.Last, r.Hash = append(r.Events, event), event.ID, hash
	}
}

// LastEvent implements [accounts.EventTx].
func (c *changes) LastEvent(_ context.Context, kind, targetID string, action auth.Action) (auth.Event, error) {
	for _, event := range slices.Backward(c.Events) {
		if event.TargetKind == kind && event.TargetID == targetID && event.Action == action {
			return event, nil
		}
	}
	return auth.Event{}, fmt.Errorf("reading an event: %w", auth.ErrNoRow)
}

// Record implements [accounts.EventTx].
func (c *changes) Record(event auth.Event) { c.recorded = append(c.recorded, event) }

// ListEvents implements [audit.Store], whatever is asked for.
func (f *Store) ListEvents(context.Context, auth.ListParams) (auth.Page[auth.Event], error) {
	return auth.Page[auth.Event]{Items: slices.Clone(f.Events), Matches: len(f.Events), Total: len(f.Events)}, f.Err
}

// Event implements [audit.Store].
func (f *Store) Event(_ context.Context, id int64) (auth.Event, error) {
	for _, event := range f.Events {
		if event.ID == id {
			return event, f.Err
		}
	}
	return auth.Event{}, fmt.Errorf("reading an event: %w", auth.ErrNoRow)
}
