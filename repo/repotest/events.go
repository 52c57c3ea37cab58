package repotest

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
)

// eventOf is an event about a user at noon.
func eventOf(action auth.Action, user auth.User) auth.Event {
	return auth.Event{
		At: noon, Channel: auth.ChannelAdmin, ActorID: 7, Actor: "root@example.com", Address: "192.0.2.7", Action: action,
		TargetKind: auth.TargetUser, TargetID: strconv.FormatInt(user.ID, 10), Target: user.Email,
	}
}

// record stores events in a transaction of their own.
func (f fixture) record(t testing.TB, events ...auth.Event) {
	t.Helper()
	f.change(t, func(_ context.Context, tx accounts.Tx) error {
		for _, event := range events {
			tx.Events.Record(event)
		}
		return nil
	})
}

// chain reads all events, and holds their numbers and hashes against what they
// must be.
func (f fixture) chain(t testing.TB) []auth.Event {
	t.Helper()
	var all []auth.Event
	hash := ""
	must(t, f.EachEvent(t.Context(), auth.ListParams{}, func(event auth.Event) error {
		want, err := event.Chain(hash)
		must(t, err)
		if event.ID != int64(len(all)+1) || event.Hash != want {
			t.Errorf("event %d of the chain has number %d and hash %s, want %s", len(all)+1, event.ID, event.Hash, want)
		}
		hash = event.Hash
		all = append(all, event)
		return nil
	}))
	if last, end, err := f.EventHead(t.Context()); err != nil || last != int64(len(all)) || end != hash {
		t.Errorf("the chain ends with %d %s, %v, and its last event is %d %s", last, end, err, len(all), hash)
	}
	return all
}

