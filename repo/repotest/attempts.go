package repotest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// at is when attempts begin: counters are kept in milliseconds.
var at = noon.Truncate(time.Millisecond)

// three lets three failures in, then waits a minute, two, four and so on, up to ten.
var three = signin.Limit{Free: 3, Wait: time.Minute, MaxWait: 10 * time.Minute, Forget: time.Hour, Keep: time.Hour}

// stopping lets ten failures in, over any time.
var stopping = signin.Limit{Free: 1000, Wait: time.Minute, MaxWait: time.Minute, Forget: time.Minute, Stop: 10, Keep: 1000 * time.Hour}

func counter(key string, limit signin.Limit) signin.Counter {
	return signin.Counter{Key: key, Role: signin.RoleAny, Limit: limit}
}

func (f fixture) reserve(t testing.TB, at time.Time, counters ...signin.Counter) signin.Reserved {
	t.Helper()
	got, err := f.ReserveAttempt(t.Context(), signin.Attempt{At: at, Counters: counters})
	must(t, err)
	slices.Sort(got.Keys)
	slices.Sort(got.Locked)
	return got
}

// fail counts an attempt under each key, without a limit that it could come near.
func (f fixture) fail(t testing.TB, at time.Time, keys ...string) {
	t.Helper()
	if got := f.reserve(t, at, unlimited(keys...)...); len(got.Keys) != len(keys) {
		t.Fatalf("is counted under %v", got.Keys)
	}
}

func unlimited(keys ...string) []signin.Counter {
	var counters []signin.Counter
	for _, key := range keys {
		counters = append(counters, counter(key, signin.Limit{Free: 1 << 30, Wait: time.Minute, MaxWait: time.Minute, Forget: time.Hour, Keep: time.Hour}))
	}
	return counters
}

// counted reads how many failures are counted under each key that has any.
func (f fixture) counted(t testing.TB, keys ...string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, key := range keys {
		if n := f.count(t, "SELECT coalesce(max(total), 0) FROM latchkey_attempt WHERE key = $1", key); n > 0 {
			counts[key] = n
		}
	}
	return counts
}

// refused fails unless an attempt is let in first so much later.
func (f fixture) refused(t testing.TB, at time.Time, wait time.Duration, counters ...signin.Counter) {
	t.Helper()
	if got := f.reserve(t, at, counters...); len(got.Keys) > 0 || !got.BlockedUntil.Equal(at.Add(wait)) {
		t.Errorf("at %v: counted under %v, blocked until %v, want %v", at, got.Keys, got.BlockedUntil, at.Add(wait))
	}
}

