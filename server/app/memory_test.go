package app

import (
	"math"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/password"
)

const unlimited = math.MaxInt64

func TestHowMemoryIsSharedOut(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		container, gomemlimit int64
		cores                 int
		soft                  int64
		workers               int
		hashing               int64
	}{
		"64 MB":                          {64 * mebi, unlimited, 2, 48 * mebi, 1, 44 * mebi},
		"64 MB, many cores":              {64 * mebi, unlimited, 64, 48 * mebi, 1, 44 * mebi},
		"96 MB":                          {96 * mebi, unlimited, 2, 72 * mebi, 2, 76 * mebi},
		"128 MB":                         {128 * mebi, unlimited, 2, 96 * mebi, 2, 108 * mebi},
		"256 MB":                         {256 * mebi, unlimited, 8, 192 * mebi, 6, 236 * mebi},
		"256 MB, two cores":              {256 * mebi, unlimited, 2, 192 * mebi, 2, 236 * mebi},
		"no limit":                       {unlimited, unlimited, 2, unlimited, 2, 0},
		"no limit, many cores":           {unlimited, unlimited, 64, unlimited, 64, 0},
		"GOMEMLIMIT alone":               {unlimited, 48 * mebi, 2, 48 * mebi, 1, 44 * mebi},
		"GOMEMLIMIT below the container": {256 * mebi, 48 * mebi, 2, 48 * mebi, 1, 44 * mebi},
		"GOMEMLIMIT near the container":  {64 * mebi, 60 * mebi, 2, 60 * mebi, 1, 44 * mebi},
		"next to nothing":                {8 * mebi, unlimited, 2, 6 * mebi, 1, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := planMemory(test.container, test.gomemlimit, test.cores)
			if got.soft != test.soft || got.workers != test.workers || got.hashing != test.hashing {
				t.Errorf("%+v, want %+v", got, test)
			}
		})
	}
}

// Whatever there is, what is hashed at once has room with its garbage.
func TestWhatIsHashedAtOnceHasRoom(t *testing.T) {
	t.Parallel()
	for container := int64(0); container < 2<<30; container += mebi {
		plan := planMemory(container, unlimited, 16)
		if plan.check() != nil {
			continue
		}
		if plan.ofHashing()+besideHashing > container || plan.workers < 1 {
			t.Fatalf("%d MiB: %+v", container/mebi, plan)
		}
		if usual := plan.usual(); usual > container/totalParts*softParts || plan.softLimit(1<<40) > container/totalParts*softParts {
			t.Fatalf("%d MiB: the soft limit is %d MiB", container/mebi, usual/mebi)
		}
	}
}

func TestTooLittleMemoryIsSaid(t *testing.T) {
	t.Parallel()
	const least = besideHashing + 2*password.CurrentMemory
	if err := planMemory(least, unlimited, 2).check(); err != nil {
		t.Errorf("enough for one: %v", err)
	}
	err := planMemory(least-1, unlimited, 2).check()
	if err == nil || !strings.Contains(err.Error(), "58 MiB") || strings.Contains(err.Error(), "\n") {
		t.Errorf("says %v", err)
	}
}

func TestTheSoftLimitFollowsWhatIsInUse(t *testing.T) {
	t.Parallel()
	plan := planMemory(unlimited, unlimited, 2)
	usual := plan.usual()
	tests := map[string]struct{ live, want int64 }{
		"idle":                       {8 * mebi, usual},
		"two passwords":              {8*mebi + plan.ofHashing(), usual},
		"much more":                  {usual + 100*mebi, usual + 300*mebi},
		"more than the runtime says": {0, usual},
	}
	for name, test := range tests {
		if got := plan.softLimit(test.live); got != test.want {
			t.Errorf("%s: %d MiB, want %d", name, got/mebi, test.want/mebi)
		}
	}
}

func TestMemoryIsHandedBackWhenItIsQuiet(t *testing.T) {
	t.Parallel()
	k := &keeper{plan: planMemory(unlimited, unlimited, 2)}
	const mb = mebi
	steps := []struct {
		name      string
		allocated uint64
		free      bool
	}{
		{"after the start", 100 * mb, false},
		{"quiet", 101 * mb, true},
		{"still quiet", 102 * mb, false},
		{"a login", 122 * mb, false},
		{"quiet again", 122 * mb, true},
		{"a few requests", 130 * mb, false},
		{"a few more", 138 * mb, true},
	}
	for _, step := range steps {
		if _, free := k.next(usage{allocated: step.allocated}); free != step.free {
			t.Errorf("%s: hands back: %v", step.name, free)
		}
	}
}

func TestWhatTheRuntimeSaysIsUnderstood(t *testing.T) {
	t.Parallel()
	before := readUsage()
	kept := make([]byte, 4*mebi)
	after := readUsage()
	if after.allocated-before.allocated < uint64(len(kept)) {
		t.Errorf("%+v, then %+v", before, after)
	}
}
