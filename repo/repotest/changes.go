package repotest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
)

// change runs f in a transaction that must succeed.
func (f fixture) change(t testing.TB, run func(ctx context.Context, tx accounts.Tx) error) {
	t.Helper()
	must(t, f.Change(t.Context(), run))
}

// account reads one that is there.
func (f fixture) account(t testing.TB, id int64) auth.Account {
	t.Helper()
	account, err := f.Account(t.Context(), id)
	must(t, err)
	return account
}

// super makes a user a superuser.
func (f fixture) super(t testing.TB, email string, active bool) auth.User {
	t.Helper()
	user := auth.User{Email: email, Password: "x", IsSuperuser: true, IsStaff: true, IsActive: active, DateJoined: noon}
	must(t, f.CreateUser(t.Context(), &user))
	return user
}

// permissions returns the ids of permissions, by their names.
func (f fixture) permissions(t testing.TB, names ...auth.PermissionName) []int64 {
	t.Helper()
	all, err := f.Permissions(t.Context())
	must(t, err)
	var ids []int64
	for _, name := range names {
		at := slices.IndexFunc(all, func(p auth.Permission) bool { return p.Name() == name })
		if at < 0 {
			t.Fatalf("there is no permission %s", name)
		}
		ids = append(ids, all[at].ID)
	}
	slices.Sort(ids)
	return ids
}

// group stores one.
func (f fixture) group(t testing.TB, name string, permissions ...int64) auth.Group {
	t.Helper()
	group := auth.Group{Name: name, Permissions: permissions}
	f.change(t, func(ctx context.Context, tx accounts.Tx) error { return tx.Groups.SaveGroup(ctx, &group) })
	return group
}

// join puts a user into groups, and into no others.
func (f fixture) join(t testing.TB, user auth.User, groups ...int64) {
	t.Helper()
	f.change(t, func(ctx context.Context, tx accounts.Tx) error { return tx.Users.SetGroups(ctx, user.ID, groups) })
}

// grant gives a user permissions of their own, and no others.
func (f fixture) grant(t testing.TB, user auth.User, permissions ...int64) {
	t.Helper()
	f.change(t, func(ctx context.Context, tx accounts.Tx) error {
		return tx.Users.SetPermissions(ctx, user.ID, permissions)
	})
}

// rights returns what a user may do, in order.
func (f fixture) rights(t testing.TB, user auth.User) []auth.PermissionName {
	t.Helper()
	held, err := f.PermissionsOf(t.Context(), user.ID)
	must(t, err)
	slices.Sort(held)
	return held
}

var errBoom = errors.New("boom")

