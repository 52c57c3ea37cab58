package auth

import (
	"testing"
	"time"
)

var eventTime = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// An event's hash is what a noted one is compared with years later: it stays.
func TestAnEventsHashStaysTheSame(t *testing.T) {
	t.Parallel()
	event := Event{
		Version: 1, ID: 7, At: eventTime.Add(1500 * time.Microsecond), Channel: ChannelAdmin, ActorID: 1, Actor: "root@example.com", Address: "192.0.2.9",
		Action: ActionChanged, TargetKind: TargetUser, TargetID: "3", Target: "alice@example.com",
		Changes: []FieldChange{{"first_name", "Alice", "A<b>"}},
	}
	got, err := event.Chain("previous")
	if want := "23f4d2a32e310ec937fa30d2c7b7777b2056f12c3f47f0cdea12645471073292"; err != nil || got != want {
		t.Errorf("it is %s, %v, want %s", got, err, want)
	}
	event.At = event.At.In(time.FixedZone("", 3600))
	if again, err := event.Chain("previous"); err != nil || again != got {
		t.Errorf("in another zone it is %s, %v", again, err)
	}
}

func TestEveryFieldOfAnEventIsInItsHash(t *testing.T) {
	t.Parallel()
	event := Event{Version: EventVersion, At: eventTime}
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
		"Action": func(e *Event) { e.Action = "x" }, "TargetKind": func(e *Event) { e.TargetKind = "x" }, "TargetID": func(e *Event) { e.TargetID = "x" },
		"Target": func(e *Event) { e.Target = "x" }, "Changes": func(e *Event) { e.Changes = []FieldChange{{}} },
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

// An event of a version that this program does not know is not taken for one that was edited.
func TestAnEventOfAnotherVersionHasNoHash(t *testing.T) {
	t.Parallel()
	for _, version := range []int{0, EventVersion + 1} {
		if hash, err := (Event{Version: version, At: eventTime}).Chain(""); err == nil || hash != "" {
			t.Errorf("version %d: %q, %v", version, hash, err)
		}
	}
}
