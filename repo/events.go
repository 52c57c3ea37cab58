package repo

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// eventHeadRow is the one row that holds the end of the chain.
type eventHeadRow struct {
	bun.BaseModel `bun:"table:latchkey_event_head,alias:h"`

	One  int64  `bun:"one,pk"`
	Last int64  `bun:"last"`
	Hash string `bun:"hash"`
}

// record stores events at the end of the chain. Whoever does so holds the head until
// the transaction ends, so it is a transaction's last act: nothing that others may
// hold is waited for after it.
func record(ctx context.Context, tx bun.Tx, events []auth.Event) error {
	if len(events) == 0 {
		return nil
	}
	var head eventHeadRow
	query := tx.NewSelect().Model(&head).Where("one = 1")
	if dialectOf(tx).Postgres {
		query.For("UPDATE")
	}
	if err := query.Scan(ctx); err != nil {
		return fmt.Errorf("reading the end of the events: %w", err)
	}
	rows := make([]*eventRow, 0, len(events))
	for _, event := range events {
		event.ID, event.Version = head.Last+1, auth.EventVersion
		hash, err := event.Chain(head.Hash)
		if err != nil {
			return err
		}
		event.Hash = hash
		row, err := toEventRow(event)
		if err != nil {
			return err
		}
		rows = append(rows, row)
		head.Last, head.Hash = event.ID, hash
	}
	if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return fmt.Errorf("storing events: %w", err)
	}
	_, err := tx.NewUpdate().Model(&head).WherePK().Exec(ctx)
	return err
}

// EventHead implements [audit.Store].
func (s *Store) EventHead(ctx context.Context) (last int64, hash string, err error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	var head eventHeadRow
	if err := s.read.NewSelect().Model(&head).Where("one = 1").Scan(ctx); err != nil {
		return 0, "", fmt.Errorf("reading the end of the events: %w", translate(ctx, err))
	}
	return head.Last, head.Hash, nil
}

// Event implements [audit.Store].
func (s *Store) Event(ctx context.Context, id int64) (auth.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	var row eventRow
	if err := s.read.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return auth.Event{}, fmt.Errorf("reading an event: %w", translate(ctx, err))
	}
	return row.event(), nil
}

func lastEvent(ctx context.Context, db bun.IDB, kind, targetID string, action auth.Action) (auth.Event, error) {
	var row eventRow
	err := db.NewSelect().Model(&row).Where("target_kind = ?", kind).Where("target_id = ?", targetID).
		Where("action = ?", string(action)).OrderExpr("id DESC").Limit(1).Scan(ctx)
	return row.event(), err
}