var changing = []contractTest{
	{"of a change that fails nothing stays, and its error comes back as it is", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		f.begin(t, login(alice, "s1"))
		may := f.permissions(t, "users.view_user")
		group := f.group(t, "support", may...)
		before := f.account(t, alice.ID)
		err := f.Change(t.Context(), func(ctx context.Context, tx accounts.Tx) error {
			changed := alice
			changed.FirstName, changed.IsStaff = "Alicia", true
			another := auth.Group{Name: "another"}
			_, err := tx.Sessions.EndSessions(ctx, alice.ID, noon, "")
			err = errors.Join(err,
				tx.Users.InsertUser(ctx, &auth.User{Email: "carol@example.com", DateJoined: noon}),
				tx.Users.UpdateUser(ctx, alice, changed), tx.Users.SetPassword(ctx, alice.ID, "argon2$new"),
				tx.Users.SetGroups(ctx, alice.ID, []int64{group.ID}), tx.Users.SetPermissions(ctx, alice.ID, may),
				tx.Groups.SaveGroup(ctx, &another), tx.Users.DeleteUser(ctx, bob.ID),
			)
			must(t, err)
			tx.Events.Record(eventOf(auth.ActionChanged, alice))
			return errBoom
		})
		mustBe(t, err, errBoom)
		// What people have called something must not be taken for a fault of the database.
		refusal := auth.Forbidden("Members of “conn closed: unexpected EOF” have permissions that you do not have.")
		if err := f.Change(t.Context(), func(context.Context, accounts.Tx) error { return refusal }); auth.ErrorCode(err) != auth.CodeForbidden {
			t.Errorf("a refusal came back as %v", err)
		}
		if after := f.account(t, alice.ID); !reflect.DeepEqual(after, before) {
			t.Errorf("%+v became %+v", before, after)
		}
		f.reread(t, bob)
		if f.session(t, "s1").RevokedAt != nil {
			t.Error("a session was ended")
		}
		if users, groups := f.count(t, "SELECT count(*) FROM users_user"), f.count(t, "SELECT count(*) FROM auth_group"); users != 2 || groups != 1 {
			t.Errorf("there are %d users and %d groups", users, groups)
		}
		if last, hash, err := f.EventHead(t.Context()); err != nil || last != 0 || hash != "" || f.count(t, "SELECT count(*) FROM latchkey_event") != 0 {
			t.Errorf("an event is stored: the last is %d %s, %v", last, hash, err)
		}
	}},
	{"a change sees what it has changed itself", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		group := f.group(t, "support")
		f.change(t, func(ctx context.Context, tx accounts.Tx) error {
			must(t, tx.Users.SetGroups(ctx, alice.ID, []int64{group.ID}))
			if account, err := tx.Users.Account(ctx, alice.ID); err != nil || !slices.Equal(account.Groups, []int64{group.ID}) {
				t.Errorf("it sees %+v, %v", account, err)
			}
			return nil
		})
	}},
	// Else of two who read the same, the later would undo what the earlier did.
	{"changes that begin at once come one after the other", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		answers := atOnce(12, func(int) error {
			return f.Change(t.Context(), func(ctx context.Context, tx accounts.Tx) error {
				account, err := tx.Users.Account(ctx, alice.ID)
				if err != nil {
					return err
				}
				was := account.User
				account.FirstName += "x"
				return tx.Users.UpdateUser(ctx, was, account.User)
			})
		})
		if _, _, others := tally(answers, nil); len(others) > 0 {
			t.Fatal(others)
		}
		if got := f.account(t, alice.ID).FirstName; got != strings.Repeat("x", 12) {
			t.Errorf("of 12 changes %d are left", len(got))
		}
	}},
	{"of superusers who all step down at once, the one who would be the last does not", func(t *testing.T, f fixture) {
		var supers []auth.User
		for i := range 6 {
			supers = append(supers, f.super(t, fmt.Sprintf("root%d@example.com", i), true))
		}
		answers := atOnce(len(supers), func(i int) error {
			return f.Change(t.Context(), func(ctx context.Context, tx accounts.Tx) error {
				others := 0
				err := tx.Users.EachSuperuser(ctx, func(u auth.User) bool {
					if u.ID != supers[i].ID {
						others++
					}
					return true
				})
				if err != nil {
					return err
				}
				if others == 0 {
					return errBoom
				}
				user := supers[i]
				user.IsSuperuser = false
				return tx.Users.UpdateUser(ctx, supers[i], user)
			})
		})
		if ok, refused, others := tally(answers, errBoom); ok != len(supers)-1 || refused != 1 || len(others) > 0 {
			t.Errorf("%d stepped down, %d were refused; %v", ok, refused, others)
		}
	}},
	{"an account is read with its groups and its own permissions, in order", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		support, editors := f.group(t, "support"), f.group(t, "editors")
		may := f.permissions(t, "users.view_user", "users.change_user", "auth.view_group")
		f.join(t, alice, editors.ID, support.ID)
		f.grant(t, alice, may[2], may[0], may[1])
		want := auth.Account{User: alice, Groups: []int64{support.ID, editors.ID}, Permissions: may}
		f.change(t, func(ctx context.Context, tx accounts.Tx) error {
			inside, err := tx.Users.Account(ctx, alice.ID)
			must(t, err)
			for _, got := range []auth.Account{inside, f.account(t, alice.ID)} {
				if !reflect.DeepEqual(got, want) {
					t.Errorf("it is %+v, want %+v", got, want)
				}
			}
			return nil
		})
		if got := f.account(t, bob.ID); len(got.Groups) != 0 || len(got.Permissions) != 0 {
			t.Errorf("another's is %+v", got)
		}
	}},
	{"an account that is not there is no row", func(t *testing.T, f fixture) {
		_, err := f.Account(t.Context(), 4711)
		mustBe(t, err, auth.ErrNoRow)
		mustBe(t, f.Change(t.Context(), func(ctx context.Context, tx accounts.Tx) error {
			_, err := tx.Users.Account(ctx, 4711)
			mustBe(t, err, auth.ErrNoRow)
			return err
		}), auth.ErrNoRow)
	}},
	{"rights are one's own permissions and those of one's groups, each once", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		view, change, groups := f.permissions(t, "users.view_user")[0], f.permissions(t, "users.change_user")[0], f.permissions(t, "auth.view_group")[0]
		f.join(t, alice, f.group(t, "support", view, change).ID, f.group(t, "editors", change).ID)
		f.group(t, "others", f.permissions(t, "users.delete_user")...)
		f.grant(t, alice, view, groups)
		want := []auth.PermissionName{"auth.view_group", "users.change_user", "users.view_user"}
		if got := f.rights(t, alice); !slices.Equal(got, want) {
			t.Errorf("they are %v, want %v", got, want)
		}
		f.change(t, func(ctx context.Context, tx accounts.Tx) error {
			got, err := tx.Users.PermissionsOf(ctx, alice.ID)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("in a change they are %v, want %v", got, want)
			}
			return err
		})
		if got := f.rights(t, bob); len(got) != 0 {
			t.Errorf("another's are %v", got)
		}
	}},
	{"groups and permissions become those and no others, and what stays keeps its row", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		a, b, c := f.group(t, "a").ID, f.group(t, "b").ID, f.group(t, "c").ID
		may := f.permissions(t, "users.view_user", "users.change_user", "users.add_user")
		for _, user := range []auth.User{bob, alice} {
			f.join(t, user, a, b)
			f.grant(t, user, may[0], may[1])
		}
		const groupRow, permissionRow = "SELECT id FROM users_user_groups WHERE user_id = $1 AND group_id = $2", "SELECT id FROM users_user_user_permissions WHERE user_id = $1 AND permission_id = $2"
		membership, permission := f.count(t, groupRow, alice.ID, b), f.count(t, permissionRow, alice.ID, may[1])
		f.join(t, alice, b, c)
		f.grant(t, alice, may[1], may[2])
		if got := f.account(t, alice.ID); !slices.Equal(got.Groups, []int64{b, c}) || !slices.Equal(got.Permissions, may[1:]) {
			t.Errorf("it is %+v", got)
		}
		if f.count(t, groupRow, alice.ID, b) != membership || f.count(t, permissionRow, alice.ID, may[1]) != permission {
			t.Error("what stays has a new row")
		}
		f.join(t, alice)
		f.grant(t, alice)
		if got := f.account(t, alice.ID); len(got.Groups)+len(got.Permissions) != 0 {
			t.Errorf("left are %+v", got)
		}
		if got := f.account(t, bob.ID); !slices.Equal(got.Groups, []int64{a, b}) || !slices.Equal(got.Permissions, may[:2]) {
			t.Errorf("another's are %+v", got)
		}
	}},
	{"nobody joins a group that is not there", func(t *testing.T, f fixture) {
		alice, group := f.create(t, "alice@example.com"), f.group(t, "support")
		err := f.Change(t.Context(), func(ctx context.Context, tx accounts.Tx) error {
			return tx.Users.SetGroups(ctx, alice.ID, []int64{group.ID, 4711})
		})
		if got := f.account(t, alice.ID); err == nil || len(got.Groups) != 0 {
			t.Errorf("answers %v, and the groups are %v", err, got.Groups)
		}
	}},
	{"superusers are counted, and read one by one until it is enough", func(t *testing.T, f fixture) {
		f.create(t, "alice@example.com")
		all := []auth.User{f.super(t, "one@example.com", true), f.super(t, "two@example.com", true), f.super(t, "asleep@example.com", false)}
		if n, err := f.CountSuperusers(t.Context()); err != nil || n != len(all) {
			t.Errorf("there are %d, %v", n, err)
		}
		f.change(t, func(ctx context.Context, tx accounts.Tx) error {
			if n, err := tx.Users.CountSuperusers(ctx); err != nil || n != len(all) {
				t.Errorf("in a change there are %d, %v", n, err)
			}
			for enough := range 5 {
				var read []auth.User
				must(t, tx.Users.EachSuperuser(ctx, func(u auth.User) bool {
					read = append(read, u)
					return len(read) < enough
				}))
				if want := min(max(enough, 1), len(all)); len(read) != want {
					t.Errorf("%d are read, want %d", len(read), want)
				}
				for _, u := range read {
					if !slices.ContainsFunc(all, func(other auth.User) bool { return reflect.DeepEqual(u, f.reread(t, other)) }) {
						t.Errorf("%+v is read", u)
					}
				}
			}
			return nil
		})
	}},
	{"where there is no superuser, none is counted", func(t *testing.T, f fixture) {
		f.create(t, "alice@example.com")
		if n, err := f.CountSuperusers(t.Context()); err != nil || n != 0 {
			t.Errorf("there are %d, %v", n, err)
		}
	}},
}

