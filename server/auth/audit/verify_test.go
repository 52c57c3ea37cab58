package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/audit"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
)

type world struct{ *authtest.World }

// chained returns a world whose record has n events.
func chained(t *testing.T, n int) *world {
	t.Helper()
	w := &world{authtest.New(t)}
	for i := range n {
		w.Store.Append([]auth.Event{{At: authtest.Noon, Actor: fmt.Sprint("actor ", i+1), Action: auth.ActionChanged}})
	}
	return w
}

// rechain writes the chain anew from the i-th event on, as who may write to the
// database can.
func (w *world) rechain(from int) {
	events := w.Store.Events
	w.Store.Events, w.Store.Last, w.Store.Hash = nil, 0, ""
	for i := range events {
		if i < from {
			w.Store.Events, w.Store.Last, w.Store.Hash = append(w.Store.Events, events[i]), events[i].ID, events[i].Hash
			continue
		}
		w.Store.Append(events[i : i+1])
	}
}

func TestVerifyEventsFindsWhatWasDoneToThem(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		harm func(w *world)
		want string
	}{
		"nothing":               {func(*world) {}, ""},
		"an edited field":       {func(w *world) { w.Store.Events[2].Actor = "nobody" }, "event 3 was changed after it was written, or the one before it"},
		"an edited hash":        {func(w *world) { w.Store.Events[2].Hash = w.Store.Events[1].Hash }, "event 3 was changed"},
		"an edited first event": {func(w *world) { w.Store.Events[0].Target = "x" }, "event 1 was changed"},
		"an edited last event":  {func(w *world) { w.Store.Events[4].Target = "x" }, "event 5 was changed"},
		"a last event that was edited with its hash": {func(w *world) {
			w.Store.Events[4].Target = "x"
			w.Store.Events[4].Hash, _ = w.Store.Events[4].Chain(w.Store.Events[3].Hash)
		}, "event 5, the last one, was changed after it was written"},
		"one that was edited with its hash": {func(w *world) {
			w.Store.Events[1].Target = "x"
			w.Store.Events[1].Hash, _ = w.Store.Events[1].Chain(w.Store.Events[0].Hash)
		}, "event 3 was changed after it was written, or the one before it"},
		"one that was put at the end": {func(w *world) {
			last, hash := w.Store.Last, w.Store.Hash
			w.Store.Append([]auth.Event{{At: authtest.Noon, Actor: "nobody"}})
			w.Store.Last, w.Store.Hash = last, hash
		}, "there are events after number 5, the last one that was written"},
		"a removed first":      {func(w *world) { w.Store.Events = w.Store.Events[1:] }, "event 1 is missing"},
		"one that was removed": {func(w *world) { w.Store.Events = slices.Delete(w.Store.Events, 2, 3) }, "event 3 is missing"},
		"one that was removed and closed": {func(w *world) {
			w.Store.Events = slices.Delete(w.Store.Events, 2, 3)
			for i := range w.Store.Events {
				w.Store.Events[i].ID = int64(i + 1)
			}
		}, "event 3 was changed"},
		"a removed last":      {func(w *world) { w.Store.Events = w.Store.Events[:4] }, "the events after number 4 are missing: there were 5"},
		"all that is removed": {func(w *world) { w.Store.Events = nil }, "the events after number 0 are missing: there were 5"},
		"two that were swapped": {func(w *world) {
			a, b := &w.Store.Events[1], &w.Store.Events[2]
			*a, *b = *b, *a
			a.ID, b.ID = b.ID, a.ID
		}, "event 2 was changed"},
		"a chain written anew, with one removed": {func(w *world) {
			w.Store.Events = slices.Delete(w.Store.Events, 1, 2)
			w.rechain(1)
		}, "event 3 is not the one that was noted elsewhere"},
		"a chain written anew, with one edited": {func(w *world) {
			w.Store.Events[0].Actor = "nobody"
			w.rechain(0)
		}, "event 3 is not the one that was noted elsewhere"},
		"a chain written anew, and shorter": {func(w *world) {
			w.Store.Events = w.Store.Events[:2]
			w.rechain(0)
		}, "event 3, which was noted elsewhere, is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := chained(t, 5)
			known := map[int64]string{3: w.Store.Events[2].Hash}
			test.harm(w)
			found, err := w.Verify(t.Context(), known)
			if err != nil || !strings.HasPrefix(found.Fault, test.want) || (found.Fault == "") != (test.want == "") {
				t.Errorf("finds %q, %v, want %q", found.Fault, err, test.want)
			}
			if test.want == "" && (found.Events != 5 || found.Hash != w.Store.Hash) {
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
	w.Store.Events[0].Actor = "nobody"
	w.rechain(0)
	if found, err := w.Verify(t.Context(), nil); err != nil || found.Fault != "" {
		t.Errorf("finds %+v, %v", found, err)
	}
}

func TestVerifyEventsOfNone(t *testing.T) {
	t.Parallel()
	w := chained(t, 0)
	if found, err := w.Verify(t.Context(), nil); err != nil || found != (audit.Verification{}) {
		t.Errorf("finds %+v, %v", found, err)
	}
}

// Somebody who signs in while the events are read is no fault of theirs.
func TestAnEventThatIsWrittenMeanwhileIsNoFault(t *testing.T) {
	t.Parallel()
	w := chained(t, 3)
	w.Store.OnHead = func() { // after it was read
		w.Store.OnHead = nil
		w.Store.Append([]auth.Event{{At: authtest.Noon, Action: auth.ActionSignedIn}})
	}
	if found, err := w.Verify(t.Context(), nil); err != nil || found.Fault != "" || found.Events != 4 {
		t.Errorf("finds %+v, %v", found, err)
	}
}
