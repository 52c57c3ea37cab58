package signin_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// The kinds in the database of these tests, and what each takes to check.
const (
	currentTakes = 40 * time.Millisecond
	weakTakes    = time.Millisecond
	slowTakes    = 150 * time.Millisecond
	// measuredMinTime is twice the slowest.
	measuredMinTime = 300 * time.Millisecond
)

func newGuessedAtWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t,
		authtest.Alice(),
		auth.User{Email: "weak@example.com", Password: "weak$secret", IsActive: true},
		auth.User{Email: "slow@example.com", Password: "slow$secret", IsActive: true},
		auth.User{Email: "stronger@example.com", Password: "stronger$secret", IsActive: true},
		auth.User{Email: "inactive@example.com", Password: "slow$secret"},
		auth.User{Email: "unusable@example.com", Password: "!no$password", IsActive: true},
		auth.User{Email: "broken@example.com", Password: "broken$secret", IsActive: true},
		auth.User{Email: "empty@example.com", IsActive: true},
	)
	w.Passwords.Takes = map[string]time.Duration{"current": currentTakes, "weak": weakTakes, "slow": slowTakes, "stronger": slowTakes}
	w.Store.Samples = []string{"weak$a", "slow$b", "stronger$c"}
	return w
}

// ASVS 6.3.8
func TestEveryRefusalIsTheSameAndTakesTheSameTime(t *testing.T) {
	t.Parallel()
	var first error
	for name, in := range map[string]signin.Credentials{
		"a wrong password":                     {Email: "alice@example.com", Password: "wrong"},
		"a wrong password of a weak kind":      {Email: "weak@example.com", Password: "wrong"},
		"a wrong password of a slow kind":      {Email: "slow@example.com", Password: "wrong"},
		"a wrong password of a stronger kind":  {Email: "stronger@example.com", Password: "wrong"},
		"no password":                          {Email: "alice@example.com"},
		"an unknown address":                   {Email: "nobody@example.com", Password: "wonderland"},
		"no address":                           {Password: "wonderland"},
		"an inactive user's wrong password":    {Email: "inactive@example.com", Password: "wrong"},
		"an inactive user's right password":    {Email: "inactive@example.com", Password: "secret"},
		"an unusable password":                 {Email: "unusable@example.com", Password: "secret"},
		"an unusable password, as it is kept":  {Email: "unusable@example.com", Password: "no$password"},
		"a password that cannot be decoded":    {Email: "broken@example.com", Password: "secret"},
		"a user whose password is empty":       {Email: "empty@example.com"},
		"the dummy's own text":                 {Email: "nobody@example.com", Password: "\x00nothing"},
		"an address with a NUL":                {Email: "alice@example.com\x00", Password: "wonderland"},
		"an address that is not UTF-8":         {Email: "alice\xff@example.com", Password: "wonderland"},
		"an address longer than Django allows": {Email: strings.Repeat("a", auth.MaxEmailLength) + "@example.com", Password: "wonderland"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newGuessedAtWorld(t)
			if err := w.MeasureHashes(t.Context()); err != nil {
				t.Fatal(err)
			}
			began := w.Clock.Now()
			_, err := w.Login(t.Context(), in)
			if took := w.Clock.Now().Sub(began); took != measuredMinTime {
				t.Errorf("took %v, want %v", took, measuredMinTime)
			}
			var refusal *auth.Error
			if !errors.As(err, &refusal) || refusal.Code != auth.CodeInvalidCredentials {
				t.Fatalf("answers %v", err)
			}
			if first == nil {
				first = refusal
			}
			var other *auth.Error
			if errors.As(first, &other); refusal.Detail != other.Detail || refusal.RetryAfter != other.RetryAfter || len(refusal.Fields) > 0 {
				t.Errorf("answers %+v and elsewhere %+v", refusal, other)
			}
			if len(w.Store.Attempts) != 3 {
				t.Errorf("counted under %d keys, want the account, the client and the network", len(w.Store.Attempts))
			}
		})
	}
}

func TestARightLoginIsNotHeld(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	began := w.Clock.Now()
	if _, err := w.Login(t.Context(), authtest.AliceLogin()); err != nil {
		t.Fatal(err)
	}
	if took := w.Clock.Now().Sub(began); took != currentTakes {
		t.Errorf("took %v, want the %v of the check alone", took, currentTakes)
	}
}