// update stores a user in a transaction of its own.
func (f fixture) update(ctx context.Context, user auth.User) error {
	return f.Change(ctx, func(ctx context.Context, tx accounts.Tx) error {
		was, err := tx.Users.Account(ctx, user.ID)
		if err != nil {
			return err
		}
		return tx.Users.UpdateUser(ctx, was.User, user)
	})
}

var updates = []contractTest{
	{"an update stores address, names and flags, and nothing else", func(t *testing.T, f fixture) {
		lastLogin := noon.Add(time.Hour)
		was := auth.User{Email: "alice@example.com", Password: "argon2$old", IsActive: true, LastLogin: &lastLogin, DateJoined: noon}
		must(t, f.CreateUser(t.Context(), &was))
		bob := f.create(t, "bob@example.com")
		want := was
		want.Email, want.FirstName, want.LastName = "alicia@example.com", "Alicia", "Liddell"
		want.IsActive, want.IsStaff, want.IsSuperuser = false, true, true
		update := want
		update.Password, update.LastLogin, update.DateJoined = "argon2$other", nil, noon.Add(time.Hour)
		must(t, f.update(t.Context(), update))
		if got := f.account(t, was.ID).User; !reflect.DeepEqual(got, want) {
			t.Errorf("it became %+v, want %+v", got, want)
		}
		if got := f.account(t, bob.ID).User; got != bob {
			t.Errorf("another's became %+v", got)
		}
	}},
	{"an update of nobody is no row", func(t *testing.T, f fixture) {
		mustBe(t, f.update(t.Context(), auth.User{ID: 4711, Email: "nobody@example.com"}), auth.ErrNoRow)
	}},
	{"an update to an address that another has is refused, in every letter case", func(t *testing.T, f fixture) {
		f.insert(t, "Taken@Example.com", "x")
		f.insert(t, "müller@example.com", "x")
		alice := f.create(t, "alice@example.com")
		for _, email := range []string{"Taken@Example.com", "taken@example.com", "TAKEN@EXAMPLE.COM", "MÜLLER@example.com"} {
			changed := alice
			changed.Email = email
			mustBe(t, f.update(t.Context(), changed), auth.ErrTaken)
		}
		f.reread(t, alice)
	}},
	{"an address can be spelled anew", func(t *testing.T, f fixture) {
		alice := f.insert(t, "Alice@Example.com", "x")
		alice.Email = "alice@example.com"
		must(t, f.update(t.Context(), alice))
		if got := f.account(t, alice.ID).Email; got != alice.Email {
			t.Errorf("it is %s", got)
		}
	}},
	{"a twin that keeps its address can be changed, and is given no third spelling", func(t *testing.T, f fixture) {
		lower := f.insert(t, "dupcase@example.com", "lower")
		f.insert(t, "DupCase@example.com", "upper")
		lower.FirstName = "Ada"
		must(t, f.update(t.Context(), lower))
		if got := f.account(t, lower.ID).FirstName; got != "Ada" {
			t.Errorf("the name is %q", got)
		}
		lower.Email = "DUPCASE@example.com"
		mustBe(t, f.update(t.Context(), lower), auth.ErrTaken)
	}},
	{"of ten who change to one address at once, in ten spellings, one gets it", func(t *testing.T, f fixture) {
		var users []auth.User
		for i := range 10 {
			users = append(users, f.create(t, fmt.Sprintf("user%d@example.com", i)))
		}
		answers := atOnce(len(users), func(i int) error {
			user := users[i]
			user.Email = spelled("wanted@example.com", i)
			return f.update(t.Context(), user)
		})
		if ok, taken, others := tally(answers, auth.ErrTaken); ok != 1 || taken != len(users)-1 || len(others) > 0 {
			t.Errorf("%d got it, for %d it was taken; %v", ok, taken, others)
		}
	}},
}

