package admin

import (
	"context"
	"strconv"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// auditLog is the name of the audit log in paths.
const auditLog = "audit-log"

func (s *Site) auditLog() Model[auth.Event] {
	return Model[auth.Event]{
		Name: auditLog, Label: "Audit log", One: "event", Many: "events", Permissions: auth.EventModel,
		Key:   func(e auth.Event) string { return strconv.FormatInt(e.ID, 10) },
		Title: func(e auth.Event) string { return "Event " + strconv.FormatInt(e.ID, 10) },
		Columns: []Column[auth.Event]{
			{"id", "Number", true, func(e auth.Event) Cell { return Text(strconv.FormatInt(e.ID, 10)) }},
			{"at", "Time", true, func(e auth.Event) Cell { return At(&e.At) }},
			{"actor", "Actor", false, func(e auth.Event) Cell { return Cell{Text: e.Actor, Person: true} }},
			{"action", "Action", true, func(e auth.Event) Cell { return Cell{Text: string(e.Action), Badge: true} }},
			{"target_kind", "Type", false, func(e auth.Event) Cell { return Text(e.TargetKind) }},
			{"target", "Target", false, func(e auth.Event) Cell { return Cell{Text: e.Target, Link: targetPath(e)} }},
			{"channel", "Channel", true, func(e auth.Event) Cell { return Text(channelName(e.Channel)) }},
			{"address", "Source", false, func(e auth.Event) Cell { return Text(e.Address) }},
		},
		Sort: "id", Descending: true, Search: "Search by actor, target, IP address or value",
		Filters: []Filter{
			OneOf("action", "Action", AsItIs, auth.ActionCreated, auth.ActionChanged, auth.ActionDeleted, auth.ActionPasswordSet,
				auth.ActionPasswordUpgraded, auth.ActionSignedIn, auth.ActionSignedOut, auth.ActionSessionsEnded, auth.ActionLocked, auth.ActionUnlocked,
				auth.ActionRevoked),
			OneOf("channel", "Channel", channelName, auth.ChannelAdmin, auth.ChannelAPI, auth.ChannelCLI, auth.ChannelBackground),
			OneOf("target_kind", "Type", AsItIs, auth.TargetUser, auth.TargetGroup, auth.TargetKey),
			Since("at", "Time", false),
		},
		List: s.audit.List,
		Each: s.audit.Each,
		Get: func(ctx context.Context, by *auth.Principal, key string) (auth.Event, error) {
			id, err := idOf(key, "event")
			if err != nil {
				return auth.Event{}, err
			}
			return s.audit.Get(ctx, by, id)
		},
		Fields: eventFields,
	}
}

func eventFields(_ context.Context, _ *auth.Principal, e *auth.Event) ([]Fieldset, error) {
	fieldsets := []Fieldset{{Fields: []Field{
		{Label: "Time", Kind: ShownField, Shown: At(&e.At)},
		{Label: "Actor", Kind: ShownField, Shown: Text(e.Actor)},
		{Label: "Channel", Kind: ShownField, Shown: Text(channelName(e.Channel))},
		{Label: "Source (IP address)", Kind: ShownField, Shown: Text(e.Address)},
		{Label: "Action", Kind: ShownField, Shown: Cell{Text: string(e.Action), Badge: true}},
		{Label: "Type", Kind: ShownField, Shown: Text(e.TargetKind)},
		{Label: "Target", Kind: ShownField, Shown: Cell{Text: e.Target, Link: targetPath(*e)}},
		{Label: "Hash", Kind: ShownField, Shown: Text(e.Hash)},
	}}}
	changes := Fieldset{Title: "Changes"}
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
		return change.Before + " → (empty)"
	}
	return change.Before + " → " + change.After
}

// targetPath returns the path of an event's target. If the target was deleted, the page
// there says so.
func targetPath(e auth.Event) string {
	switch e.TargetKind {
	case auth.TargetUser:
		return Prefix + "users/" + e.TargetID + "/"
	case auth.TargetGroup:
		return Prefix + "groups/" + e.TargetID + "/"
	}
	return ""
}
