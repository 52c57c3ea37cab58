package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// bench is one run: where it keeps its files, what it measures, and what it has
// found.
type bench struct {
	*settings

	dir      string // of everything temporary
	self     string // this program, to be started again as something else
	postgres *cluster
	seeded   map[string]string // database URLs, by kind and number of users
	report   report
	began    time.Time
}

// kinds are the databases that everything is measured on.
var kinds = []string{"SQLite", "PostgreSQL"}

// fewUsers is the size of the small database.
const fewUsers = 1000

func newBench(set *settings) (*bench, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	dir, err := os.MkdirTemp("", "latchkey-bench-")
	if err != nil {
		return nil, fmt.Errorf("making a directory: %w", err)
	}
	return &bench{settings: set, dir: dir, self: self, seeded: map[string]string{}, began: time.Now()}, nil
}

// prepare builds the binary and starts PostgreSQL.
func (b *bench) prepare(ctx context.Context) (err error) {
	if b.binary == "" {
		b.progress("building latchkey …")
		b.binary = filepath.Join(b.dir, "latchkey")
		build := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "github.com/latchkey-auth/latchkey/server")
		if output, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building latchkey: %w\n%s", err, output)
		}
	}
	b.progress("starting PostgreSQL …")
	if b.postgres, err = startPostgres(ctx, b.settings.postgres, b.dir); err != nil {
		return err
	}
	b.report.title = b.machine()
	return nil
}

func (b *bench) close() error {
	var err error
	if b.postgres != nil {
		err = b.postgres.stop()
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}

// progress goes to standard error: the table is all that standard output gets.
func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}
