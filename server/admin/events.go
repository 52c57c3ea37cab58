package admin

import (
	"context"
	"errors"
	"strconv"

	"github.com/latchkey-auth/latchkey/server/auth"
)

func (s *Site) events() Model[auth.Event] {
	return Model[auth.Event]{
		Name: "events", One: "event", Many: "Events", Permissions: auth.EventModel,
		Key:   func(e auth.Event) string { return strconv.FormatInt(e.ID, 10) },
		Title: func(e auth.Event) string { return "Event " + strconv.FormatInt(e.ID, 10) },
		Columns: []Column[auth.Event]{
			{"id", "Number", true, func(e auth.Event) Cell { return Text(strconv.FormatInt(e.ID, 10)) }},
			{"at", "When", true, func(e auth.Event) Cell { return At(&e.At) }},
			{"actor", "Who", false, func(e auth.Event) Cell { return Cell{Text: e.Actor, Person: true} }},
			{"action", "What", true, func(e auth.Event) Cell { return Cell{Text: string(e.Action), Badge: true} }},
			{"kind", "Kind", false, func(e auth.Event) Cell { return Text(e.Kind) }},
			{"subject", "Whom or which", false, func(e auth.Event) Cell { return Cell{Text: e.Subject, Link: subjectPath(e)} }},
			{"channel", "Channel", true, func(e auth.Event) Cell { return Text(channelName(e.Channel)) }},
			{"address", "From", false, func(e auth.Event) Cell { return Text(e.Address) }},
		},
		Sort: "id", Descending: true, Search: "Who, whom, an address or a value",
		Filters: []Filter{
			OneOf("action", "What", string(auth.ActionAdded), string(auth.ActionChanged), string(auth.ActionDeleted), string(auth.ActionPasswordSet),
				string(auth.ActionPasswordUpgraded), string(auth.ActionSignedIn), string(auth.ActionSignedOut), string(auth.ActionSessionsEnded)),
			OneOf("channel", "Channel", string(auth.ChannelAdmin), string(auth.ChannelAPI), string(auth.ChannelCLI)),
			OneOf("kind", "Kind", auth.KindUser, auth.KindGroup),
			Since("at", "When", false),
		},
		List: s.directory.ListEvents,
		Each: s.directory.EachEvent,
		Get: func(ctx context.Context, key string) (auth.Event, error) {
			id, err := idOf(key, "event")
			if err != nil {
				return auth.Event{}, err
			}
			event, err := s.directory.Event(ctx, id)
			if errors.Is(err, auth.ErrNoRow) {
				return event, auth.NotFound("There is no such event.")
			}
			return event, err
		},
		Fields: eventFields,
	}
}

func eventFields(_ context.Context, _ *auth.Staff, e *auth.Event) ([]Fieldset, error) {
	fieldsets := []Fieldset{{Fields: []Field{
		{Label: "When", Kind: ShownField, Shown: At(&e.At)},
		{Label: "Who", Kind: ShownField, Shown: Text(e.Actor)},
		{Label: "Channel", Kind: ShownField, Shown: Text(channelName(e.Channel))},
		{Label: "From", Kind: ShownField, Shown: Text(e.Address)},
		{Label: "What", Kind: ShownField, Shown: Cell{Text: string(e.Action), Badge: true}},
		{Label: "Kind", Kind: ShownField, Shown: Text(e.Kind)},
		{Label: "Whom or which", Kind: ShownField, Shown: Cell{Text: e.Subject, Link: subjectPath(*e)}},
		{Label: "Hash", Kind: ShownField, Shown: Text(e.Hash)},
	}}}
	changes := Fieldset{Title: "Before and after"}
	for _, change := range e.Changes {
		changes.Fields = append(changes.Fields, Field{Label: change.Field, Kind: ShownField, Shown: Text(beforeAfter(change))})
	}
	if len(changes.Fields) > 0 {
		fieldsets = append(fieldsets, changes)
	}
	return fieldsets, nil
}

func beforeAfter(change auth.FieldChange) string {
	switch {
	case change.Before == "":
		return change.After
	case change.After == "":
		return "was " + change.Before
	}
	return change.Before + " → " + change.After
}

// subjectPath is the page of what an event is about; of one that was deleted, that
// page says so.
func subjectPath(e auth.Event) string {
	switch e.Kind {
	case auth.KindUser:
		return Prefix + "users/" + e.SubjectID + "/"
	case auth.KindGroup:
		return Prefix + "groups/" + e.SubjectID + "/"
	}
	return ""
}
