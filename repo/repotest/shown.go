package repotest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// listed returns a list's rows in words, of all its pages, each of two rows.
func listed[T any](t testing.TB, q auth.ListParams, some func(q auth.ListParams) (auth.Page[T], error), word func(T) string) string {
	t.Helper()
	var words []string
	q.Size = 2
	for {
		found, err := some(q)
		must(t, err)
		for _, item := range found.Items {
			words = append(words, word(item))
		}
		q.Offset += q.Size
		if q.Offset >= found.Matches {
			if found.Matches != len(words) || found.Uncounted {
				t.Errorf("%+v: %d match, and %d there are", q, found.Matches, len(words))
			}
			return strings.Join(words, " ")
		}
	}
}

// listTests maps the name of a test to the parameters of a list and what it returns.
type listTests map[string]struct {
	q    auth.ListParams
	want string
}

func (tests listTests) run(t testing.TB, list func(q auth.ListParams) string) {
	t.Helper()
	for name, test := range tests {
		if got := list(test.q); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func where(filters ...auth.Filter) []auth.Filter { return filters }

var shown = []contractTest{
	{"groups are listed with how many members they have", func(t *testing.T, f fixture) {
		alice, bob, carol := f.create(t, "alice@example.com"), f.create(t, "bob@example.com"), f.create(t, "carol@example.com")
		may := f.permissions(t, "users.view_user", "users.add_user")
		aa, bb, cc := f.group(t, "aa", may...), f.group(t, "bb"), f.group(t, "cc", may...)
		f.group(t, "dd% d")
		f.join(t, alice, aa.ID, bb.ID, cc.ID)
		f.join(t, bob, aa.ID, cc.ID)
		f.join(t, carol, cc.ID)
		list := func(q auth.ListParams) string {
			return listed(t, q, func(q auth.ListParams) (auth.Page[auth.Group], error) { return f.ListGroups(t.Context(), q) },
				func(g auth.Group) string { return fmt.Sprint(g.Name, g.Members) })
		}
		listTests{
			"by name":                {auth.ListParams{}, "aa2 bb1 cc3 dd% d0"},
			"by name, from the end":  {auth.ListParams{Sort: "name", Descending: true}, "dd% d0 cc3 bb1 aa2"},
			"by members":             {auth.ListParams{Sort: "members"}, "dd% d0 bb1 aa2 cc3"},
			"by members, descending": {auth.ListParams{Sort: "members", Descending: true}, "cc3 aa2 bb1 dd% d0"},
			"those that are found":   {auth.ListParams{Search: "D d%"}, "dd% d0"},
			"none":                   {auth.ListParams{Search: "e"}, ""},
		}.run(t, list)
		found, err := f.ListGroups(t.Context(), auth.ListParams{Size: 1, Search: "bb"})
		if err != nil || found.Total != 4 || found.Matches != 1 || found.Items[0].ID != bb.ID {
			t.Errorf("finds %+v, %v", found, err)
		}
	}},
	{"sessions are listed with whose they are", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		for i, each := range []struct {
			id      string
			user    auth.User
			channel auth.Channel
			ends    time.Duration
		}{
			{"s0", alice, auth.ChannelAPI, time.Hour}, {"s1", alice, auth.ChannelAdmin, time.Hour}, {"s2", bob, auth.ChannelAdmin, time.Hour},
			{"s3", bob, auth.ChannelAPI, 0}, {"s4", alice, auth.ChannelAPI, time.Hour},
		} {
			in := login(each.user, each.id)
			in.Session.Channel, in.Session.ExpiresAt = each.channel, noon.Add(each.ends)
			in.Session.CreatedAt, in.Session.RenewedAt = noon.Add(time.Duration(i-9)*time.Minute), noon.Add(time.Duration(9-i)*time.Second)
			in.Session.Address, in.Session.UserAgent = fmt.Sprintf("192.0.2.%d", i), fmt.Sprintf("Browser/%d (100%%)", i)
			f.begin(t, in)
		}
		must(t, f.RevokeSession(t.Context(), "s4", noon.Add(-time.Minute), eventOf(auth.ActionSignedOut, alice)))
		list := func(q auth.ListParams) string {
			return listed(t, q, func(q auth.ListParams) (auth.Page[auth.UserSession], error) { return f.ListSessions(t.Context(), q) },
				func(s auth.UserSession) string { return s.ID })
		}
		ofAlice := where(auth.Equal("user", alice.ID))
		listTests{
			"by the last renewal":              {auth.ListParams{}, "s4 s3 s2 s1 s0"},
			"by the last renewal, descending":  {auth.ListParams{Sort: "renewed_at", Descending: true}, "s0 s1 s2 s3 s4"},
			"by when they began":               {auth.ListParams{Sort: "created_at"}, "s0 s1 s2 s3 s4"},
			"by whose they are":                {auth.ListParams{Sort: "email"}, "s0 s1 s4 s2 s3"},
			"by channel, descending":           {auth.ListParams{Sort: "channel", Descending: true}, "s4 s3 s0 s2 s1"},
			"by id":                            {auth.ListParams{Sort: "id", Descending: true}, "s4 s3 s2 s1 s0"},
			"a user's":                         {auth.ListParams{Sort: "id", Filters: ofAlice}, "s0 s1 s4"},
			"a channel's":                      {auth.ListParams{Sort: "id", Filters: where(auth.Equal("channel", "admin"))}, "s1 s2"},
			"those that are open":              {auth.ListParams{Sort: "id", Filters: where(auth.Equal("open", noon))}, "s0 s1 s2"},
			"those that are over":              {auth.ListParams{Sort: "id", Filters: where(auth.Equal("over", noon))}, "s3 s4"},
			"those that will be over":          {auth.ListParams{Sort: "id", Filters: where(auth.Equal("over", noon.Add(time.Hour)))}, "s0 s1 s2 s3 s4"},
			"a user's that are open":           {auth.ListParams{Sort: "id", Filters: append(where(auth.Equal("open", noon)), ofAlice...)}, "s0 s1"},
			"those that are found by address":  {auth.ListParams{Search: "192.0.2.3"}, "s3"},
			"those that are found by browser":  {auth.ListParams{Search: "browser/2"}, "s2"},
			"those that are found by their %":  {auth.ListParams{Search: "3 (100%)"}, "s3"},
			"those that are found by the user": {auth.ListParams{Search: "BOB@"}, "s3 s2"},
			"none":                             {auth.ListParams{Search: "200%"}, ""},
		}.run(t, list)
		found, err := f.ListSessions(t.Context(), auth.ListParams{Size: 1, Search: "192.0.2.1"})
		if err != nil || found.Total != 5 || len(found.Items) != 1 || found.Items[0].Email != alice.Email {
			t.Fatalf("finds %+v, %v", found, err)
		}
		if got := found.Items[0].Session; !reflect.DeepEqual(got, f.session(t, "s1")) {
			t.Errorf("a listed session is %+v", got)
		}
	}},
	{"events are listed", func(t *testing.T, f fixture) {
		alice, bob := auth.User{ID: 1, Email: "alice@example.com"}, auth.User{ID: 2, Email: "bob@example.com"}
		all := []auth.Event{
			eventOf(auth.ActionCreated, alice), eventOf(auth.ActionCreated, bob), eventOf(auth.ActionChanged, alice),
			eventOf(auth.ActionSignedIn, bob), eventOf(auth.ActionChanged, bob),
		}
		for i := range all {
			all[i].At = noon.Add(time.Duration(i) * time.Microsecond)
		}
		all[3].Channel, all[3].ActorID, all[3].Actor, all[3].Address = auth.ChannelAPI, bob.ID, bob.Email, "2001:db8::3"
		all[4].TargetKind, all[4].ActorID = auth.TargetGroup, 0
		all[2].Changes = []auth.FieldChange{{Field: "first_name", Before: "", After: "Alicia_100%"}}
		f.record(t, all...)
		list := func(q auth.ListParams) string {
			return listed(t, q, func(q auth.ListParams) (auth.Page[auth.Event], error) { return f.ListEvents(t.Context(), q) },
				func(e auth.Event) string { return fmt.Sprint(e.ID) })
		}
		listTests{
			"by number":                      {auth.ListParams{}, "1 2 3 4 5"},
			"the newest first":               {auth.ListParams{Sort: "id", Descending: true}, "5 4 3 2 1"},
			"by time, descending":            {auth.ListParams{Sort: "at", Descending: true}, "5 4 3 2 1"},
			"by what was done":               {auth.ListParams{Sort: "action"}, "3 5 1 2 4"},
			"by who did it":                  {auth.ListParams{Sort: "actor_id"}, "5 4 1 2 3"},
			"by channel":                     {auth.ListParams{Sort: "channel", Descending: true}, "4 5 3 2 1"},
			"by kind and target":             {auth.ListParams{Filters: append(where(auth.Equal("target_kind", auth.TargetUser)), where(auth.Equal("target_id", "2"))...)}, "2 4"},
			"of a channel":                   {auth.ListParams{Filters: where(auth.Equal("channel", "api"))}, "4"},
			"of an action":                   {auth.ListParams{Filters: where(auth.Equal("action", "changed"))}, "3 5"},
			"of an actor":                    {auth.ListParams{Filters: where(auth.Equal("actor_id", bob.ID))}, "4"},
			"of nobody who has an account":   {auth.ListParams{Filters: where(auth.Missing("actor_id"))}, "5"},
			"since a time":                   {auth.ListParams{Filters: where(auth.AtLeast("at", noon.Add(3*time.Microsecond)))}, "4 5"},
			"found by target":                {auth.ListParams{Search: "ALICE@"}, "1 3"},
			"found by actor":                 {auth.ListParams{Search: "root@"}, "1 2 3 5"},
			"found by address":               {auth.ListParams{Search: "2001:db8"}, "4"},
			"found by what it became":        {auth.ListParams{Search: "alicia_100%"}, "3"},
			"found by several words":         {auth.ListParams{Search: "192.0.2.7 bob", Descending: true}, "5 2"},
			"none":                           {auth.ListParams{Search: "a%a"}, ""},
			"a search of what was done once": {auth.ListParams{Search: "bob", Filters: where(auth.Equal("action", "created"))}, "2"},
		}.run(t, list)
		found, err := f.ListEvents(t.Context(), auth.ListParams{Size: 1, Search: "alicia"})
		if err != nil || found.Total != 5 || len(found.Items) != 1 || !reflect.DeepEqual(found.Items[0].Changes, all[2].Changes) {
			t.Errorf("finds %+v, %v", found, err)
		}
	}},
}