var auditEvents = []contractTest{
	{"before the first event the chain is empty", func(t *testing.T, f fixture) {
		if got := f.chain(t); len(got) != 0 {
			t.Errorf("there are %v", got)
		}
		_, err := f.Event(t.Context(), 1)
		mustBe(t, err, auth.ErrNoRow)
	}},
	{"events come back as they were, numbered and chained", func(t *testing.T, f fixture) {
		var want []auth.Event
		for i, text := range oddTexts {
			event := eventOf(auth.ActionChanged, auth.User{ID: int64(i), Email: text})
			event.At = noon.Add(time.Duration(i) * time.Microsecond)
			event.Actor, event.Address = text, text
			if i%2 == 0 {
				event.ActorID = 0
			}
			event.Changes = []auth.FieldChange{}
			if i%3 != 0 {
				event.Changes = []auth.FieldChange{{Field: text, Before: text, After: ""}, {Field: "<b>&amp;</b>", After: text}}
			}
			want = append(want, event)
		}
		f.record(t, want...)
		got := f.chain(t)
		if len(got) != len(want) {
			t.Fatalf("there are %d, want %d", len(got), len(want))
		}
		for i := range got {
			sameInUTC(t, "at", got[i].At, want[i].At)
			want[i].ID, want[i].Version, want[i].Hash, want[i].At = got[i].ID, auth.EventVersion, got[i].Hash, got[i].At
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Errorf("%+v became %+v", want[i], got[i])
			}
			if one, err := f.Event(t.Context(), got[i].ID); err != nil || !reflect.DeepEqual(one, got[i]) {
				t.Errorf("alone, number %d is %+v, %v", got[i].ID, one, err)
			}
		}
	}},
	{"an event without changes is chained as it is read", func(t *testing.T, f fixture) {
		f.record(t, eventOf(auth.ActionDeleted, auth.User{}))
		f.chain(t)
	}},
	{"a login stores its events, and one that is refused none", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		in := login(alice, "s1")
		in.Events = []auth.Event{eventOf(auth.ActionSignedIn, alice), eventOf(auth.ActionPasswordUpgraded, alice)}
		f.begin(t, in)
		late := login(auth.User{ID: alice.ID, Password: "another"}, "s2")
		late.Events = in.Events
		mustBe(t, f.BeginSession(t.Context(), late), auth.ErrChanged)
		if got := f.chain(t); len(got) != 2 || got[0].Action != auth.ActionSignedIn || got[1].Action != auth.ActionPasswordUpgraded {
			t.Errorf("they are %+v", got)
		}
	}},
	{"a session that is ended stores an event, and one that is over already none", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		over := f.over(t, alice)
		check := f.staying(t, over)
		before := len(f.chain(t))
		f.begin(t, login(alice, "s1"))
		for _, id := range append(over, "s1", "s1", "nothing") {
			event := eventOf(auth.ActionSignedOut, alice)
			event.Actor = id
			must(t, f.RevokeSession(t.Context(), id, noon, event))
		}
		check()
		if got := f.chain(t)[before:]; len(got) != 1 || got[0].Actor != "s1" {
			t.Errorf("they are %+v", got)
		}
	}},
	{"events of logins, logouts and changes at once are one chain", func(t *testing.T, f fixture) {
		const people, rounds = 8, 6
		shared := f.create(t, "shared@example.com")
		answers := atOnce(people, func(i int) error {
			for round := range rounds {
				if err := f.eventful(t.Context(), shared, fmt.Sprint(i, "-", round)); err != nil {
					return err
				}
			}
			return nil
		})
		for _, err := range answers {
			must(t, err)
		}
		if got := f.chain(t); len(got) != people*rounds*4 {
			t.Errorf("there are %d events, want %d", len(got), people*rounds*4)
		}
	}},
	{"the last event about a target is the newest of its sort", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		group := eventOf(auth.ActionChanged, alice)
		group.TargetKind = auth.TargetGroup
		second := eventOf(auth.ActionChanged, alice)
		second.Actor, second.Changes = "second@example.com", []auth.FieldChange{{Field: "email", Before: "a", After: "b"}}
		f.record(t, eventOf(auth.ActionChanged, alice), second, eventOf(auth.ActionSignedIn, alice), eventOf(auth.ActionChanged, bob), group)
		f.change(t, func(ctx context.Context, tx accounts.Tx) error {
			id := strconv.FormatInt(alice.ID, 10)
			if got, err := tx.Events.LastEvent(ctx, auth.TargetUser, id, auth.ActionChanged); err != nil || got.ID != 2 || !reflect.DeepEqual(got.Changes, second.Changes) {
				t.Errorf("it is %+v, %v", got, err)
			}
			for _, none := range []struct {
				kind, id string
				action   auth.Action
			}{{auth.TargetUser, id, auth.ActionDeleted}, {auth.TargetUser, "4711", auth.ActionChanged}, {"other", id, auth.ActionChanged}} {
				_, err := tx.Events.LastEvent(ctx, none.kind, none.id, none.action)
				mustBe(t, err, auth.ErrNoRow)
			}
			return nil
		})
	}},
	{"an event whose changes somebody made unreadable shows what is there, and its hash tells", func(t *testing.T, f fixture) {
		event := eventOf(auth.ActionChanged, auth.User{})
		event.Changes = []auth.FieldChange{{Field: "email", Before: "a", After: "b"}}
		f.record(t, event)
		f.exec(t, "UPDATE latchkey_event SET changes = 'nonsense'")
		got, err := f.Event(t.Context(), 1)
		must(t, err)
		if hash, err := got.Chain(""); err != nil || hash == got.Hash || len(got.Changes) != 1 || got.Changes[0].After != "nonsense" {
			t.Errorf("it is %+v, %v", got, err)
		}
	}},
	{"whoever reads events one by one can stop", func(t *testing.T, f fixture) {
		f.record(t, eventOf(auth.ActionCreated, auth.User{}), eventOf(auth.ActionDeleted, auth.User{}))
		read := 0
		mustBe(t, f.EachEvent(t.Context(), auth.ListParams{}, func(auth.Event) error { read++; return errBoom }), errBoom)
		if read != 1 {
			t.Errorf("read %d", read)
		}
	}},
}

// eventful is a short life of which there are four events, and of what failed none.
func (f fixture) eventful(ctx context.Context, shared auth.User, id string) error {
	user := auth.User{Email: id + "@example.com", IsActive: true, DateJoined: noon}
	err := f.Change(ctx, func(ctx context.Context, tx accounts.Tx) error {
		if err := tx.Users.InsertUser(ctx, &user); err != nil {
			return err
		}
		tx.Events.Record(eventOf(auth.ActionCreated, user))
		tx.Events.Record(eventOf(auth.ActionChanged, shared))
		return nil
	})
	if err != nil {
		return err
	}
	err = f.Change(ctx, func(_ context.Context, tx accounts.Tx) error {
		tx.Events.Record(eventOf(auth.ActionDeleted, user))
		return errBoom
	})
	if err != errBoom { //nolint:errorlint // as it is
		return fmt.Errorf("a change that fails answers %w", err)
	}
	in := login(shared, id)
	in.Events = []auth.Event{eventOf(auth.ActionSignedIn, shared)}
	if err := f.BeginSession(ctx, in); err != nil {
		return err
	}
	return f.RevokeSession(ctx, id, noon, eventOf(auth.ActionSignedOut, shared))
}