// remove deletes a user in a transaction of its own.
func (f fixture) remove(ctx context.Context, user auth.User) error {
	return f.Change(ctx, func(ctx context.Context, tx accounts.Tx) error {
		tx.Events.Record(eventOf(auth.ActionDeleted, user))
		return tx.Users.DeleteUser(ctx, user.ID)
	})
}

// withDjangosLog makes the table of Django's own admin, with a row of each user's.
func (f fixture) withDjangosLog(t testing.TB, users ...auth.User) {
	t.Helper()
	f.exec(t, "CREATE TABLE django_admin_log (id integer PRIMARY KEY, user_id bigint NOT NULL REFERENCES users_user (id) DEFERRABLE INITIALLY DEFERRED)")
	for i, user := range users {
		f.exec(t, "INSERT INTO django_admin_log (id, user_id) VALUES ($1, $2)", i+1, user.ID)
	}
}

var deletions = []contractTest{
	{"a user is deleted with what is theirs in Django's tables and ours", func(t *testing.T, f fixture) {
		alice, bob := f.create(t, "alice@example.com"), f.create(t, "bob@example.com")
		may := f.permissions(t, "users.view_user")
		group := f.group(t, "support", may...)
		for _, user := range []auth.User{alice, bob} {
			f.join(t, user, group.ID)
			f.grant(t, user, may...)
			f.begin(t, login(user, user.Email))
		}
		f.withDjangosLog(t, alice, bob)
		must(t, f.remove(t.Context(), alice))
		for _, table := range []string{"users_user_groups", "users_user_user_permissions", "latchkey_session", "django_admin_log"} {
			if n, bobs := f.count(t, "SELECT count(*) FROM "+table), f.count(t, "SELECT count(*) FROM "+table+" WHERE user_id = $1", bob.ID); n != 1 || bobs != 1 {
				t.Errorf("%s has %d rows, %d of them another user's", table, n, bobs)
			}
		}
		_, err := f.Account(t.Context(), alice.ID)
		mustBe(t, err, auth.ErrNoRow)
		f.reread(t, bob)
		if got, err := f.Group(t.Context(), group.ID); err != nil || !slices.Equal(got.Permissions, may) {
			t.Errorf("the group is %+v, %v", got, err)
		}
	}},
	{"a user is deleted where Django's admin has never been", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		must(t, f.remove(t.Context(), alice))
		_, err := f.Account(t.Context(), alice.ID)
		mustBe(t, err, auth.ErrNoRow)
	}},
	{"a user to whom rows of another table refer is not deleted, and the store goes on", func(t *testing.T, f fixture) {
		for table, reference := range map[string]string{
			"shop_order":  "REFERENCES users_user (id) DEFERRABLE INITIALLY DEFERRED", // Django's way: found at the end
			"shop_basket": "REFERENCES users_user (id)",                               // found at once
		} {
			user := f.create(t, table+"@example.com")
			f.begin(t, login(user, table))
			f.exec(t, "CREATE TABLE "+table+" (id integer PRIMARY KEY, user_id bigint NOT NULL "+reference+")")
			f.exec(t, "INSERT INTO "+table+" (id, user_id) VALUES (1, $1)", user.ID)
			mustBe(t, f.remove(t.Context(), user), auth.ErrReferred)
			f.reread(t, user)
			f.session(t, table)
			if last, _, err := f.EventHead(t.Context()); err != nil || last != 0 {
				t.Errorf("%d events are stored, %v", last, err)
			}
			f.exec(t, "DELETE FROM "+table)
		}
		for _, table := range []string{"shop_order", "shop_basket"} {
			must(t, f.remove(t.Context(), f.reread(t, auth.User{Email: table + "@example.com"})))
		}
	}},
	{"what a deletion would take along is counted", func(t *testing.T, f fixture) {
		alice, bob, carol := f.create(t, "alice@example.com"), f.create(t, "bob@example.com"), f.create(t, "carol@example.com")
		may := f.permissions(t, "users.view_user", "users.add_user")
		group := f.group(t, "support")
		f.grant(t, alice, may...)
		for _, user := range []auth.User{alice, bob, carol} {
			f.join(t, user, group.ID)
		}
		f.begin(t, login(alice, "a1"))
		f.begin(t, login(bob, "b1"))
		f.begin(t, login(carol, "c1"))
		mustBelong := func(ids []int64, want string) {
			t.Helper()
			found, err := f.RelatedRows(t.Context(), ids)
			must(t, err)
			var got []string
			for _, each := range found {
				got = append(got, fmt.Sprint(each.Count, " ", each.Name))
			}
			if strings.Join(got, ", ") != want {
				t.Errorf("it is %v, want %s", got, want)
			}
		}
		mustBelong([]int64{alice.ID, bob.ID}, "0 locks, 2 memberships of groups, 2 permissions, 0 one-time links, 2 sessions")
		mustBelong([]int64{4711}, "0 locks, 0 memberships of groups, 0 permissions, 0 one-time links, 0 sessions")
		f.withDjangosLog(t, alice, carol)
		mustBelong([]int64{alice.ID, bob.ID}, "0 locks, 2 memberships of groups, 2 permissions, 1 log entries of Django’s admin, 0 one-time links, 2 sessions")
	}},
}