func TestWhatIsNoRefusalIsNotHeld(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fail func(w *world)
		code auth.Code
	}{
		"a store that cannot be reached": {func(w *world) { w.Store.Err = auth.Unavailable(errors.New("gone")) }, auth.CodeUnavailable},
		"a line that is full":            {func(w *world) { w.Passwords.Full = auth.Busy(errors.New("full")) }, auth.CodeBusy},
		"a place that is not to be had":  {func(w *world) { w.Passwords.Err = auth.Busy(errors.New("full")) }, auth.CodeBusy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newGuessedAtWorld(t)
			test.fail(w)
			_, err := w.Login(t.Context(), authtest.AliceLogin())
			if auth.ErrorCode(err) != test.code || w.Clock.Now() != authtest.Noon || len(w.totals()) != 0 {
				t.Errorf("answers %v after %v, with %v counted", err, w.Clock.Now().Sub(authtest.Noon), w.totals())
			}
		})
	}
}

func TestHowLongARefusalIsHeld(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arrange func(w *world)
		want    time.Duration
	}{
		"until the kinds are measured, for a first guess": {
			func(*world) {}, signin.InitialMinTime,
		},
		"once measured, for twice the slowest kind, though that is less": {
			func(w *world) {
				w.Store.Samples = []string{"weak$a"}
				_ = w.MeasureHashes(t.Context())
			}, 2 * currentTakes,
		},
		"after a kind that nobody had when they were measured, for twice that": {
			func(w *world) {
				w.Store.Samples = nil
				_ = w.MeasureHashes(t.Context())
				w.guess(t.Context(), "slow@example.com")
			}, measuredMinTime,
		},
		"after a slow kind was checked before they were measured, for twice that": {
			func(w *world) {
				w.Passwords.Takes["slow"] = signin.InitialMinTime
				w.guess(t.Context(), "slow@example.com")
				w.Passwords.Takes["slow"] = slowTakes
			}, 2 * signin.InitialMinTime,
		},
		"after a wait for a place that overruns, for the next multiple": {
			func(w *world) {
				_ = w.MeasureHashes(t.Context())
				w.Passwords.Queued = measuredMinTime
			}, 2 * measuredMinTime,
		},
		"after a wait to exactly the minimum, no longer": {
			func(w *world) {
				_ = w.MeasureHashes(t.Context())
				w.Passwords.Queued = measuredMinTime - w.Passwords.Takes[w.Passwords.Kind(w.DummyHashFor("nobody@example.com"))]
			}, measuredMinTime,
		},
		"after one that overran, for the minimum again: waiting teaches nothing": {
			func(w *world) {
				_ = w.MeasureHashes(t.Context())
				w.Passwords.Queued = 10 * measuredMinTime
				w.guess(t.Context(), "slow@example.com")
				w.Passwords.Queued = 0
			}, measuredMinTime,
		},
		"after a known kind took longer, for twice that: the machine is busy for all": {
			func(w *world) {
				_ = w.MeasureHashes(t.Context())
				w.Passwords.Takes["slow"] = 3 * slowTakes
				w.guess(t.Context(), "slow@example.com")
				w.Passwords.Takes["slow"] = slowTakes
			}, 3 * measuredMinTime,
		},
		"after one took very much longer, for no more than is sensible": {
			func(w *world) {
				_ = w.MeasureHashes(t.Context())
				w.Passwords.Takes["slow"] = 100 * slowTakes
				w.guess(t.Context(), "slow@example.com")
				w.Passwords.Takes["slow"] = slowTakes
			}, signin.MaxSlowdown * measuredMinTime,
		},
		"once they are measured again, for what was measured": {
			func(w *world) {
				_ = w.MeasureHashes(t.Context())
				w.Passwords.Takes["slow"] = 3 * slowTakes
				w.guess(t.Context(), "slow@example.com")
				w.Passwords.Takes["slow"] = slowTakes
				_ = w.MeasureHashes(t.Context())
			}, measuredMinTime,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newGuessedAtWorld(t)
			test.arrange(w)
			began := w.Clock.Now()
			if _, err := w.Login(t.Context(), signin.Credentials{Email: "nobody@example.com", Password: "guess"}); auth.ErrorCode(err) != auth.CodeInvalidCredentials {
				t.Fatalf("answers %v", err)
			}
			if took := w.Clock.Now().Sub(began); took != test.want {
				t.Errorf("held for %v, want %v", took, test.want)
			}
		})
	}
}

