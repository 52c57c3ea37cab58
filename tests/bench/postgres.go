package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// cluster is a PostgreSQL in which databases can be made.
type cluster struct {
	admin *url.URL
	facts string // version and durability, for the report
	made  []string
	end   func() error
}

// supervised runs PostgreSQL until standard input ends, as it does when this
// process does, in whatever way.
const supervised = `"$@" </dev/null & server=$!; read -r _; kill -INT "$server"; wait "$server"`

// startPostgres uses the server at given, or else makes a cluster below dir with
// the binaries of this machine and their default settings.
func startPostgres(ctx context.Context, given, dir string) (*cluster, error) {
	c := &cluster{end: func() error { return nil }}
	var err error
	if given != "" {
		c.admin, err = url.Parse(given)
	} else {
		err = c.create(ctx, filepath.Join(dir, "postgres"))
	}
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w", err)
	}
	if err := c.readFacts(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("PostgreSQL: %w", err), c.end())
	}
	return c, nil
}

func (c *cluster) create(ctx context.Context, dir string) error {
	bin, err := binaries()
	if err != nil {
		return err
	}
	if err := openToAll(dir); err != nil {
		return err
	}
	password := rand.Text()
	passwordFile := filepath.Join(dir, "password")
	if err := os.WriteFile(passwordFile, []byte(password), 0o644); err != nil {
		return err
	}
	data := filepath.Join(dir, "data")
	initdb := unprivileged(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "--pwfile", passwordFile,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	if output, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, output)
	}
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	_, port, _ := strings.Cut(addr, ":")
	c.admin = &url.URL{Scheme: "postgres", User: url.UserPassword("postgres", password), Host: addr, Path: "/postgres", RawQuery: "sslmode=disable"}
	return c.serve(unprivileged(context.WithoutCancel(ctx), "/bin/sh", "-c", supervised, "sh",
		filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="))
}

// serve waits until the server says that it is ready.
func (c *cluster) serve(cmd *exec.Cmd) error {
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ready, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if strings.Contains(lines.Text(), "ready to accept connections") {
				close(ready)
			}
		}
	}()
	c.end = func() error {
		err := lifeline.Close()
		<-gone
		return errors.Join(err, cmd.Wait())
	}
	select {
	case <-ready:
		return nil
	case <-gone:
		return errors.Join(errors.New("the server ended at once"), c.end())
	case <-time.After(readyTimeout):
		return errors.Join(errors.New("the server was not ready in time"), c.end())
	}
}

// database makes an empty one and returns its URL.
func (c *cluster) database(ctx context.Context, name string) (string, error) {
	name = "latchkey_bench_" + name
	if err := c.exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)", "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	c.made = append(c.made, name)
	u := *c.admin
	u.Path = "/" + name
	return u.String(), nil
}

// stop drops what was made and ends a cluster of our own.
func (c *cluster) stop() error {
	var err error
	for _, name := range c.made {
		err = errors.Join(err, c.exec(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"))
	}
	return errors.Join(err, c.end())
}

func (c *cluster) exec(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, c.admin.String())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func (c *cluster) readFacts(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.admin.String())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var version, fsync, commit string
	err = conn.QueryRow(ctx, "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')").
		Scan(&version, &fsync, &commit)
	version, _, _ = strings.Cut(version, " ")
	c.facts = fmt.Sprintf("PostgreSQL %s (fsync %s, synchronous_commit %s), SQLite synchronous FULL", version, fsync, commit)
	return err
}

// binaries finds those of PostgreSQL.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // fails on a bad pattern only
	if path, err := exec.LookPath("postgres"); err == nil {
		found = append(found, path)
	}
	for i := len(found) - 1; i >= 0; i-- { // $PATH first, then the newest
		dir := filepath.Dir(found[i])
		if resolved, err := filepath.EvalSymlinks(found[i]); err == nil {
			dir = filepath.Dir(resolved)
		}
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("no binaries on this machine: install postgresql, or give -postgres URL")
}

// openToAll makes a directory that the user postgres can write to and enter.
func openToAll(dir string) error {
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	return os.Chmod(dir, 0o777) // whatever the umask
}

// unprivileged runs a command as the user postgres when this is root, as whom
// PostgreSQL refuses to run.
func unprivileged(ctx context.Context, name string, args ...string) *exec.Cmd {
	if os.Geteuid() == 0 {
		name, args = "runuser", append([]string{"-u", "postgres", "--", name}, args...)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = "/"
	return cmd
}
