//go:build unix

package app

import "syscall"

// enoughHandles is more than the largest cap of connections takes.
const enoughHandles = 1 << 20

// raiseHandles raises the soft limit of file handles to the hard one, and returns how
// many the process may have then, or 0 when the system does not say. Go's runtime raises
// it too, as of today.
func raiseHandles() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	if raised := limit; limit.Cur < limit.Max {
		raised.Cur = raised.Max
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
			limit = raised
		}
	}
	return int(min(uint64(limit.Cur), enoughHandles)) //nolint:gosec,unconvert // bounded; signed on some systems
}