func (w *world) guess(ctx context.Context, email string) {
	_, _ = w.Login(ctx, signin.Credentials{Email: email, Password: "a wrong one"})
}

// Holding an answer costs nothing, and must cost nobody else anything either.
func TestWhoeverIsHeldKeepsNobodyOutOfThePool(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	held := 0
	w.Clock.OnSleep = func() {
		held++
		if w.Passwords.Inside != 0 {
			t.Error("a refusal that is held stands in the line before the pool")
		}
	}
	w.guess(t.Context(), "alice@example.com")
	if held != 1 {
		t.Errorf("held %d times", held)
	}
}

func TestSurplusLoginsReachNothing(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	w.Passwords.Full = auth.Busy(errors.New("full"))
	w.MustRefuse(t, authtest.AliceLogin(), auth.CodeBusy)
	if len(w.Store.LookedUp) > 0 || len(w.Passwords.Checks) > 0 || w.Store.Asked > 0 {
		t.Error("the database was asked, or a password checked")
	}
}

func TestEveryLoginLeavesTheLine(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	w.MustLogin(t, authtest.AliceLogin())
	w.MustRefuse(t, authtest.Wrong(authtest.AliceLogin()), auth.CodeInvalidCredentials)
	w.Passwords.Err = auth.Busy(errors.New("full"))
	w.MustRefuse(t, authtest.AliceLogin(), auth.CodeBusy)
	w.Store.Err = auth.Unavailable(errors.New("gone"))
	w.MustRefuse(t, authtest.AliceLogin(), auth.CodeUnavailable)
	if w.Passwords.Inside != 0 {
		t.Errorf("%d stand in it for ever", w.Passwords.Inside)
	}
}

func TestAClientThatHungUpIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	w.guess(ctx, "alice@example.com")
	if took := w.Clock.Now().Sub(authtest.Noon); took != currentTakes {
		t.Errorf("took %v, want %v", took, currentTakes)
	}
}

func TestMeasurePasswordsChecksOneOfEachKind(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	w.Store.Samples = []string{"weak$1", "weak$2", "broken$3", "!unusable", "", "current$4", "slow$5"}
	if err := w.MeasureHashes(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"weak$1", "weak$1", "weak$1", "current$4", "current$4", "current$4", "slow$5", "slow$5", "slow$5"}
	if !slices.Equal(w.Passwords.Checks, want) {
		t.Errorf("checked %s, want %s", w.Passwords.Checks, want)
	}
}

func TestMeasureHashesMeasuresTheDummyThoughNobodyHasItsKind(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	w.Store.Samples = []string{"weak$1"}
	if err := w.MeasureHashes(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.MinTime() != 2*currentTakes {
		t.Errorf("the minimum is %v, want %v", w.MinTime(), 2*currentTakes)
	}
}

func TestMeasuringThatFailsLeavesTheFirstGuess(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(w *world, err error){
		"the store": func(w *world, err error) { w.Store.Err = err },
		"the pool":  func(w *world, err error) { w.Passwords.Err = err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, cause := newGuessedAtWorld(t), errors.New("no luck")
			fail(w, cause)
			if err := w.MeasureHashes(t.Context()); !errors.Is(err, cause) {
				t.Errorf("answers %v", err)
			}
			if w.MinTime() != signin.InitialMinTime {
				t.Errorf("the minimum is %v, want %v", w.MinTime(), signin.InitialMinTime)
			}
		})
	}
}

// A user whom a Django beside us makes while the kinds are measured is of a kind
// that the samples lack.
func TestAKindThatIsLearntWhileTheOthersAreMeasuredStaysLearnt(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	w.Store.Samples = []string{"weak$1"}
	w.Store.OnSamples = func() { w.guess(t.Context(), "slow@example.com") }
	if err := w.MeasureHashes(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.guess(t.Context(), "slow@example.com")
	if w.MinTime() < 2*slowTakes {
		t.Errorf("the minimum is %v, less than twice the %v that a known kind takes", w.MinTime(), slowTakes)
	}
}