var attempts = []contractTest{
	{"the first attempt is counted under each counter", func(t *testing.T, f fixture) {
		got := f.reserve(t, at, counter("a", three), counter("b", stopping))
		if !slices.Equal(got.Keys, []string{"a", "b"}) || got.After || len(got.Locked) > 0 {
			t.Errorf("reserved %+v", got)
		}
		if got := f.reserve(t, at, counter("a", three), counter("c", three)); !got.After || len(got.Keys) != 2 {
			t.Errorf("then %+v", got)
		}
		if got := f.counted(t, "a", "b", "c"); got["a"] != 2 || got["b"] != 1 || got["c"] != 1 {
			t.Errorf("counted are %v", got)
		}
	}},
	{"waits begin after the free attempts, and double up to the longest", func(t *testing.T, f fixture) {
		now := at
		for range 2 {
			f.reserve(t, now, counter("a", three))
		}
		for _, minutes := range []time.Duration{1, 2, 4, 8, 10, 10, 10} {
			if got := f.reserve(t, now, counter("a", three)); len(got.Keys) != 1 {
				t.Fatalf("before a wait of %d minutes it is refused: %+v", minutes, got)
			}
			f.refused(t, now, minutes*time.Minute, counter("a", three))
			f.refused(t, now.Add(minutes*time.Minute-time.Millisecond), time.Millisecond, counter("a", three))
			now = now.Add(minutes * time.Minute)
		}
	}},
	{"many failures overflow no number", func(t *testing.T, f fixture) {
		long := signin.Limit{Free: 1, Wait: time.Hour, MaxWait: 12 * time.Hour, Forget: 24 * time.Hour, Keep: 24 * time.Hour}
		now := at
		for range 80 {
			if got := f.reserve(t, now, counter("a", long)); len(got.Keys) != 1 {
				t.Fatalf("is refused at %v", now)
			}
			now = now.Add(12 * time.Hour)
		}
		f.reserve(t, now, counter("a", long))
		f.refused(t, now, 12*time.Hour, counter("a", long))
	}},
	{"what is refused by one counter is counted under none", func(t *testing.T, f fixture) {
		for range 3 {
			f.reserve(t, at, counter("blocked", three))
		}
		f.refused(t, at, time.Minute, counter("a", stopping), counter("blocked", three), counter("z", stopping))
		if got := f.counted(t, "a", "blocked", "z"); len(got) != 1 || got["blocked"] != 3 {
			t.Errorf("counted are %v", got)
		}
	}},
	{"waits begin anew after a time without failures, and the total goes on", func(t *testing.T, f fixture) {
		limit := three
		limit.Stop, limit.Keep = 6, 100*time.Hour
		for range 3 {
			f.reserve(t, at, counter("a", limit))
		}
		for range 2 {
			f.reserve(t, at.Add(time.Hour), counter("a", limit))
		}
		if got := f.reserve(t, at.Add(time.Hour), counter("a", limit)); len(got.Keys) != 1 || !slices.Equal(got.Locked, []string{"a"}) {
			t.Errorf("the sixth of all, and third in a row: %+v", got)
		}
	}},
	{"a stop lasts, whatever the time", func(t *testing.T, f fixture) {
		for i := range 10 {
			got := f.reserve(t, at.Add(time.Duration(i)*90*time.Hour), counter("a", stopping))
			if locks := len(got.Locked) > 0; len(got.Keys) != 1 || locks != (i == 9) {
				t.Errorf("%d: %+v", i, got)
			}
		}
		if got := f.reserve(t, at.Add(1800*time.Hour), counter("b", three), counter("a", stopping)); !slices.Equal(got.Blocking, []string{"a"}) {
			t.Errorf("refused by %v", got.Blocking)
		}
		if got := f.reserve(t, at.Add(1800*time.Hour), counter("a", stopping)); len(got.Keys) > 0 || got.BlockedUntil.Year() != 9999 {
			t.Errorf("after months: %+v", got)
		}
	}},
	{"a counter that has expired begins anew, deleted or not", func(t *testing.T, f fixture) {
		for range 10 {
			f.reserve(t, at, counter("a", stopping))
		}
		got := f.reserve(t, at.Add(1000*time.Hour), counter("a", stopping))
		if len(got.Keys) != 1 || got.After || f.counted(t, "a")["a"] != 1 {
			t.Errorf("reserved %+v", got)
		}
	}},
	{"where a network is known its own counter counts, and strangers' do not", func(t *testing.T, f fixture) {
		both := []signin.Counter{
			{Key: "known", Role: signin.RoleKnown, Limit: three}, {Key: "stranger", Role: signin.RoleStranger, Limit: three}, {Key: "any", Role: signin.RoleAny, Limit: stopping},
		}
		if got := f.reserve(t, at, both...); !slices.Equal(got.Keys, []string{"any", "stranger"}) {
			t.Errorf("before it is known: %v", got.Keys)
		}
		for range 2 {
			f.reserve(t, at, both...)
		}
		f.refused(t, at, time.Minute, both...)
		must(t, f.SettleAttempt(t.Context(), signin.Settlement{At: at, Remember: "known", Until: at.Add(time.Hour)}))
		for range 3 {
			if got := f.reserve(t, at, both...); !slices.Equal(got.Keys, []string{"any", "known"}) {
				t.Errorf("when it is known: %v", got.Keys)
			}
		}
		f.refused(t, at, time.Minute, both...)
		if got := f.reserve(t, at.Add(time.Hour), both...); !slices.Equal(got.Keys, []string{"any", "stranger"}) {
			t.Errorf("when it is known no more: %v", got.Keys)
		}
	}},
	{"an attempt that is released was none", func(t *testing.T, f fixture) {
		for range 3 {
			f.reserve(t, at, counter("a", three), counter("b", three))
		}
		must(t, f.SettleAttempt(t.Context(), signin.Settlement{At: at, Release: []string{"a", "b", "nobody's"}}))
		if got := f.reserve(t, at, counter("a", three), counter("b", three)); len(got.Keys) != 2 {
			t.Errorf("reserved %+v", got)
		}
		f.refused(t, at, time.Minute, counter("a", three))
		if got := f.reserve(t, at, counter("nobody's", three)); got.After || len(got.Keys) != 1 {
			t.Errorf("what was not counted: %+v", got)
		}
	}},
	{"what is forgiven begins anew, and a network that is known stays so", func(t *testing.T, f fixture) {
		known := signin.Counter{Key: "known", Role: signin.RoleKnown, Limit: three}
		remember := signin.Settlement{At: at, Remember: "known", Until: at.Add(time.Hour)}
		must(t, f.SettleAttempt(t.Context(), remember))
		for range 2 {
			f.reserve(t, at, known)
		}
		must(t, f.SettleAttempt(t.Context(), remember)) // by a device in that network
		if got := f.counted(t, "known"); got["known"] != 2 {
			t.Errorf("remembering has made of it %v", got)
		}
		remember.Forgive, remember.Until = []string{"known"}, at.Add(2*time.Hour)
		must(t, f.SettleAttempt(t.Context(), remember))
		if got := f.reserve(t, at.Add(time.Hour), known); got.After || len(got.Keys) != 1 {
			t.Errorf("reserved %+v", got)
		}
	}},
	{"of a hundred attempts at once as many are let in as are free", func(t *testing.T, f fixture) {
		reserved := make([]signin.Reserved, 100)
		for _, err := range atOnce(100, func(i int) (err error) {
			client := counter(fmt.Sprint("client", i%2), three)
			reserved[i], err = f.ReserveAttempt(t.Context(), signin.Attempt{At: at, Counters: []signin.Counter{client, counter("user", stopping)}})
			return err
		}) {
			must(t, err)
		}
		let := 0
		for _, each := range reserved {
			let += min(1, len(each.Keys))
		}
		if got := f.counted(t, "user", "client0", "client1"); let != 6 || got["user"] != 6 || got["client0"] != 3 || got["client1"] != 3 {
			t.Errorf("%d are let in, and counted are %v", let, got)
		}
	}},
	{"of a hundred attempts at once after a wait one is let in", func(t *testing.T, f fixture) {
		for range 3 {
			f.reserve(t, at, counter("a", three))
		}
		let := make([]int, 100)
		for _, err := range atOnce(100, func(i int) error {
			got, err := f.ReserveAttempt(t.Context(), signin.Attempt{At: at.Add(time.Minute), Counters: []signin.Counter{counter("a", three)}})
			let[i] = len(got.Keys)
			return err
		}) {
			must(t, err)
		}
		if sum := len(let) - len(slices.DeleteFunc(slices.Clone(let), func(n int) bool { return n == 1 })); sum != 1 {
			t.Errorf("%d are let in", sum)
		}
	}},
}

