package audit

import (
	"context"
	"errors"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Store keeps events. Its methods are safe for concurrent use.
type Store interface {
	auth.PermissionReader

	// ListEvents returns a page of the events. An unknown column is an error.
	ListEvents(ctx context.Context, params auth.ListParams) (auth.Page[auth.Event], error)
	// EachEvent calls f for every event that matches, in the order of ids, without
	// holding them all; it ends with f's first error.
	EachEvent(ctx context.Context, params auth.ListParams, f func(auth.Event) error) error
	// Event reads one; [auth.ErrNoRow] when there is none.
	Event(ctx context.Context, id int64) (auth.Event, error)
	// EventHead returns the number and the hash of the newest event.
	EventHead(ctx context.Context) (last int64, hash string, err error)
}

// Log reads the audit log. Its methods are safe for concurrent use.
type Log struct{ store Store }

// New returns the Log of a store.
func New(store Store) *Log { return &Log{store: store} }

// List returns a page of the events, for who may view the log.
func (l *Log) List(ctx context.Context, by *auth.Principal, params auth.ListParams) (auth.Page[auth.Event], error) {
	if err := by.Require(ctx, l.store, auth.EventModel, auth.View); err != nil {
		return auth.Page[auth.Event]{}, err
	}
	return l.store.ListEvents(ctx, params)
}

// Each calls f for every event that matches, in the order of ids, for who may view the
// log; it ends with f's first error.
func (l *Log) Each(ctx context.Context, by *auth.Principal, params auth.ListParams, f func(auth.Event) error) error {
	if err := by.Require(ctx, l.store, auth.EventModel, auth.View); err != nil {
		return err
	}
	return l.store.EachEvent(ctx, params, f)
}

// Get returns one event, for who may view the log; an error with CodeNotFound when there
// is none.
func (l *Log) Get(ctx context.Context, by *auth.Principal, id int64) (auth.Event, error) {
	if err := by.Require(ctx, l.store, auth.EventModel, auth.View); err != nil {
		return auth.Event{}, err
	}
	event, err := l.store.Event(ctx, id)
	if errors.Is(err, auth.ErrNoRow) {
		return auth.Event{}, auth.NotFound("This event does not exist.")
	}
	return event, err
}

// History returns a page of what became of one user or group, the newest first, for who
// may view those. From where something was done is told to those alone who may see it
// elsewhere: in the log, or in the list of sessions.
func (l *Log) History(ctx context.Context, by *auth.Principal, of auth.Model, kind, id string, params auth.ListParams) (auth.Page[auth.Event], error) {
	if err := by.Require(ctx, l.store, of, auth.View); err != nil {
		return auth.Page[auth.Event]{}, err
	}
	params.Filters = append(params.Filters, auth.Equal(kind, id))
	params.Sort, params.Descending = "id", true
	page, err := l.store.ListEvents(ctx, params)
	if !by.Rights.Any(auth.EventModel, auth.View) && !by.Rights.Any(auth.SessionModel, auth.View) {
		for i := range page.Items {
			page.Items[i] = page.Items[i].WithoutClient()
		}
	}
	return page, err
}
