package signin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

func from(address string, in signin.Credentials) signin.Credentials {
	in.Client.Address = address
	return in
}

// ASVS 6.3.1
func TestOneClientHasTenAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	for range signin.MaxAttemptsPerClient {
		w.MustRefuse(t, authtest.Wrong(authtest.AliceLogin()), auth.CodeInvalidCredentials)
	}
	checked := len(w.Passwords.Checks)
	refusal := w.MustRefuse(t, authtest.AliceLogin(), auth.CodeTooManyAttempts)
	if len(w.Passwords.Checks) != checked {
		t.Error("a password was checked beyond the limit")
	}
	if passed := w.Clock.Now().Sub(authtest.Noon); refusal.RetryAfter != signin.AttemptWindow-passed {
		t.Errorf("to be tried again in %v, and the window ends in %v", refusal.RetryAfter, signin.AttemptWindow-passed)
	}
	if want := "Try again in 15 minutes."; !strings.Contains(refusal.Detail, want) {
		t.Errorf("says %q, want %q", refusal.Detail, want)
	}
	w.MustLogin(t, from("192.0.2.2", authtest.AliceLogin()))
}

func TestAClientsFailuresForOneAddressAreNotCountedForAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice(), auth.User{ID: 2, Email: "bob@example.com", Password: "current$builder", IsActive: true})
	for range signin.MaxAttemptsPerClient {
		w.MustRefuse(t, authtest.Wrong(authtest.AliceLogin()), auth.CodeInvalidCredentials)
	}
	bob := authtest.AliceLogin() // from behind the same NAT
	bob.Email, bob.Password = "bob@example.com", "builder"
	w.MustLogin(t, bob)
}

// ASVS 6.3.1
func TestAllClientsTogetherHaveAHundredAttempts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	for i := range signin.MaxAttemptsPerUser {
		w.MustRefuse(t, from(fmt.Sprintf("2001:db8:0:%x::1", i), authtest.Wrong(authtest.AliceLogin())), auth.CodeInvalidCredentials)
	}
	w.MustRefuse(t, from("192.0.2.99", authtest.AliceLogin()), auth.CodeTooManyAttempts)
	other := authtest.AliceLogin()
	other.Email = "bob@example.com"
	w.MustRefuse(t, other, auth.CodeInvalidCredentials) // nobody's, and not limited
}

func TestTheLimitEndsWithItsWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.MustRefuse(t, authtest.Wrong(authtest.AliceLogin()), auth.CodeInvalidCredentials)
	for range signin.MaxAttemptsPerClient - 1 {
		w.Clock.Advance(time.Minute)
		w.MustRefuse(t, authtest.Wrong(authtest.AliceLogin()), auth.CodeInvalidCredentials)
	}
	w.Clock.At = authtest.Noon.Add(signin.AttemptWindow - time.Microsecond)
	if got := w.MustRefuse(t, authtest.AliceLogin(), auth.CodeTooManyAttempts).RetryAfter; got != time.Second {
		t.Errorf("to be tried again in %v: less than a second cannot be said in a header", got)
	}
	w.Clock.At = authtest.Noon.Add(signin.AttemptWindow)
	w.MustRefuse(t, authtest.Wrong(authtest.AliceLogin()), auth.CodeInvalidCredentials)
	w.MustLogin(t, authtest.AliceLogin())
}

func TestWhatIsRefusedBeyondTheLimitIsNotCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	for range signin.MaxAttemptsPerClient {
		w.MustRefuse(t, authtest.Wrong(authtest.AliceLogin()), auth.CodeInvalidCredentials)
	}
	for range 2 * signin.MaxAttemptsPerUser {
		w.MustRefuse(t, authtest.Wrong(authtest.AliceLogin()), auth.CodeTooManyAttempts)
	}
	w.MustLogin(t, from("192.0.2.2", authtest.AliceLogin())) // a stranger cannot lock the owner out
}

func TestASuccessForgetsTheFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	for range 3 {
		for range signin.MaxAttemptsPerClient - 1 {
			w.MustRefuse(t, authtest.Wrong(authtest.AliceLogin()), auth.CodeInvalidCredentials)
		}
		w.MustLogin(t, authtest.AliceLogin())
		if len(w.Store.Attempts) != 0 {
			t.Fatalf("%d counts are left", len(w.Store.Attempts))
		}
	}
}

func TestAttemptsAreCountedForTheAddressInEveryForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, auth.User{Email: "müller@example.com", Password: "current$secret", IsActive: true})
	spellings := []string{"müller@example.com", "MÜLLER@example.com", "Mu\u0308ller@EXAMPLE.com"}
	for i := range signin.MaxAttemptsPerClient {
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
		for range signin.MaxAttemptsPerClient {
			w.MustRefuse(t, signin.Credentials{Email: email, Password: "guess"}, auth.CodeInvalidCredentials)
		}
		w.MustRefuse(t, signin.Credentials{Email: email, Password: "guess"}, auth.CodeTooManyAttempts)
	}
}

// People type passwords into the e-mail field.
func TestTheKeysOfAttemptsTellNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.MustRefuse(t, signin.Credentials{Email: "hunter2hunter2", Client: auth.Client{Address: "192.0.2.1"}}, auth.CodeInvalidCredentials)
	for key := range w.Store.Attempts {
		if len(key) != 64 || strings.Trim(key, "0123456789abcdef") != "" {
			t.Errorf("%q is not a MAC in hex", key)
		}
	}
	seen := map[string]bool{}
	for _, parts := range [][]string{{"abc"}, {"ab", "c"}, {"a", "bc"}, {"a", "b", "c"}, {"a:b", "c"}, {"a0b", "c"}, {"a", "0b", "c"}, {"a1:b1:c"}, {"a\x00b", "c"}, {"", "abc"}, {"abc", ""}} {
		key := w.AttemptKey(parts...)
		if seen[key] {
			t.Errorf("the key of %q is that of other parts", parts)
		}
		seen[key] = true
	}
	other := newWorld(t)
	other.SetAttemptKey([]byte("another key"))
	if w.AttemptKey("user", "x") == other.AttemptKey("user", "x") {
		t.Error("keys do not depend on the secret")
	}
}

func TestAFailureCountsThoughTheClientHungUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.Store.OnCount = func(ctx context.Context) error {
		if _, bounded := ctx.Deadline(); !bounded {
			t.Error("counting may take forever")
		}
		return ctx.Err()
	}
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	if _, err := w.Login(ctx, authtest.Wrong(authtest.AliceLogin())); auth.ErrorCode(err) != auth.CodeInvalidCredentials {
		t.Fatalf("answers %v", err)
	}
	if len(w.Store.Attempts) != 2 {
		t.Errorf("counted under %d keys, want 2", len(w.Store.Attempts))
	}
}

// Else whoever can fill the disk can guess without an end: what is read still
// works then, and what is written does not.
func TestAFailureThatCannotBeCountedDoesNotTellWhatWasWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	w.Store.CountErr = auth.Unavailable(errors.New("the disk is full"))
	_, err := w.Login(t.Context(), authtest.Wrong(authtest.AliceLogin()))
	if !errors.Is(err, w.Store.CountErr) {
		t.Errorf("the log does not learn of it: %v", err)
	}
	if got := auth.ErrorCode(err); got == auth.CodeInvalidCredentials {
		t.Errorf("answers %s: the guess was checked, and not counted", got)
	}
}

func TestTheWaitInWords(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Second: "a minute", time.Minute: "a minute", time.Minute + 1: "2 minutes",
		14*time.Minute + 59*time.Second: "15 minutes", 15 * time.Minute: "15 minutes",
	} {
		if got := signin.InWords(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
