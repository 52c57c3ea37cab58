package auth

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// An event's hash is what a noted one is compared with years later: it stays.
func TestAnEventsHashStaysTheSame(t *testing.T) {
	t.Parallel()
	event := Event{
		ID: 7, At: noon.Add(1500 * time.Microsecond), Channel: ChannelAdmin, ActorID: 1, Actor: "root@example.com", Address: "192.0.2.9",
		Action: ActionChanged, Kind: KindUser, SubjectID: "3", Subject: "alice@example.com",
		Changes: []FieldChange{{"first_name", "Alice", "A<b>"}},
	}
	got, err := event.Chain("previous")
	if want := "b9f63784f2dd185b0bca0d8f8f16c373b2ede2ccaf51e637100ec5d4a254c57b"; err != nil || got != want {
		t.Errorf("it is %s, %v, want %s", got, err, want)
	}
	event.At = event.At.In(time.FixedZone("", 3600))
	if again, err := event.Chain("previous"); err != nil || again != got {
		t.Errorf("in another zone it is %s, %v", again, err)
	}
}

func TestEveryFieldOfAnEventIsInItsHash(t *testing.T) {
	t.Parallel()
	event := Event{At: noon}
	plain, err := event.Chain("")
	if err != nil {
		t.Fatal(err)
	}
	if other, err := event.Chain("x"); err != nil || other == plain {
		t.Error("the one before is not in it")
	}
	for name, change := range map[string]func(e *Event){
		"ID": func(e *Event) { e.ID++ }, "At": func(e *Event) { e.At = e.At.Add(time.Microsecond) }, "Channel": func(e *Event) { e.Channel = "x" },
		"ActorID": func(e *Event) { e.ActorID++ }, "Actor": func(e *Event) { e.Actor = "x" }, "Address": func(e *Event) { e.Address = "x" },
		"Action": func(e *Event) { e.Action = "x" }, "Kind": func(e *Event) { e.Kind = "x" }, "SubjectID": func(e *Event) { e.SubjectID = "x" },
		"Subject": func(e *Event) { e.Subject = "x" }, "Changes": func(e *Event) { e.Changes = []FieldChange{{}} },
	} {
		changed := event
		change(&changed)
		if other, err := changed.Chain(""); err != nil || other == plain {
			t.Errorf("%s is not in it", name)
		}
	}
	event.Changes = []FieldChange{}
	if same, err := event.Chain(""); err != nil || same != plain {
		t.Error("no changes are not the same as none")
	}
}

func TestLoginsAndLogoutsAreEvents(t *testing.T) {
	t.Parallel()
	user := alice()
	user.Password = "weak$wonderland"
	w := newWorld(t, user)
	raw := w.mustLogin(t, aliceLogin()).AccessToken
	w.mustRefuse(t, wrong(aliceLogin()), CodeInvalidCredentials)
	id := w.mustAuthenticate(t, raw)
	for range 2 {
		if err := w.Logout(t.Context(), id, Client{Address: "192.0.2.2"}); err != nil {
			t.Fatal(err)
		}
	}
	const want = `alice@example.com signed in user alice@example.com
alice@example.com password upgraded user alice@example.com
alice@example.com signed out user alice@example.com
`
	if got := told(w.store.events); got != want {
		t.Errorf("events tell\n%swant\n%s", got, want)
	}
	for i, address := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.2"} {
		if e := w.store.events[i]; e.Channel != ChannelAPI || e.ActorID != 1 || e.Address != address || e.SubjectID != "1" {
			t.Errorf("one is %+v", e)
		}
	}
	w.mustHoldNoSecret(t, "wonderland", "weak$", raw)
}

// chained returns a world whose record has n events.
func chained(t *testing.T, n int) *world {
	t.Helper()
	w := newWorld(t)
	for i := range n {
		w.store.record([]Event{{At: noon, Actor: fmt.Sprint("actor ", i+1), Action: ActionChanged}})
	}
	return w
}

// rechain writes the chain anew from the i-th event on, as who may write to the
// database can.
func (w *world) rechain(from int) {
	events := w.store.events
	w.store.events, w.store.last, w.store.hash = nil, 0, ""
	for i := range events {
		if i < from {
			w.store.events, w.store.last, w.store.hash = append(w.store.events, events[i]), events[i].ID, events[i].Hash
			continue
		}
		w.store.record(events[i : i+1])
	}
}

