//go:build unix

package pgtest

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// unprivileged returns what lets a child process own the given files without
// being root, as which PostgreSQL refuses to run. The process is in a group
// of its own, so that a Ctrl-C for the tests does not reach it: its
// supervisor stops it in order.
func unprivileged(files ...string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	uid, gid, err := ordinaryUser("postgres", "nobody")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if err := os.Chown(file, uid, gid); err != nil {
			return nil, fmt.Errorf("give files to an ordinary user: %w", err)
		}
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, nil
}

// ordinaryUser returns the first of the named users that exists.
func ordinaryUser(names ...string) (uid, gid int, err error) {
	for _, name := range names {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		if uid, err = strconv.Atoi(found.Uid); err != nil {
			return 0, 0, fmt.Errorf("user %s: %w", name, err)
		}
		if gid, err = strconv.Atoi(found.Gid); err != nil {
			return 0, 0, fmt.Errorf("user %s: %w", name, err)
		}
		return uid, gid, nil
	}
	return 0, 0, fmt.Errorf("PostgreSQL does not run as root, and none of the users %v exists", names)
}
