package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Verification is what [Log.Verify] found.
type Verification struct {
	Events int64  // how many there are
	Hash   string // of the last one
	// Fault says what is wrong, and at which event; "" when nothing is.
	Fault string
}

// Verify reads all events and reports whether one of them was edited or taken out since
// it was written, or put there by somebody else. Who writes the whole chain anew from
// some event on is found by comparing it with a number and a hash that were noted
// elsewhere: known holds such, by the number.
func (l *Log) Verify(ctx context.Context, known map[int64]string) (Verification, error) {
	last, hash, err := l.store.EventHead(ctx)
	if err != nil {
		return Verification{}, err
	}
	found := Verification{}
	broken := errors.New("broken")
	err = l.store.EachEvent(ctx, auth.ListParams{}, func(event auth.Event) error {
		found.Fault = found.follow(event, known)
		if found.Fault == "" && event.ID == last && event.Hash != hash {
			found.Fault = fmt.Sprintf("event %d, the last one, was changed after it was written", last)
		}
		if found.Fault != "" {
			return broken
		}
		found.Events, found.Hash = event.ID, event.Hash
		return nil
	})
	if err != nil && !errors.Is(err, broken) {
		return Verification{}, err
	}
	now := last
	if found.Events > last { // written since, by us or by somebody else
		if now, _, err = l.store.EventHead(ctx); err != nil {
			return Verification{}, err
		}
	}
	switch {
	case found.Fault != "":
	case found.Events < last:
		found.Fault = fmt.Sprintf("the events after number %d are missing: there were %d", found.Events, last)
	case found.Events > now:
		found.Fault = fmt.Sprintf("there are events after number %d, the last one that was written", now)
	}
	for number := range known {
		if found.Fault == "" && number > found.Events {
			found.Fault = fmt.Sprintf("event %d, which was noted elsewhere, is missing", number)
		}
	}
	return found, nil
}

// follow returns what is wrong with the next event, or "".
func (v Verification) follow(event auth.Event, known map[int64]string) string {
	if event.ID != v.Events+1 {
		return fmt.Sprintf("event %d is missing", v.Events+1)
	}
	if event.Version > auth.EventVersion {
		return fmt.Sprintf("event %d was written by a newer latchkey, or was changed: verify it with the newest one", event.ID)
	}
	hash, err := event.Chain(v.Hash)
	if err != nil || hash != event.Hash {
		return fmt.Sprintf("event %d was changed after it was written, or the one before it", event.ID)
	}
	if noted, ok := known[event.ID]; ok && noted != event.Hash {
		return fmt.Sprintf("event %d is not the one that was noted elsewhere", event.ID)
	}
	return ""
}
