package signin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// costs counts which kinds a thousand addresses cost that nobody has.
func costs(w *world) map[string]int {
	count := map[string]int{}
	for i := range 1000 {
		kind, _, _ := strings.Cut(w.DummyHashFor(fmt.Sprintf("nobody%d@example.com", i)), "$")
		count[kind]++
	}
	return count
}

func within(got, want, by int) bool { return got >= want-by && got <= want+by }

// Whoever asks for an address learns nothing from what it costs: as many of those
// that nobody has cost each kind as users have it.
//
// ASVS 6.3.8
func TestAddressesThatNobodyHasCostWhatUsersCost(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	if got := costs(w); got["current"] != 1000 {
		t.Errorf("before anything is known they cost %v", got)
	}
	w.AssignShares([]signin.HashSample{{"current$a", 300}, {"weak$b", 500}, {"slow$c", 200}, {"broken$d", 9000}})
	if got := costs(w); !within(got["current"], 300, 60) || !within(got["weak"], 500, 60) || !within(got["slow"], 200, 60) || got["broken"] > 0 {
		t.Errorf("they cost %v", got)
	}
	w.AssignShares([]signin.HashSample{{"stronger$a", 1}})
	if got := costs(w); got["stronger"] != 1000 {
		t.Errorf("they cost %v, and all users have a stronger one", got)
	}
}

func TestAnAddressCostsTheSameEachTime(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	w.AssignShares([]signin.HashSample{{"current$a", 1}, {"weak$b", 1}, {"slow$c", 1}})
	for i := range 100 {
		email := fmt.Sprintf("nobody%d@example.com", i)
		if w.DummyHashFor(email) != w.DummyHashFor(strings.ToUpper(email)) {
			t.Errorf("%s costs another kind in capitals", email)
		}
	}
}

// When users' passwords are upgraded, some addresses that nobody has seem to be,
// and none goes the other way.
func TestAddressesThatNobodyHasAreUpgradedWithTheUsers(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	kindsBy := func(weak, current int64) []string {
		w.AssignShares([]signin.HashSample{{"current$a", current}, {"weak$b", weak}})
		var kinds []string
		for i := range 500 {
			kind, _, _ := strings.Cut(w.DummyHashFor(fmt.Sprintf("nobody%d@example.com", i)), "$")
			kinds = append(kinds, kind)
		}
		return kinds
	}
	before, after := kindsBy(80, 20), kindsBy(40, 60)
	for i := range before {
		if before[i] == "current" && after[i] != "current" {
			t.Fatal("an address went back to an outdated kind")
		}
	}
}

// Not just the answer takes the time that it would for a user: the check itself is
// of a kind that users have, and keeps its place in the pool for as long.
func TestALoginThatNobodyCanMakeChecksWhatUsersHave(t *testing.T) {
	t.Parallel()
	w := newGuessedAtWorld(t)
	w.Store.Samples = []string{"slow$a"}
	if err := w.MeasureHashes(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"nobody@example.com", "unusable@example.com", "broken@example.com", "empty@example.com"} {
		w.Passwords.Checks = nil
		w.guess(t.Context(), email)
		if got := strings.Join(w.Passwords.Checks, " "); got != "slow$\x00nothing" {
			t.Errorf("for %s it checks %q", email, got)
		}
	}
}
