package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// container is a control group of ours with a memory limit, as a container runtime
// makes one.
type container struct {
	dir   string
	files containerFiles
}

// containerFiles are the names of what a control group says and is told.
type containerFiles struct{ limit, peak, kills string }

// Where the system keeps its control groups.
const (
	groupsV1 = "/sys/fs/cgroup/memory"
	groupsV2 = "/sys/fs/cgroup"
)

// newContainer makes one in which so many bytes may be used. It fails where this user
// may not, or where the system has no control groups.
func newContainer(limit int64) (*container, error) {
	c := &container{files: containerFiles{limit: "memory.limit_in_bytes", peak: "memory.max_usage_in_bytes", kills: "memory.oom_control"}}
	parent := groupsV1
	if _, err := os.Stat(filepath.Join(groupsV2, "cgroup.controllers")); err == nil {
		parent, c.files = groupsV2, containerFiles{limit: "memory.max", peak: "memory.peak", kills: "memory.events"}
	}
	c.dir = filepath.Join(parent, fmt.Sprintf("latchkey-bench-%d", os.Getpid()))
	if err := os.Mkdir(c.dir, 0o755); err != nil { //nolint:gosec // it is the system's directory: what is in it is the kernel's
		return nil, fmt.Errorf("making a control group: %w", err)
	}
	if err := os.WriteFile(filepath.Join(c.dir, c.files.limit), []byte(strconv.FormatInt(limit, 10)), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("limiting the memory of a control group: %w", err), c.remove())
	}
	return c, nil
}

// remove wants all processes in it to have ended. The kernel may need a moment to notice.
func (c *container) remove() (err error) {
	for range 50 {
		if err = os.Remove(c.dir); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("removing a control group: %w", err)
}

// peak returns the most memory that was used in it, in MB, pages of files included.
func (c *container) peak() float64 {
	text, _ := os.ReadFile(filepath.Join(c.dir, c.files.peak)) // Linux has it since 5.19 in version 2
	bytes, _ := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	return bytes / (1 << 20)
}

// kills returns how many processes the kernel has ended in it for want of memory.
func (c *container) kills() (int, error) {
	text, err := os.ReadFile(filepath.Join(c.dir, c.files.kills))
	if err != nil {
		return 0, fmt.Errorf("reading a control group: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if count, found := strings.CutPrefix(line, "oom_kill "); found {
			return strconv.Atoi(strings.TrimSpace(count))
		}
	}
	return 0, fmt.Errorf("%s does not count what was ended", c.files.kills)
}

// serveIn starts the product in a container, and waits until it answers.
func (b *bench) serveIn(ctx context.Context, c *container, database string) (*process, error) {
	enter := `echo $$ > "$0" && exec "$@"`
	args := []string{"-c", enter, filepath.Join(c.dir, "cgroup.procs"), b.binary, "serve"}
	return b.start(ctx, "/api/v1/health", "/bin/sh", args, func(addr string) []string { return b.serveSettings(addr, database) })
}
