package signin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

var limits = authtest.Limits

func from(address string, in signin.Credentials) signin.Credentials {
	in.Client.Address = address
	return in
}

func to(email string, in signin.Credentials) signin.Credentials {
	in.Email = email
	return in
}

// stranger returns the address of one of many networks.
func stranger(i int) string { return fmt.Sprintf("2001:db8:0:%x::1", i) }

var wrong = authtest.Wrong(authtest.AliceLogin())

// mustFail fails so many logins, each after the wait that the one before has led to.
func (w *world) mustFail(t *testing.T, times int, in signin.Credentials) {
	t.Helper()
	for range times {
		w.mustFailOnce(t, in)
	}
}

func (w *world) mustFailOnce(t *testing.T, in signin.Credentials) {
	t.Helper()
	for {
		_, err := w.Login(t.Context(), in)
		refusal, named := errors.AsType[*auth.Error](err)
		switch {
		case named && refusal.Code == auth.CodeInvalidCredentials:
			return
		case named && refusal.Code == auth.CodeTooManyAttempts && refusal.RetryAfter <= limits.MaxWait:
			w.Clock.Advance(refusal.RetryAfter)
		default:
			t.Fatalf("answers %v", err)
		}
	}
}

// ASVS 6.3.1
func TestAClientWaitsLongerAfterEachFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.mustFail(t, limits.PerClient, wrong)
	for _, minutes := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		checked := len(w.Passwords.Checks)
		refusal := w.MustRefuse(t, authtest.AliceLogin(), auth.CodeTooManyAttempts)
		if len(w.Passwords.Checks) != checked {
			t.Error("a password was checked beyond the limit")
		}
		if wait := minutes * time.Minute; refusal.RetryAfter > wait || refusal.RetryAfter < wait-5*time.Second {
			t.Errorf("to be tried again in %v, want %v", refusal.RetryAfter, wait)
		}
		w.Clock.Advance(refusal.RetryAfter)
		w.MustRefuse(t, wrong, auth.CodeInvalidCredentials)
	}
	w.MustLogin(t, from("192.0.2.2", authtest.AliceLogin()))
}

func TestAClientsFailuresForOneAddressAreNotCountedForAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice(), auth.User{ID: 2, Email: "bob@example.com", Password: "current$wonderland", IsActive: true})
	w.mustFail(t, limits.PerClient, wrong)
	w.MustLogin(t, to("bob@example.com", authtest.AliceLogin())) // from behind the same NAT
}

// ASVS 6.3.1
func TestAllNetworksTogetherWaitToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	for i := range limits.PerAccount {
		w.MustRefuse(t, from(stranger(i), wrong), auth.CodeInvalidCredentials)
	}
	for i := range 6 {
		refusal := w.MustRefuse(t, from(stranger(100+i), authtest.AliceLogin()), auth.CodeTooManyAttempts)
		if want := min(time.Minute<<i, limits.AccountMaxWait); refusal.RetryAfter > want || refusal.RetryAfter < want-5*time.Second {
			t.Errorf("wait %d is %v, want %v", i, refusal.RetryAfter, want)
		}
		w.Clock.Advance(refusal.RetryAfter)
		w.MustRefuse(t, from(stranger(200+i), wrong), auth.CodeInvalidCredentials)
	}
	w.MustRefuse(t, from(stranger(0), to("bob@example.com", wrong)), auth.CodeInvalidCredentials) // nobody's, and not limited
}

// ASVS 6.3.1
func TestANetworkThatTriesManyAccountsWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	spray := func(i int) signin.Credentials {
		return from("203.0.113.7", to(fmt.Sprintf("person%d@example.com", i), wrong))
	}
	for i := range limits.PerNetwork {
		w.MustRefuse(t, spray(i), auth.CodeInvalidCredentials)
	}
	refusal := w.MustRefuse(t, from("203.0.113.7", authtest.AliceLogin()), auth.CodeTooManyAttempts)
	if refusal.RetryAfter > time.Minute {
		t.Errorf("waits %v", refusal.RetryAfter)
	}
	w.MustLogin(t, from("203.0.113.8", authtest.AliceLogin()))
	w.Clock.Advance(time.Hour)
	w.MustLogin(t, from("203.0.113.7", authtest.AliceLogin()))
}

