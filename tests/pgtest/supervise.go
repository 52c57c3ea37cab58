package pgtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// supervisor is a shell that outlives the test binary for a moment. Its
// standard input ends when the binary does, even by SIGKILL or a panic, and
// it then stops the server and removes its files. The server writes its log
// to the standard output, which therefore ends when the server has ended.
const supervisor = `
dir=$1
shift
"$@" </dev/null 2>&1 &
server=$!
exec >/dev/null 2>&1
read -r _
kill -QUIT "$server"
wait "$server"
cd /
rm -rf "$dir"
`

const (
	readyLine     = "database system is ready to accept connections"
	portTakenLine = "could not create any TCP/IP sockets"

	readyTimeout = time.Minute
	logTailLines = 20
)

var errPortTaken = errors.New("another program took the port")

// process is a PostgreSQL server and its supervisor.
type process struct {
	supervisor *exec.Cmd
	lifeline   io.Closer
	ready      chan struct{} // closed when the server accepts connections
	gone       chan struct{} // closed when the server has ended
	tail       []string      // the end of its log; may be read when gone is closed
}

// supervise starts a server and returns when it accepts connections.
func (c *cluster) supervise(args []string) (*process, error) {
	cmd := c.command("/bin/sh", append([]string{"-c", supervisor, "pgtest", c.dir}, args...)...)
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	log, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	p := &process{supervisor: cmd, lifeline: lifeline, ready: make(chan struct{}), gone: make(chan struct{})}
	go p.follow(log)
	return p, p.awaitReady()
}

// follow reads until the end, since a server whose log nobody reads blocks.
// It does not use a Scanner, which gives up at the first very long line.
func (p *process) follow(log io.Reader) {
	defer close(p.gone)
	ready := p.ready
	for reader := bufio.NewReader(log); ; {
		line, err := reader.ReadString('\n')
		if ready != nil && strings.Contains(line, readyLine) {
			close(ready)
			ready = nil
		}
		p.tail = append(p.tail, line)
		p.tail = p.tail[max(0, len(p.tail)-logTailLines):]
		if err != nil {
			return
		}
	}
}

func (p *process) awaitReady() error {
	select {
	case <-p.ready:
		return nil
	case <-p.gone:
		return errors.Join(p.failure(), p.stop())
	case <-time.After(readyTimeout):
		return errors.Join(fmt.Errorf("not ready after %s", readyTimeout), p.stop())
	}
}

func (p *process) failure() error {
	log := strings.Join(p.tail, "")
	if strings.Contains(log, portTakenLine) {
		return errPortTaken
	}
	return fmt.Errorf("the server ended at once:\n%s", log)
}

// stop returns when the server has ended and its files are gone.
func (p *process) stop() error {
	closeErr := p.lifeline.Close()
	<-p.gone
	if err := p.supervisor.Wait(); err != nil {
		return fmt.Errorf("supervisor: %w", err)
	}
	return closeErr
}
