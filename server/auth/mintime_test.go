package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
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
		alice(),
		User{Email: "weak@example.com", Password: "weak$secret", IsActive: true},
		User{Email: "slow@example.com", Password: "slow$secret", IsActive: true},
		User{Email: "stronger@example.com", Password: "stronger$secret", IsActive: true},
		User{Email: "inactive@example.com", Password: "slow$secret"},
		User{Email: "unusable@example.com", Password: "!no$password", IsActive: true},
		User{Email: "broken@example.com", Password: "broken$secret", IsActive: true},
		User{Email: "empty@example.com", IsActive: true},
	)
	w.passwords.takes = map[string]time.Duration{"current": currentTakes, "weak": weakTakes, "slow": slowTakes, "stronger": slowTakes}
	w.store.samples = []string{"weak$a", "slow$b", "stronger$c"}
	return w
}

func TestEveryRefusalIsTheSameAndTakesTheSameTime(t *testing.T) {
	t.Parallel()
	var first error
	for name, in := range map[string]Credentials{
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
		"an address longer than Django allows": {Email: strings.Repeat("a", MaxEmailLength) + "@example.com", Password: "wonderland"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newGuessedAtWorld(t)
			if err := w.MeasureHashes(t.Context()); err != nil {
				t.Fatal(err)
			}
			began := w.clock.Now()
			_, err := w.Login(t.Context(), in)
			if took := w.clock.Now().Sub(began); took != measuredMinTime {
				t.Errorf("took %v, want %v", took, measuredMinTime)
			}
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.Code != CodeInvalidCredentials {
				t.Fatalf("answers %v", err)
			}
			if first == nil {
				first = refusal
			}
			var other *Error
			if errors.As(first, &other); refusal.Detail != other.Detail || refusal.RetryAfter != other.RetryAfter || len(refusal.Fields) > 0 {
				t.Errorf("answers %+v and elsewhere %+v", refusal, other)
			}
			if len(w.store.attempts) != 2 {
				t.Errorf("counted under %d keys, want the address and the client", len(w.store.attempts))
			}
		})
	}
}

func TestARightLoginIsNotHeld(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	began := w.clock.Now()
	if _, err := w.Login(t.Context(), aliceLogin()); err != nil {
		t.Fatal(err)
	}
	if took := w.clock.Now().Sub(began); took != currentTakes {
		t.Errorf("took %v, want the %v of the check alone", took, currentTakes)
	}
}

func TestWhatIsNoRefusalIsNotHeld(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fail func(w *world)
		code Code
	}{
		"a store that cannot be reached": {func(w *world) { w.store.err = Unavailable(errors.New("gone")) }, CodeUnavailable},
		"a line that is full":            {func(w *world) { w.passwords.full = Busy(errors.New("full")) }, CodeBusy},
		"a place that is not to be had":  {func(w *world) { w.passwords.err = Busy(errors.New("full")) }, CodeBusy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newGuessedAtWorld(t)
			test.fail(w)
			_, err := w.Login(t.Context(), aliceLogin())
			if ErrorCode(err) != test.code || w.clock.Now() != noon || len(w.store.attempts) != 0 {
				t.Errorf("answers %v after %v, with %d counted", err, w.clock.Now().Sub(noon), len(w.store.attempts))
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
			func(*world) {}, initialMinTime,
		},
		"once measured, for twice the slowest kind, though that is less": {
			func(w *world) {
				w.store.samples = []string{"weak$a"}
				_ = w.MeasureHashes(t.Context())
			}, 2 * currentTakes,
		},
		"after a kind that nobody had when they were measured, for twice that": {
			func(w *world) {
				w.store.samples = nil
				_ = w.MeasureHashes(t.Context())
				w.guess(t.Context(), "slow@example.com")
			}, measuredMinTime,
		},
		"after a slow kind was checked before they were measured, for twice that": {
			func(w *world) {
				w.passwords.takes["slow"] = initialMinTime
				w.guess(t.Context(), "slow@example.com")
				w.passwords.takes["slow"] = slowTakes
			}, 2 * initialMinTime,
		},
		"after a wait for a place that overruns, for the next multiple": {
			func(w *world) {
				_ = w.MeasureHashes(t.Context())
				w.passwords.queued = measuredMinTime
			}, 2 * measuredMinTime,
		},
		"after a wait to exactly the minimum, no longer": {
			func(w *world) {
				_ = w.MeasureHashes(t.Context())
				w.passwords.queued = measuredMinTime - w.passwords.takes[w.passwords.Kind(w.dummyHashFor("nobody@example.com"))]
			}, measuredMinTime,
		},
		"after one that overran, for the minimum again: waiting teaches nothing": {
			func(w *world) {
				_ = w.MeasureHashes(t.Context())
				w.passwords.queued = 10 * measuredMinTime
				w.guess(t.Context(), "slow@example.com")
				w.passwords.queued = 0
			}, measuredMinTime,
		},
		"after a known kind took longer, for twice that: the machine is busy for all": {
			func(w *world) {
				_ = w.MeasureHashes(t.Context())
				w.passwords.takes["slow"] = 3 * slowTakes
				w.guess(t.Context(), "slow@example.com")
				w.passwords.takes["slow"] = slowTakes
			}, 3 * measuredMinTime,
		},
		"after one took very much longer, for no more than is sensible": {
			func(w *world) {
				_ = w.MeasureHashes(t.Context())
				w.passwords.takes["slow"] = 100 * slowTakes
				w.guess(t.Context(), "slow@example.com")
				w.passwords.takes["slow"] = slowTakes
			}, maxSlowdown * measuredMinTime,
		},
		"once they are measured again, for what was measured": {
			func(w *world) {
				_ = w.MeasureHashes(t.Context())
				w.passwords.takes["slow"] = 3 * slowTakes
				w.guess(t.Context(), "slow@example.com")
				w.passwords.takes["slow"] = slowTakes
				_ = w.MeasureHashes(t.Context())
			}, measuredMinTime,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newGuessedAtWorld(t)
			test.arrange(w)
			began := w.clock.Now()
			if _, err := w.Login(t.Context(), Credentials{Email: "nobody@example.com", Password: "guess"}); ErrorCode(err) != CodeInvalidCredentials {
				t.Fatalf("answers %v", err)
			}
			if took := w.clock.Now().Sub(began); took != test.want {
				t.Errorf("held for %v, want %v", took, test.want)
			}
		})
	}
}