func TestVerifyEventsFindsWhatWasDoneToThem(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		harm func(w *world)
		want string
	}{
		"nothing":               {func(*world) {}, ""},
		"an edited field":       {func(w *world) { w.store.events[2].Actor = "nobody" }, "event 3 was changed after it was written, or the one before it"},
		"an edited hash":        {func(w *world) { w.store.events[2].Hash = w.store.events[1].Hash }, "event 3 was changed"},
		"an edited first event": {func(w *world) { w.store.events[0].Subject = "x" }, "event 1 was changed"},
		"an edited last event":  {func(w *world) { w.store.events[4].Subject = "x" }, "event 5 was changed"},
		"a last event that was edited with its hash": {func(w *world) {
			w.store.events[4].Subject = "x"
			w.store.events[4].Hash, _ = w.store.events[4].Chain(w.store.events[3].Hash)
		}, "event 5, the last one, was changed after it was written"},
		"one that was edited with its hash": {func(w *world) {
			w.store.events[1].Subject = "x"
			w.store.events[1].Hash, _ = w.store.events[1].Chain(w.store.events[0].Hash)
		}, "event 3 was changed after it was written, or the one before it"},
		"one that was put at the end": {func(w *world) {
			last, hash := w.store.last, w.store.hash
			w.store.record([]Event{{At: noon, Actor: "nobody"}})
			w.store.last, w.store.hash = last, hash
		}, "there are events after number 5, the last one that was written"},
		"a removed first":      {func(w *world) { w.store.events = w.store.events[1:] }, "event 1 is missing"},
		"one that was removed": {func(w *world) { w.store.events = slices.Delete(w.store.events, 2, 3) }, "event 3 is missing"},
		"one that was removed and closed": {func(w *world) {
			w.store.events = slices.Delete(w.store.events, 2, 3)
			for i := range w.store.events {
				w.store.events[i].ID = int64(i + 1)
			}
		}, "event 3 was changed"},
		"a removed last":      {func(w *world) { w.store.events = w.store.events[:4] }, "the events after number 4 are missing: there were 5"},
		"all that is removed": {func(w *world) { w.store.events = nil }, "the events after number 0 are missing: there were 5"},
		"two that were swapped": {func(w *world) {
			a, b := &w.store.events[1], &w.store.events[2]
			*a, *b = *b, *a
			a.ID, b.ID = b.ID, a.ID
		}, "event 2 was changed"},
		"a chain written anew, with one removed": {func(w *world) {
			w.store.events = slices.Delete(w.store.events, 1, 2)
			w.rechain(1)
		}, "event 3 is not the one that was noted elsewhere"},
		"a chain written anew, with one edited": {func(w *world) {
			w.store.events[0].Actor = "nobody"
			w.rechain(0)
		}, "event 3 is not the one that was noted elsewhere"},
		"a chain written anew, and shorter": {func(w *world) {
			w.store.events = w.store.events[:2]
			w.rechain(0)
		}, "event 3, which was noted elsewhere, is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := chained(t, 5)
			known := map[int64]string{3: w.store.events[2].Hash}
			test.harm(w)
			found, err := w.VerifyEvents(t.Context(), known)
			if err != nil || !strings.HasPrefix(found.Fault, test.want) || (found.Fault == "") != (test.want == "") {
				t.Errorf("finds %q, %v, want %q", found.Fault, err, test.want)
			}
			if test.want == "" && (found.Events != 5 || found.Hash != w.store.hash) {
				t.Errorf("finds %+v", found)
			}
		})
	}
}

// Without a hash that was noted elsewhere, who writes the whole chain anew is not
// found: the command says so, and this is why.
func TestAChainWrittenAnewIsFoundByWhatWasNotedAlone(t *testing.T) {
	t.Parallel()
	w := chained(t, 5)
	w.store.events[0].Actor = "nobody"
	w.rechain(0)
	if found, err := w.VerifyEvents(t.Context(), nil); err != nil || found.Fault != "" {
		t.Errorf("finds %+v, %v", found, err)
	}
}

func TestVerifyEventsOfNone(t *testing.T) {
	t.Parallel()
	w := chained(t, 0)
	if found, err := w.VerifyEvents(t.Context(), nil); err != nil || found != (Verification{}) {
		t.Errorf("finds %+v, %v", found, err)
	}
}

// Somebody who signs in while the events are read is no fault of theirs.
func TestAnEventThatIsWrittenMeanwhileIsNoFault(t *testing.T) {
	t.Parallel()
	w := chained(t, 3)
	w.store.onHead = func() { // after it was read
		w.store.onHead = nil
		w.store.record([]Event{{At: noon, Action: ActionSignedIn}})
	}
	if found, err := w.VerifyEvents(t.Context(), nil); err != nil || found.Fault != "" || found.Events != 4 {
		t.Errorf("finds %+v, %v", found, err)
	}
}
