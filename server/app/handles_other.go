//go:build !unix

package app

// raiseHandles returns 0: the system has no such limit, or none that is worth raising.
func raiseHandles() int { return 0 }