// One of one's own accounts must not pay for guessing at others.
// ASVS 6.3.1
func TestASuccessForgivesNoNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	failures := 0
	for i := range 2 * limits.PerNetwork {
		_, err := w.Login(t.Context(), to(fmt.Sprintf("person%d@example.com", i), wrong))
		if auth.ErrorCode(err) != auth.CodeInvalidCredentials {
			break
		}
		if failures++; failures%3 == 0 && failures < limits.PerNetwork {
			w.MustLogin(t, authtest.AliceLogin())
		}
	}
	if failures != limits.PerNetwork {
		t.Errorf("%d guesses, want %d", failures, limits.PerNetwork)
	}
}

func TestLoginsOfAnOfficeAreNoFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	for range 3 * limits.PerNetwork {
		w.MustLogin(t, authtest.AliceLogin())
	}
}

func TestNoLimitPerNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	unlimited := limits
	unlimited.PerNetwork = 0
	w.SetLimits(unlimited)
	for i := range 2 * limits.PerNetwork {
		w.MustRefuse(t, to(fmt.Sprintf("person%d@example.com", i), wrong), auth.CodeInvalidCredentials)
	}
}

// ASVS 6.3.1
func TestAHundredFailuresLockAnAccount(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{"that somebody has": true, "that nobody has": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if known {
				w = newWorld(t, authtest.Alice())
			}
			began := w.Clock.At
			for i := range limits.UntilLocked {
				w.mustFailOnce(t, from(stranger(i), wrong))
			}
			if took := w.Clock.At.Sub(began); took < 12*time.Hour {
				t.Errorf("whoever wants an account locked has it after %v", took)
			}
			w.Clock.Advance(200 * 24 * time.Hour)
			refusal := w.MustRefuse(t, from(stranger(999), authtest.AliceLogin()), auth.CodeTooManyAttempts)
			if refusal.RetryAfter != 24*time.Hour || !strings.Contains(refusal.Detail, "ask an administrator") {
				t.Errorf("answers %q, and %v", refusal.Detail, refusal.RetryAfter)
			}
			var told string
			if known {
				told = "unknown locked user alice@example.com\n"
			}
			if len(w.Store.LockedFor) != 1 || (w.Store.LockedFor[0] != 0) != known || authtest.Told(w.Store.Events) != told {
				t.Errorf("locked for %v, and told %q", w.Store.LockedFor, authtest.Told(w.Store.Events))
			}
		})
	}
}

func TestALockThatCannotBeNotedLocksAllTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.Store.LockErr = auth.Unavailable(errors.New("gone"))
	for i := range limits.UntilLocked {
		w.mustFailOnce(t, from(stranger(i), wrong))
	}
	w.MustRefuse(t, from(stranger(999), wrong), auth.CodeTooManyAttempts)
}

func TestWaitsBeginAnewAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.mustFail(t, limits.PerClient+3, wrong)
	w.Clock.Advance(24 * time.Hour)
	for range limits.PerClient {
		w.MustRefuse(t, wrong, auth.CodeInvalidCredentials)
	}
	if got := w.MustRefuse(t, wrong, auth.CodeTooManyAttempts).RetryAfter; got > time.Minute {
		t.Errorf("waits %v", got)
	}
}

// ASVS 6.3.1
func TestWhatIsRefusedBeyondTheLimitIsNotCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.mustFail(t, limits.PerClient, wrong)
	for range 2 * limits.UntilLocked {
		w.MustRefuse(t, wrong, auth.CodeTooManyAttempts)
	}
	w.MustLogin(t, from("192.0.2.2", authtest.AliceLogin()))
}

func TestASuccessForgetsTheFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	for i := range 3 {
		for range limits.PerClient - 1 {
			w.MustRefuse(t, from(stranger(i), wrong), auth.CodeInvalidCredentials)
		}
		w.MustLogin(t, from(stranger(i), authtest.AliceLogin()))
	}
	for i := range limits.PerAccount {
		w.MustRefuse(t, from(stranger(10+i), wrong), auth.CodeInvalidCredentials)
	}
}

// Whoever owns a twin, an address that differs in letter case alone, could reset the
// counter of the other without end.
// ASVS 6.3.1
func TestASuccessForgivesNoTwin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice(), auth.User{ID: 2, Email: "Alice@example.com", Password: "current$mine", IsActive: true})
	w.Store.Exact = true
	mine := from("203.0.113.7", signin.Credentials{Email: "Alice@example.com", Password: "mine"})
	guess := from("203.0.113.7", wrong)
	for range limits.PerClient - 1 {
		w.MustRefuse(t, guess, auth.CodeInvalidCredentials)
		w.MustLogin(t, mine)
	}
	w.MustRefuse(t, guess, auth.CodeInvalidCredentials)
	w.MustRefuse(t, guess, auth.CodeTooManyAttempts)
}

