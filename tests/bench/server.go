package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// secret is the secret key of every latchkey that is measured.
const secret = "Zk3LkT9v2LqXw7ZpR4nB8sYdF1hJ6mC3gA0eYd"

// readyTimeout is how long a server may take to answer at all.
const readyTimeout = time.Minute

// process is a server under measurement.
type process struct {
	addr  string
	cmd   *exec.Cmd
	stdin io.WriteCloser // nil: it does not read it
	took  time.Duration  // from exec to the first answer
	noted bool           // it writes profiles
}

// serveLatchkey starts the product and waits until it answers.
func (b *bench) serveLatchkey(ctx context.Context, database string, settings ...string) (*process, error) {
	args := []string{"serve"}
	program := b.binary
	if b.profile != "" {
		program, args = b.self, []string{"child-latchkey"}
	}
	return b.start(ctx, "/api/v1/health", program, args, func(addr string) []string {
		return append(b.serveSettings(addr, database), settings...)
	})
}

// serveSettings are those of every latchkey that is measured.
func (b *bench) serveSettings(addr, database string) []string {
	return []string{
		"LATCHKEY_ADDR=" + addr,
		"LATCHKEY_DATABASE_URL=" + database,
		"LATCHKEY_DATA_DIR=" + b.dir,
		"LATCHKEY_SECRET_KEY=" + secret,
	}
}

// serveBare starts the handler that the product is compared with.
func (b *bench) serveBare(ctx context.Context, database string) (*process, error) {
	args := []string{"child-bare", "-log=" + strconv.FormatBool(b.bareLog), "-addr"}
	return b.start(ctx, "/health", b.self, args, func(string) []string {
		return []string{"LATCHKEY_DATABASE_URL=" + database}
	})
}

// start runs a server whose output goes to /dev/null, and asks for path until it
// answers. An "-addr" at the end of args is completed.
func (b *bench) start(ctx context.Context, path, program string, args []string, environment func(addr string) []string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	if args[len(args)-1] == "-addr" {
		args = append(args, addr)
	}
	p := &process{addr: addr, noted: b.profile != ""}
	p.cmd = exec.CommandContext(ctx, program, args...)
	p.cmd.Env = append(withoutLatchkey(os.Environ()), environment(addr)...)
	p.cmd.Dir = b.dir
	if program == b.self { // it ends with this process, in whatever way that ends
		if p.stdin, err = p.cmd.StdinPipe(); err != nil {
			return nil, fmt.Errorf("starting %s: %w", program, err)
		}
	}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", program, err)
	}
	if err := p.awaitAnswer(path); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	p.took = time.Since(began)
	return p, nil
}

// awaitAnswer asks every half millisecond.
func (p *process) awaitAnswer(path string) error {
	c := &client{addr: p.addr}
	defer c.close()
	request := render("GET", path, "", "")
	for end := time.Now().Add(readyTimeout); time.Now().Before(end); time.Sleep(500 * time.Microsecond) {
		status, err := c.do(request)
		if err == nil && status < 300 || errors.Is(err, errNoLength) { // 204 has no length
			return nil
		}
	}
	return fmt.Errorf("%s did not answer within %s", p.cmd.Path, readyTimeout)
}

// profile begins a CPU profile that ends with the process.
func (p *process) profile(path string) error {
	if !p.noted || p.stdin == nil {
		return nil
	}
	path, err := filepath.Abs(path + ".pprof")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdin, path)
	return err
}

func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", p.cmd.Path, err)
	}
	_ = p.cmd.Wait() // it may not have caught the signal yet, which is no matter
	return nil
}

// memory returns the resident memory, now and at its peak, in MB.
func (p *process) memory() (now, peak float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0, fmt.Errorf("reading the memory of a process: %w", err)
	}
	kilobytes := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[2] == "kB" {
			kilobytes[fields[0]], _ = strconv.ParseFloat(fields[1], 64) // a number, on Linux
		}
	}
	return kilobytes["VmRSS:"] / 1024, kilobytes["VmHWM:"] / 1024, nil
}

// cpu returns the processor time that the process has used.
func (p *process) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0 // not on this system: a figure less
	}
	// Behind the name, which may hold anything, in brackets: fields 3 and on.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * (time.Second / 100) // USER_HZ is 100 on Linux
}

// child runs this program as something else and reads its answer.
func (b *bench) child(ctx context.Context, into any, args ...string) error {
	cmd := exec.CommandContext(ctx, b.self, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return json.Unmarshal(out, into)
}

func withoutLatchkey(environment []string) []string {
	var kept []string
	for _, variable := range environment {
		if !strings.HasPrefix(variable, "LATCHKEY_") {
			kept = append(kept, variable)
		}
	}
	return kept
}

// freeAddr returns a loopback address that nobody listens on.
func freeAddr() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}
