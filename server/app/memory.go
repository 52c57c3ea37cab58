package app

import (
	"errors"
	"fmt"
	"math"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/latchkey-auth/latchkey/server/password"
)

const (
	mebi = 1 << 20
	// besideHashing is what the process needs beside the hashing of passwords, in bytes:
	// it idles at less, and a few hundred connections take the rest.
	besideHashing = 20 * mebi
	// notGo is the part of it that Go's soft limit does not count, in bytes: SQLite, and
	// pages of the program.
	notGo = 12 * mebi
)

// The soft limit is three quarters of what a container has: the rest is for what Go does
// not count (SQLite, stacks of the kernel, pages of the program) and for what is allocated
// while garbage is being collected. `make soak` holds it at 64 MB and more.
const (
	softParts  = 3
	totalParts = 4
)

// memoryPlan is how the memory that there is is shared out, in bytes.
type memoryPlan struct {
	there   int64 // what the process may use; math.MaxInt64: nobody has set a limit
	soft    int64 // the runtime's soft limit, at the most
	hashing int64 // what passwords may take at once, their garbage included; 0: nothing bounds it
	workers int   // how many are hashed at once
}

// planMemory shares out what the process may use. It hashes as many passwords at once as
// there are cores, or as there is room for. Each counts twice: its memory is garbage for
// a while before it is collected.
func planMemory(container, gomemlimit int64, cores int) memoryPlan {
	plan := memoryPlan{there: container, soft: math.MaxInt64, workers: cores}
	if container < math.MaxInt64 {
		plan.soft = container / totalParts * softParts
	}
	if gomemlimit < math.MaxInt64 { // whoever sets it knows better
		plan.soft = gomemlimit
		plan.there = min(container, gomemlimit/softParts*totalParts)
	}
	if plan.there < math.MaxInt64 {
		plan.hashing = max(plan.there-besideHashing, 1)
		plan.workers = min(cores, max(1, int(plan.hashing/(2*password.CurrentMemory))))
	}
	return plan
}

// check fails where not even one password can be hashed.
func (m memoryPlan) check() error {
	const least = besideHashing + 2*password.CurrentMemory
	if m.there >= least {
		return nil
	}
	return fmt.Errorf("the memory limit of %d MiB is too low: hashing one password takes %d MiB in all; give it 64 MB or more",
		m.there/mebi, least/mebi)
}

// usual is the soft limit while there is no more than usual to keep, in bytes.
func (m memoryPlan) usual() int64 {
	return min(m.soft, besideHashing-notGo+m.ofHashing())
}

// ofHashing is what the passwords of today's setting take that are hashed at once.
func (m memoryPlan) ofHashing() int64 { return 2 * password.CurrentMemory * int64(m.workers) }

// softLimit is what the runtime is to keep to while live bytes are in use: what exceeds
// the usual may grow to three times as much until its garbage is collected, or it would
// be collected all the time.
func (m memoryPlan) softLimit(live int64) int64 {
	const growth = 3
	usual := m.usual()
	return min(m.soft, usual+growth*max(0, live-usual))
}

// containerMemory returns the limit of the control group (version 1 or 2), in bytes;
// math.MaxInt64 when there is none.
func containerMemory() (int64, error) {
	limit, err := memlimit.FromCgroup()
	switch {
	case errors.Is(err, memlimit.ErrNoLimit), errors.Is(err, memlimit.ErrNoCgroup), errors.Is(err, memlimit.ErrCgroupsNotSupported):
		return math.MaxInt64, nil
	case err != nil:
		return math.MaxInt64, fmt.Errorf("reading the memory limit: %w", err)
	}
	return int64(min(limit, math.MaxInt64)), nil
}

// memoryOf makes the plan for this process. An error says that its limit is not known;
// the plan is then that of a process without one.
func memoryOf(options Options) (memoryPlan, error) {
	if options.Memory > 0 {
		return planMemory(options.Memory, math.MaxInt64, cores), nil
	}
	container, err := containerMemory()
	return planMemory(container, ownLimit, cores), err
}