// ASVS 6.3.1
func TestANetworkThatAUserCameFromCountsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.MustLogin(t, authtest.AliceLogin())
	for i := range limits.UntilLocked {
		w.mustFailOnce(t, from(stranger(i), wrong))
	}
	w.Clock.At = authtest.Noon.Add(limits.NetworkLifetime - time.Second)
	w.MustLogin(t, authtest.AliceLogin())
	w.Clock.Advance(limits.NetworkLifetime)
	w.MustRefuse(t, authtest.AliceLogin(), auth.CodeTooManyAttempts)
}

// ASVS 6.3.1
func TestANetworkThatIsKnownIsLimitedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.MustLogin(t, authtest.AliceLogin())
	for range limits.PerClient {
		w.MustRefuse(t, wrong, auth.CodeInvalidCredentials)
	}
	w.MustRefuse(t, authtest.AliceLogin(), auth.CodeTooManyAttempts)
	w.MustLogin(t, from("192.0.2.2", authtest.AliceLogin())) // strangers have not failed
	w.mustFail(t, limits.UntilLocked-limits.PerClient, wrong)
	w.Clock.Advance(24 * time.Hour)
	if got := w.MustRefuse(t, authtest.AliceLogin(), auth.CodeTooManyAttempts).RetryAfter; got != 24*time.Hour {
		t.Errorf("after a hundred it waits %v", got)
	}
}

// ASVS 6.3.1
func TestAttemptsAreCountedForTheAddressInEveryForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, auth.User{Email: "müller@example.com", Password: "current$secret", IsActive: true})
	spellings := []string{"müller@example.com", "MÜLLER@example.com", "Mu\u0308ller@EXAMPLE.com"}
	for i := range limits.PerClient {
		w.MustRefuse(t, signin.Credentials{Email: spellings[i%3], Password: "wrong"}, auth.CodeInvalidCredentials)
	}
	for _, spelling := range spellings {
		w.MustRefuse(t, signin.Credentials{Email: spelling, Password: "secret"}, auth.CodeTooManyAttempts)
	}
}

// ASVS 6.3.8
func TestAttemptsAreCountedForAddressesThatNobodyHas(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"", "nobody@example.com", "no\x00body", strings.Repeat("a", 10_000), "\xff"} {
		w := newWorld(t, authtest.Alice())
		for range limits.PerClient {
			w.MustRefuse(t, signin.Credentials{Email: email, Password: "guess"}, auth.CodeInvalidCredentials)
		}
		w.MustRefuse(t, signin.Credentials{Email: email, Password: "guess"}, auth.CodeTooManyAttempts)
	}
}

// People type passwords into the e-mail field.
// ASVS 6.3.8
func TestTheKeysOfAttemptsTellNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.MustRefuse(t, signin.Credentials{Email: "hunter2hunter2", Client: auth.Client{Address: "192.0.2.1"}}, auth.CodeInvalidCredentials)
	for key := range w.Store.Attempts {
		if len(key) > 33 || strings.Contains(key, "hunter") || strings.Contains(key, "192") {
			t.Errorf("%q tells something", key)
		}
	}
	seen := map[string]bool{}
	for _, parts := range [][]string{{"abc"}, {"ab", "c"}, {"a", "bc"}, {"a", "b", "c"}, {"a:b", "c"}, {"a0b", "c"}, {"a", "0b", "c"}, {"a1:b1:c"}, {"a\x00b", "c"}, {"", "abc"}, {"abc", ""}} {
		key := w.MAC(parts...)
		if seen[key] {
			t.Errorf("the key of %q is that of other parts", parts)
		}
		seen[key] = true
	}
	other := newWorld(t)
	other.SetAttemptKey([]byte("another key"))
	if w.AccountKey("x") == other.AccountKey("x") {
		t.Error("keys do not depend on the secret")
	}
}

// ASVS 6.3.1
func TestAnAttemptStaysCountedThoughTheClientHungUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	ctx, hangUp := context.WithCancel(t.Context())
	w.Store.OnCount = func(context.Context) error { hangUp(); return nil }
	w.Passwords.Err = context.Canceled // the pool gives up on who is gone
	if _, err := w.Login(ctx, wrong); !errors.Is(err, context.Canceled) {
		t.Fatalf("answers %v", err)
	}
	if got := w.totals(); !slices.Equal(got, []int{1, 1, 1}) {
		t.Errorf("counted are %v", got)
	}
}