func (w *world) guess(ctx context.Context, email string) {
	_, _ = w.Login(ctx, Credentials{Email: email, Password: "a wrong one"})
}

// Holding an answer costs nothing, and must cost nobody else anything either.
func TestWhoeverIsHeldKeepsNobodyOutOfThePool(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	held := 0
	w.clock.onSleep = func() {
		held++
		if w.passwords.inside != 0 {
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
	w.passwords.full = Busy(errors.New("full"))
	w.mustRefuse(t, aliceLogin(), CodeBusy)
	if len(w.store.lookedUp) > 0 || len(w.passwords.checks) > 0 || w.store.asked > 0 {
		t.Error("the database was asked, or a password checked")
	}
}

func TestEveryLoginLeavesTheLine(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	w.mustLogin(t, aliceLogin())
	w.mustRefuse(t, wrong(aliceLogin()), CodeInvalidCredentials)
	w.passwords.err = Busy(errors.New("full"))
	w.mustRefuse(t, aliceLogin(), CodeBusy)
	w.store.err = Unavailable(errors.New("gone"))
	w.mustRefuse(t, aliceLogin(), CodeUnavailable)
	if w.passwords.inside != 0 {
		t.Errorf("%d stand in it for ever", w.passwords.inside)
	}
}

func TestAClientThatHungUpIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	w.guess(ctx, "alice@example.com")
	if took := w.clock.Now().Sub(noon); took != currentTakes {
		t.Errorf("took %v, want %v", took, currentTakes)
	}
}

func TestMeasurePasswordsChecksOneOfEachKind(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	w.store.samples = []string{"weak$1", "weak$2", "broken$3", "!unusable", "", "current$4", "slow$5"}
	if err := w.MeasureHashes(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"weak$1", "weak$1", "weak$1", "current$4", "current$4", "current$4", "slow$5", "slow$5", "slow$5"}
	if !slices.Equal(w.passwords.checks, want) {
		t.Errorf("checked %s, want %s", w.passwords.checks, want)
	}
}

func TestMeasureHashesMeasuresTheDummyThoughNobodyHasItsKind(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	w.store.samples = []string{"weak$1"}
	if err := w.MeasureHashes(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stepOf(w) != 2*currentTakes {
		t.Errorf("the minimum is %v, want %v", stepOf(w), 2*currentTakes)
	}
}

func TestMeasuringThatFailsLeavesTheFirstGuess(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(w *world, err error){
		"the store": func(w *world, err error) { w.store.err = err },
		"the pool":  func(w *world, err error) { w.passwords.err = err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, cause := newGuessedAtWorld(t), errors.New("no luck")
			fail(w, cause)
			if err := w.MeasureHashes(t.Context()); !errors.Is(err, cause) {
				t.Errorf("answers %v", err)
			}
			if stepOf(w) != initialMinTime {
				t.Errorf("the minimum is %v, want %v", stepOf(w), initialMinTime)
			}
		})
	}
}

// A user whom a Django beside us makes while the kinds are measured is of a kind
// that the samples lack.
func TestAKindThatIsLearntWhileTheOthersAreMeasuredStaysLearnt(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	w.store.samples = []string{"weak$1"}
	w.store.onSamples = func() { w.guess(t.Context(), "slow@example.com") }
	if err := w.MeasureHashes(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.guess(t.Context(), "slow@example.com")
	if stepOf(w) < 2*slowTakes {
		t.Errorf("the minimum is %v, less than twice the %v that a known kind takes", stepOf(w), slowTakes)
	}
}

func stepOf(w *world) time.Duration {
	w.minTime.mu.Lock()
	defer w.minTime.mu.Unlock()
	return w.minTime.step()
}
