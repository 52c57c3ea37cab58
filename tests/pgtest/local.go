package pgtest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// portAttempts is how often a port that was free when it was chosen may turn
// out to be taken when PostgreSQL wants it.
const portAttempts = 5

// cluster is a PostgreSQL of this machine's binaries, whose files are all in
// one directory.
type cluster struct {
	bin      string
	dir      string
	password string
	attr     *syscall.SysProcAttr
}

func startLocal() (*server, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		return nil, fmt.Errorf("directory of the cluster: %w", err)
	}
	c := &cluster{bin: bin, dir: dir, password: rand.Text()}
	srv, err := c.create()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("PostgreSQL of %s: %w", bin, err), os.RemoveAll(dir))
	}
	return srv, nil
}

func (c *cluster) create() (*server, error) {
	passwordFile := filepath.Join(c.dir, "password")
	if err := os.WriteFile(passwordFile, []byte(c.password), 0o600); err != nil {
		return nil, fmt.Errorf("write the password: %w", err)
	}
	var err error
	if c.attr, err = unprivileged(c.dir, passwordFile); err != nil {
		return nil, err
	}
	if err := c.initialize(passwordFile); err != nil {
		return nil, err
	}
	for range portAttempts {
		var srv *server
		if srv, err = c.serve(); !errors.Is(err, errPortTaken) {
			return srv, err
		}
	}
	return nil, err
}

// initialize protects the cluster by a password, because other users of the
// machine can reach its port as well.
func (c *cluster) initialize(passwordFile string) error {
	initdb := c.command(filepath.Join(c.bin, "initdb"),
		"--pgdata", c.data(), "--username", "postgres", "--pwfile", passwordFile,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", locale(), "--lc-messages", "C", "--no-sync")
	if output, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, output)
	}
	return nil
}

// locale is one that exists on every machine of the kind and knows about
// letters beyond ASCII, as that of the official image does.
func locale() string {
	if runtime.GOOS == "darwin" {
		return "en_US.UTF-8"
	}
	return "C.UTF-8"
}

func (c *cluster) serve() (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	process, err := c.supervise(append([]string{
		filepath.Join(c.bin, "postgres"), "-D", c.data(),
		"-c", "listen_addresses=127.0.0.1",
		"-c", "port=" + strconv.Itoa(port),
		"-c", "unix_socket_directories=" + c.dir,
	}, unsafeSettings...))
	if err != nil {
		return nil, err
	}
	admin := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword("postgres", c.password),
		Host:     "127.0.0.1:" + strconv.Itoa(port),
		Path:     "/postgres",
		RawQuery: "sslmode=disable",
	}
	stop := func() error { return errors.Join(process.stop(), os.RemoveAll(c.dir)) }
	return newServer(admin.String(), fmt.Sprintf("local binaries (%s)", c.bin), stop)
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// command runs in the directory of the cluster, since an unprivileged user
// may not be allowed to enter the one of the test.
func (c *cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	cmd.Env = environment()
	cmd.SysProcAttr = c.attr
	return cmd
}

// environment leaves out what changes PostgreSQL's defaults or the language
// of its messages.
func environment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "PG") && !strings.HasPrefix(variable, "LC_") && !strings.HasPrefix(variable, "LANG") {
			kept = append(kept, variable)
		}
	}
	return kept
}