// totals returns the failures that are counted, of every counter that has any.
func (w *world) totals() []int {
	var all []int
	for _, row := range w.Store.Attempts {
		if row.Total > 0 {
			all = append(all, row.Total)
		}
	}
	return all
}

// Eight browsers that sign in as one user at the same moment wait for each other: what
// fills the counter may be right passwords.
func TestAttemptsThatAreBeingCheckedAreWaitedFor(t *testing.T) {
	t.Parallel()
	f := signin.NewInFlight()
	keys := []string{"a", "b"}
	if f.Among(keys) != nil {
		t.Error("there are attempts")
	}
	f.Begin([]string{"b", "c"})
	f.Begin([]string{"b"})
	done := f.Among(keys)
	f.End([]string{"b", "c"})
	select {
	case <-done:
		t.Error("one has not ended")
	default:
	}
	f.End([]string{"b"})
	<-done
	if f.Among(keys) != nil || f.Among([]string{"c"}) != nil {
		t.Error("there are attempts still")
	}
	f.End([]string{"b"}) // nothing
}

// Whoever has to wait is told so at once, though others of the network are signing in: an
// office does all day, and each who waited for it would hold a place before the pool.
func TestWhoeverIsRefusedDoesNotWaitForOthersOfTheNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.mustFail(t, limits.PerClient, to("bob@example.com", wrong))
	gone, hangUp := context.WithCancel(t.Context())
	hangUp() // or it would wait for the login that it is a part of
	asked := false
	w.Store.OnBegin = func(signin.NewSession) error {
		asked = true
		if _, err := w.Login(gone, to("bob@example.com", wrong)); auth.ErrorCode(err) != auth.CodeTooManyAttempts {
			t.Errorf("answers %v", err)
		}
		return nil
	}
	w.MustLogin(t, authtest.AliceLogin())
	if !asked {
		t.Error("nobody asked")
	}
}

// ASVS 6.3.1
func TestEveryAttemptComesToAnEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.MustLogin(t, authtest.AliceLogin())
	w.MustRefuse(t, wrong, auth.CodeInvalidCredentials)
	w.Passwords.Err = auth.Busy(errors.New("full"))
	w.MustRefuse(t, wrong, auth.CodeBusy)
	if n := w.InFlight(); n != 0 {
		t.Errorf("%d counters are waited for, for ever", n)
	}
}

func TestAnAttemptWhosePasswordWasNotCheckedIsNone(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(w *world){
		"the pool is full": func(w *world) { w.Passwords.Err = auth.Busy(errors.New("full")) },
		"the database goes away": func(w *world) {
			w.Store.OnCount = func(context.Context) error { w.Store.Err = auth.Unavailable(errors.New("gone")); return nil }
		},
		"no session can begin": func(w *world) {
			w.Store.OnBegin = func(signin.NewSession) error { return auth.Unavailable(errors.New("gone")) }
		},
		"and that cannot be noted, alas": func(w *world) { w.Passwords.Err, w.Store.SettleErr = auth.Busy(errors.New("full")), errors.New("gone") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, authtest.Alice())
			arrange(w)
			if _, err := w.Login(t.Context(), authtest.AliceLogin()); auth.ErrorCode(err) != auth.CodeBusy && auth.ErrorCode(err) != auth.CodeUnavailable {
				t.Fatalf("answers %v", err)
			}
			if got := w.totals(); len(got) > 0 {
				t.Errorf("counted are %v", got)
			}
		})
	}
}

// Else whoever can fill the disk can guess without an end: what is read still
// works then, and what is written does not.
func TestAnAttemptThatCannotBeCountedIsNotMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.Store.CountErr = auth.Unavailable(errors.New("the disk is full"))
	_, err := w.Login(t.Context(), wrong)
	if !errors.Is(err, w.Store.CountErr) || len(w.Passwords.Checks) > 0 {
		t.Errorf("answers %v after checking %v", err, w.Passwords.Checks)
	}
}

func TestTheWaitInWords(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Second: "a minute", time.Minute: "a minute", time.Minute + 1: "2 minutes",
		14*time.Minute + 59*time.Second: "15 minutes", 15 * time.Minute: "15 minutes", time.Hour: "an hour",
	} {
		if got := signin.InWords(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