// locked stores a user whose account is locked under a key.
func (f fixture) locked(t testing.TB, email, key string) auth.User {
	t.Helper()
	user := f.create(t, email)
	for range 10 {
		f.reserve(t, at, counter(key, stopping))
	}
	must(t, f.LockAccount(t.Context(), []string{key}, user.ID, []auth.Event{auth.Guesser(auth.Client{}, auth.ChannelAPI).Event(noon, auth.ActionLocked).OnUser(user)}))
	return user
}

func (f fixture) isLocked(t testing.TB, userID int64) bool {
	t.Helper()
	account, err := f.Account(t.Context(), userID)
	must(t, err)
	return account.Locked
}

func (f fixture) unlock(t testing.TB, userID int64, account string) (unlocked bool) {
	t.Helper()
	must(t, f.Change(t.Context(), func(ctx context.Context, tx accounts.Tx) (err error) {
		unlocked, err = tx.Users.Unlock(ctx, userID, account)
		return err
	}))
	return unlocked
}

var locks = []contractTest{
	{"whose account is locked is told, with the event", func(t *testing.T, f fixture) {
		alice := f.locked(t, "alice@example.com", "alice.a")
		f.create(t, "bob@example.com")
		page, err := f.ListUsers(t.Context(), auth.ListParams{Filters: []auth.Filter{auth.Equal("locked", true)}, Size: 10})
		must(t, err)
		if len(page.Items) != 1 || page.Items[0].ID != alice.ID || !page.Items[0].Locked || page.Matches != 1 {
			t.Errorf("locked are %+v", page.Items)
		}
		if !f.isLocked(t, alice.ID) {
			t.Error("is not locked")
		}
		event, err := f.Event(t.Context(), 1)
		if err != nil || event.Action != auth.ActionLocked || event.TargetID != fmt.Sprint(alice.ID) {
			t.Errorf("the event is %+v, %v", event, err)
		}
	}},
	{"nobody's account is locked the same way", func(t *testing.T, f fixture) {
		for range 10 {
			f.reserve(t, at, counter("nobody.a", stopping))
		}
		must(t, f.LockAccount(t.Context(), []string{"nobody.a"}, 0, nil))
		if n := f.count(t, "SELECT count(*) FROM latchkey_attempt WHERE user_id IS NULL AND total = 10"); n != 1 {
			t.Errorf("%d rows", n)
		}
	}},
	{"an account that was unlocked meanwhile is not locked", func(t *testing.T, f fixture) {
		alice := f.create(t, "alice@example.com")
		f.reserve(t, at, counter("alice.a", stopping))
		must(t, f.LockAccount(t.Context(), []string{"alice.a"}, alice.ID, []auth.Event{{Action: auth.ActionLocked}}))
		if f.isLocked(t, alice.ID) {
			t.Error("is locked")
		}
		_, err := f.Event(t.Context(), 1)
		mustBe(t, err, auth.ErrNoRow)
	}},
	{"unlocking begins all counters of the account anew, and no other's", func(t *testing.T, f fixture) {
		alice, bob := f.locked(t, "alice@example.com", "alice.a"), f.locked(t, "bob@example.com", "bob.a")
		f.reserve(t, at, counter("alice.c", stopping), counter("alicf", stopping), counter("alice", stopping), counter("aliceb", stopping))
		if !f.unlock(t, alice.ID, "alice.") {
			t.Error("nothing was locked")
		}
		if got := f.counted(t, "alice.a", "alice.c"); len(got) != 0 {
			t.Errorf("counted are %v", got)
		}
		if got := f.counted(t, "alicf", "alice", "aliceb", "bob.a"); len(got) != 4 {
			t.Errorf("of others are counted %v", got)
		}
		if f.isLocked(t, alice.ID) {
			t.Error("is locked")
		}
		if !f.isLocked(t, bob.ID) {
			t.Error("another is unlocked")
		}
		if got := f.reserve(t, at, counter("alice.a", stopping)); len(got.Keys) != 1 || got.After {
			t.Errorf("then %+v", got)
		}
		if f.unlock(t, alice.ID, "alice~") {
			t.Error("is unlocked twice")
		}
	}},
	{"unlocking finds a lock by its user, where the account's key is another by now", func(t *testing.T, f fixture) {
		alice := f.locked(t, "alice@example.com", "alice.a")
		f.reserve(t, at, counter("alice.c", stopping), counter("alicia", stopping))
		if !f.unlock(t, alice.ID, "other.") || len(f.counted(t, "alice.a", "alice.c")) != 0 || len(f.counted(t, "alicia")) != 1 {
			t.Errorf("counted are %v", f.counted(t, "alice.a", "alice.c", "alicia"))
		}
	}},
	{"a login that forgives unlocks", func(t *testing.T, f fixture) {
		alice := f.locked(t, "alice@example.com", "alice.a")
		in := login(alice, "s1")
		in.Attempts = signin.Settlement{At: noon, Forgive: []string{"alice.a"}}
		f.begin(t, in)
		if f.isLocked(t, alice.ID) {
			t.Error("is locked")
		}
	}},
	{"of too many counters those with the fewest failures go first", func(t *testing.T, f fixture) {
		must(t, f.SettleAttempt(t.Context(), signin.Settlement{At: at, Remember: "known", Until: at.Add(time.Hour)}))
		for i := range 20 {
			for range 1 + i/5 {
				f.reserve(t, at.Add(time.Duration(i)*time.Second), counter(fmt.Sprintf("key%02d", i), stopping))
			}
		}
		for _, most := range []int{20, 12, 12} {
			_, err := f.TrimAttempts(t.Context(), most)
			must(t, err)
			if n := f.count(t, "SELECT count(*) FROM latchkey_attempt WHERE total > 0"); n != most {
				t.Errorf("%d are left, want %d", n, most)
			}
		}
		if got := f.counted(t, "key07", "key08", "key09", "key10", "key19"); len(got) != 4 || got["key07"] != 0 {
			t.Errorf("counted are %v", got)
		}
		if n := f.count(t, "SELECT count(*) FROM latchkey_attempt WHERE key = 'known'"); n != 1 {
			t.Error("a network that is known was forgotten")
		}
	}},
}
