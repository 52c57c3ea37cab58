package repotest

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
)

// save stores a group in a transaction of its own.
func (f fixture) save(ctx context.Context, group *auth.Group) error {
	return f.Change(ctx, func(ctx context.Context, tx accounts.Tx) error { return tx.Groups.SaveGroup(ctx, group) })
}

// readGroup reads a group in both ways there are.
func (f fixture) readGroup(t testing.TB, id int64) auth.Group {
	t.Helper()
	group, err := f.Group(t.Context(), id)
	must(t, err)
	f.change(t, func(ctx context.Context, tx accounts.Tx) error {
		inside, err := tx.Groups.Group(ctx, id)
		if !reflect.DeepEqual(inside, group) {
			t.Errorf("in a change it is %+v, and else %+v", inside, group)
		}
		return err
	})
	return group
}

var groups = []contractTest{
	{"a new group gets an id, and is read with its permissions in order", func(t *testing.T, f fixture) {
		may := f.permissions(t, "users.view_user", "users.change_user", "auth.view_group")
		f.group(t, "another", may[0])
		group := auth.Group{Name: "support", Permissions: []int64{may[1], may[2], may[0]}}
		must(t, f.save(t.Context(), &group))
		if got, want := f.readGroup(t, group.ID), (auth.Group{ID: group.ID, Name: "support", Permissions: may}); group.ID == 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("it is %+v, want %+v", got, want)
		}
	}},
	{"a group that is changed keeps its id and the rows that stay", func(t *testing.T, f fixture) {
		may := f.permissions(t, "users.view_user", "users.change_user", "auth.view_group")
		group, another := f.group(t, "support", may[0], may[1]), f.group(t, "another", may[0])
		const row = "SELECT id FROM auth_group_permissions WHERE group_id = $1 AND permission_id = $2"
		kept := f.count(t, row, group.ID, may[1])
		changed := auth.Group{ID: group.ID, Name: "first level", Permissions: may[1:]}
		must(t, f.save(t.Context(), &changed))
		if got := f.readGroup(t, group.ID); !reflect.DeepEqual(got, changed) {
			t.Errorf("it is %+v, want %+v", got, changed)
		}
		if f.count(t, row, group.ID, may[1]) != kept {
			t.Error("what stays has a new row")
		}
		if got := f.readGroup(t, another.ID); !reflect.DeepEqual(got, another) {
			t.Errorf("another is %+v", got)
		}
	}},
	{"a name that another group has is refused", func(t *testing.T, f fixture) {
		f.group(t, "support")
		other := f.group(t, "editors")
		mustBe(t, f.save(t.Context(), &auth.Group{Name: "support"}), auth.ErrTaken)
		mustBe(t, f.save(t.Context(), &auth.Group{ID: other.ID, Name: "support"}), auth.ErrTaken)
		must(t, f.save(t.Context(), &auth.Group{ID: other.ID, Name: "editors"}))
		if n := f.count(t, "SELECT count(*) FROM auth_group"); n != 2 {
			t.Errorf("there are %d groups", n)
		}
	}},
	{"of ten who make a group of one name at once, one does", func(t *testing.T, f fixture) {
		answers := atOnce(10, func(int) error { return f.save(t.Context(), &auth.Group{Name: "support"}) })
		if ok, taken, others := tally(answers, auth.ErrTaken); ok != 1 || taken != 9 || len(others) > 0 {
			t.Errorf("%d made it, for %d it was taken; %v", ok, taken, others)
		}
	}},
	{"a group that is deleted takes its members out, and leaves them and other groups", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		may := f.permissions(t, "users.view_user")
		support, editors := f.group(t, "support", may...), f.group(t, "editors", may...)
		f.join(t, alice, support.ID, editors.ID)
		f.change(t, func(ctx context.Context, tx accounts.Tx) error { return tx.Groups.DeleteGroup(ctx, support.ID) })
		_, err := f.Group(t.Context(), support.ID)
		mustBe(t, err, auth.ErrNoRow)
		if got := f.account(t, alice.ID).Groups; !slices.Equal(got, []int64{editors.ID}) {
			t.Errorf("the member is in %v", got)
		}
		if got := f.readGroup(t, editors.ID); !slices.Equal(got.Permissions, may) {
			t.Errorf("the other group is %+v", got)
		}
		if n := f.count(t, "SELECT count(*) FROM auth_group_permissions"); n != 1 {
			t.Errorf("%d permissions of groups are left", n)
		}
	}},
	{"a group that is not there is no row", func(t *testing.T, f fixture) {
		f.group(t, "support")
		_, err := f.Group(t.Context(), 4711)
		mustBe(t, err, auth.ErrNoRow)
		mustBe(t, f.Change(t.Context(), func(ctx context.Context, tx accounts.Tx) error {
			_, err := tx.Groups.Group(ctx, 4711)
			mustBe(t, err, auth.ErrNoRow)
			return err
		}), auth.ErrNoRow)
	}},
	{"groups are listed by name, each with its permissions", func(t *testing.T, f fixture) {
		may := f.permissions(t, "users.view_user", "users.change_user")
		want := []auth.Group{f.group(t, "cc", may...), f.group(t, "aa", []int64{}...), f.group(t, "bb", may[1])}
		want[1].Permissions = []int64{}
		want = []auth.Group{want[1], want[2], want[0]}
		got, err := f.Groups(t.Context())
		must(t, err)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("they are %+v, want %+v", got, want)
		}
		f.change(t, func(ctx context.Context, tx accounts.Tx) error {
			inside, err := tx.Groups.Groups(ctx)
			if !reflect.DeepEqual(inside, want) {
				t.Errorf("in a change they are %+v", inside)
			}
			return err
		})
	}},
	{"permissions are Django's, in its order", func(t *testing.T, f fixture) {
		got, err := f.Permissions(t.Context())
		must(t, err)
		var names []string
		djangos := []string{"admin logentry", "auth group", "auth permission", "contenttypes contenttype", "sessions session", "users user"}
		for _, model := range djangos {
			for _, verb := range []string{"add", "change", "delete", "view"} {
				names = append(names, model+" "+verb)
			}
		}
		// A migration may have made those of a model of one's own.
		found := slices.DeleteFunc(slices.Clone(got), func(p auth.Permission) bool {
			return !slices.Contains(djangos, p.Model.App+" "+p.Model.Name)
		})
		if len(found) != len(names) {
			t.Fatalf("there are %d, want %d", len(found), len(names))
		}
		for i, p := range found {
			if p.ID == 0 || p.Model.App+" "+p.Model.Name+" "+p.Code != names[i]+"_"+p.Model.Name {
				t.Errorf("number %d is %+v, want %s", i, p, names[i])
			}
		}
		if last := found[len(found)-1]; last.Label != "Can view user" || last.Name() != "users.view_user" {
			t.Errorf("the last is %+v", last)
		}
		f.change(t, func(ctx context.Context, tx accounts.Tx) error {
			inside, err := tx.Groups.Permissions(ctx)
			if !slices.Equal(inside, got) {
				t.Errorf("in a change they are %+v", inside)
			}
			return err
		})
	}},
	{"a permission of an app of one's own is listed and granted", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		f.exec(t, "INSERT INTO django_content_type (app_label, model) VALUES ('shop', 'order')")
		f.exec(t, "INSERT INTO auth_permission (name, content_type_id, codename) SELECT 'Can refund', id, 'refund' FROM django_content_type WHERE model = 'order'")
		f.grant(t, alice, f.permissions(t, "shop.refund")...)
		if got := f.rights(t, alice); !slices.Equal(got, []auth.PermissionName{"shop.refund"}) {
			t.Errorf("held are %v", got)
		}
	}},
}
