package audit_test

import (
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
)

// The log is for who may view Django's, and a history for who may view what it is of.
func TestTheLogTakesAPermission(t *testing.T) {
	t.Parallel()
	event, history := auth.PermissionName("admin.view_logentry"), auth.PermissionName("users.view_user")
	for name, test := range map[string]struct {
		do    func(w *world, by *auth.Principal) error
		takes auth.PermissionName
	}{
		"listing": {func(w *world, by *auth.Principal) error {
			_, err := w.List(t.Context(), by, auth.ListParams{})
			return err
		}, event},
		"reading all": {func(w *world, by *auth.Principal) error {
			return w.Each(t.Context(), by, auth.ListParams{}, func(auth.Event) error { return nil })
		}, event},
		"reading one": {func(w *world, by *auth.Principal) error {
			_, err := w.Get(t.Context(), by, 1)
			return err
		}, event},
		"a history": {func(w *world, by *auth.Principal) error {
			_, err := w.History(t.Context(), by, auth.UserModel, auth.TargetUser, "3", auth.ListParams{})
			return err
		}, history},
	} {
		w := &world{authtest.Staffed(t)}
		w.Store.Append([]auth.Event{{At: authtest.Noon, Action: auth.ActionChanged}})
		for _, permitted := range []auth.PermissionName{event, history, "sessions.view_session"} {
			by := &auth.Principal{Channel: auth.ChannelAdmin, Rights: auth.Holding(permitted)}
			if err := test.do(w, by); (auth.ErrorCode(err) == auth.CodeForbidden) == (permitted == test.takes) {
				t.Errorf("%s with %s: %v", name, permitted, err)
			}
		}
	}
}

func TestAnEventThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := authtest.Staffed(t)
	if _, err := w.Get(t.Context(), auth.CommandLine("test"), 4711); auth.ErrorCode(err) != auth.CodeNotFound {
		t.Errorf("answers %v", err)
	}
}

// From where somebody did something is for who may see it in the log or among sessions.
func TestAHistoryLeavesAddressesOut(t *testing.T) {
	t.Parallel()
	for permission, shown := range map[auth.PermissionName]bool{"admin.view_logentry": true, "sessions.view_session": true, "auth.view_group": false} {
		w := authtest.Staffed(t)
		w.Store.Append([]auth.Event{{At: authtest.Noon, Action: auth.ActionChanged, Address: "192.0.2.1"}})
		by := &auth.Principal{Channel: auth.ChannelAdmin, Rights: auth.Holding("users.view_user", permission)}
		page, err := w.History(t.Context(), by, auth.UserModel, auth.TargetUser, "3", auth.ListParams{})
		if err != nil || len(page.Items) != 1 || (page.Items[0].Address != "") != shown {
			t.Errorf("%s: %+v, %v", permission, page.Items, err)
		}
	}
}
