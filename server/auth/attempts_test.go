package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func from(address string, in Credentials) Credentials {
	in.Client.Address = address
	return in
}

func wrong(in Credentials) Credentials {
	in.Password = "a wrong guess"
	return in
}

func (w *world) mustRefuse(t *testing.T, in Credentials, want Code) *Error {
	t.Helper()
	_, err := w.Login(t.Context(), in)
	if ErrorCode(err) != want {
		t.Fatalf("answers %v, want %s", err, want)
	}
	var refusal *Error
	errors.As(err, &refusal)
	return refusal
}

func (w *world) mustLogin(t *testing.T, in Credentials) TokenGrant {
	t.Helper()
	grant, err := w.Login(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return grant
}

func TestOneClientHasTenAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice())
	for range maxAttemptsPerClient {
		w.mustRefuse(t, wrong(aliceLogin()), CodeInvalidCredentials)
	}
	checked := len(w.passwords.checks)
	refusal := w.mustRefuse(t, aliceLogin(), CodeTooManyAttempts)
	if len(w.passwords.checks) != checked {
		t.Error("a password was checked beyond the limit")
	}
	if passed := w.clock.Now().Sub(noon); refusal.RetryAfter != attemptWindow-passed {
		t.Errorf("to be tried again in %v, and the window ends in %v", refusal.RetryAfter, attemptWindow-passed)
	}
	if want := "Try again in 15 minutes."; !strings.Contains(refusal.Detail, want) {
		t.Errorf("says %q, want %q", refusal.Detail, want)
	}
	w.mustLogin(t, from("192.0.2.2", aliceLogin()))
}

func TestAClientsFailuresForOneAddressAreNotCountedForAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice(), User{ID: 2, Email: "bob@example.com", Password: "current$builder", IsActive: true})
	for range maxAttemptsPerClient {
		w.mustRefuse(t, wrong(aliceLogin()), CodeInvalidCredentials)
	}
	bob := aliceLogin() // from behind the same NAT
	bob.Email, bob.Password = "bob@example.com", "builder"
	w.mustLogin(t, bob)
}

func TestAllClientsTogetherHaveAHundredAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice())
	for i := range maxAttemptsPerUser {
		w.mustRefuse(t, from(fmt.Sprintf("2001:db8:0:%x::1", i), wrong(aliceLogin())), CodeInvalidCredentials)
	}
	w.mustRefuse(t, from("192.0.2.99", aliceLogin()), CodeTooManyAttempts)
	other := aliceLogin()
	other.Email = "bob@example.com"
	w.mustRefuse(t, other, CodeInvalidCredentials) // nobody's, and not limited
}

func TestTheLimitEndsWithItsWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice())
	w.mustRefuse(t, wrong(aliceLogin()), CodeInvalidCredentials)
	for range maxAttemptsPerClient - 1 {
		w.clock.advance(time.Minute)
		w.mustRefuse(t, wrong(aliceLogin()), CodeInvalidCredentials)
	}
	w.clock.now = noon.Add(attemptWindow - time.Microsecond)
	if got := w.mustRefuse(t, aliceLogin(), CodeTooManyAttempts).RetryAfter; got != time.Second {
		t.Errorf("to be tried again in %v: less than a second cannot be said in a header", got)
	}
	w.clock.now = noon.Add(attemptWindow)
	w.mustRefuse(t, wrong(aliceLogin()), CodeInvalidCredentials)
	w.mustLogin(t, aliceLogin())
}

func TestWhatIsRefusedBeyondTheLimitIsNotCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice())
	for range maxAttemptsPerClient {
		w.mustRefuse(t, wrong(aliceLogin()), CodeInvalidCredentials)
	}
	for range 2 * maxAttemptsPerUser {
		w.mustRefuse(t, wrong(aliceLogin()), CodeTooManyAttempts)
	}
	w.mustLogin(t, from("192.0.2.2", aliceLogin())) // a stranger cannot lock the owner out
}

func TestASuccessForgetsTheFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice())
	for range 3 {
		for range maxAttemptsPerClient - 1 {
			w.mustRefuse(t, wrong(aliceLogin()), CodeInvalidCredentials)
		}
		w.mustLogin(t, aliceLogin())
		if len(w.store.attempts) != 0 {
			t.Fatalf("%d counts are left", len(w.store.attempts))
		}
	}
}

func TestAttemptsAreCountedForTheAddressInEveryForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, User{Email: "müller@example.com", Password: "current$secret", IsActive: true})
	spellings := []string{"müller@example.com", "MÜLLER@example.com", "Mu\u0308ller@EXAMPLE.com"}
	for i := range maxAttemptsPerClient {
		w.mustRefuse(t, Credentials{Email: spellings[i%3], Password: "wrong"}, CodeInvalidCredentials)
	}
	for _, spelling := range spellings {
		w.mustRefuse(t, Credentials{Email: spelling, Password: "secret"}, CodeTooManyAttempts)
	}
}

func TestAttemptsAreCountedForAddressesThatNobodyHas(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"", "nobody@example.com", "no\x00body", strings.Repeat("a", 10_000), "\xff"} {
		w := newWorld(t, alice())
		for range maxAttemptsPerClient {
			w.mustRefuse(t, Credentials{Email: email, Password: "guess"}, CodeInvalidCredentials)
		}
		w.mustRefuse(t, Credentials{Email: email, Password: "guess"}, CodeTooManyAttempts)
	}
}

// People type passwords into the e-mail field.
func TestTheKeysOfAttemptsTellNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice())
	w.mustRefuse(t, Credentials{Email: "hunter2hunter2", Client: Client{Address: "192.0.2.1"}}, CodeInvalidCredentials)
	for key := range w.store.attempts {
		if len(key) != 64 || strings.Trim(key, "0123456789abcdef") != "" {
			t.Errorf("%q is not a MAC in hex", key)
		}
	}
	seen := map[string]bool{}
	for _, parts := range [][]string{{"abc"}, {"ab", "c"}, {"a", "bc"}, {"a", "b", "c"}, {"a:b", "c"}, {"a0b", "c"}, {"a", "0b", "c"}, {"a1:b1:c"}, {"a\x00b", "c"}, {"", "abc"}, {"abc", ""}} {
		key := w.attemptKey(parts...)
		if seen[key] {
			t.Errorf("the key of %q is that of other parts", parts)
		}
		seen[key] = true
	}
	other := newWorld(t)
	other.cfg.AttemptKey = []byte("another key")
	if w.attemptKey("user", "x") == other.attemptKey("user", "x") {
		t.Error("keys do not depend on the secret")
	}
}

func TestAFailureCountsThoughTheClientHungUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice())
	w.store.onCount = func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("counting may take forever")
		}
		return ctx.Err()
	}
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	if _, err := w.Login(ctx, wrong(aliceLogin())); ErrorCode(err) != CodeInvalidCredentials {
		t.Fatalf("answers %v", err)
	}
	if len(w.store.attempts) != 2 {
		t.Errorf("counted under %d keys, want 2", len(w.store.attempts))
	}
}

// Else whoever can fill the disk can guess without an end: what is read still
// works then, and what is written does not.
func TestAFailureThatCannotBeCountedDoesNotTellWhatWasWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, alice())
	w.store.countErr = Unavailable(errors.New("the disk is full"))
	_, err := w.Login(t.Context(), wrong(aliceLogin()))
	if !errors.Is(err, w.store.countErr) {
		t.Errorf("the log does not learn of it: %v", err)
	}
	if got := ErrorCode(err); got == CodeInvalidCredentials {
		t.Errorf("answers %s: the guess was checked, and not counted", got)
	}
}

func TestTheWaitInWords(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Second: "a minute", time.Minute: "a minute", time.Minute + 1: "2 minutes",
		14*time.Minute + 59*time.Second: "15 minutes", 15 * time.Minute: "15 minutes",
	} {
		if got := inWords(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
