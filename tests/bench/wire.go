package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"time"
)

// client speaks just enough HTTP/1.1 to cost next to nothing: what the load
// generator burns, the servers beside it lack.
type client struct {
	addr   string
	from   string // the local address; "" is the one that the system takes
	conn   net.Conn
	reader *bufio.Reader
	hangup bool // the server closes the connection after this answer
}

const (
	dialTimeout   = 2 * time.Second
	answerTimeout = 10 * time.Second
)

var (
	contentLength = []byte("Content-Length: ")
	connClose     = []byte("Connection: close")
	inChunks      = []byte("Transfer-Encoding: chunked")
	errNoLength   = errors.New("an answer without Content-Length")
)

// do sends a rendered request and reads the answer, reconnecting when needed.
func (c *client) do(request []byte) (status int, err error) {
	status, _, err = c.exchange(request, false)
	return status, err
}

// exchange returns the body too, if it is wanted.
func (c *client) exchange(request []byte, wanted bool) (status int, body []byte, err error) {
	if c.conn == nil {
		if err := c.dial(); err != nil {
			return 0, nil, err
		}
	}
	defer func() {
		if err != nil || c.hangup {
			c.close()
		}
	}()
	if err := c.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return 0, nil, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, err
	}
	return c.answer(wanted)
}

func (c *client) dial() error {
	dialer := net.Dialer{Timeout: dialTimeout}
	if c.from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(c.from)}
	}
	conn, err := dialer.Dial("tcp", c.addr)
	if err != nil {
		return err
	}
	c.conn, c.reader, c.hangup = conn, bufio.NewReader(conn), false
	return nil
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

func (c *client) answer(wanted bool) (status int, body []byte, err error) {
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < 12 {
		return 0, nil, fmt.Errorf("not a status line: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("not a status line: %q", line)
	}
	length, chunked := -1, false
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return 0, nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if digits, ok := bytes.CutPrefix(line, contentLength); ok {
			if length, err = strconv.Atoi(string(digits)); err != nil {
				return 0, nil, err
			}
		}
		c.hangup = c.hangup || bytes.Equal(line, connClose)
		chunked = chunked || bytes.Equal(line, inChunks)
	}
	if chunked {
		return c.chunks(status)
	}
	if length < 0 {
		return 0, nil, errNoLength
	}
	if !wanted {
		_, err = c.reader.Discard(length)
		return status, nil, err
	}
	body = make([]byte, length)
	_, err = io.ReadFull(c.reader, body)
	return status, body, err
}

// chunks reads a body of unknown length, which nobody here wants.
func (c *client) chunks(status int) (int, []byte, error) {
	if _, err := io.Copy(io.Discard, httputil.NewChunkedReader(c.reader)); err != nil {
		return 0, nil, err
	}
	_, err := c.reader.Discard(len("\r\n"))
	return status, nil, err
}

// render writes a request to path with a JSON body, if body is not "", and a
// token, if token is not "".
func render(method, path, token, body string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: latchkey-bench\r\n", method, path)
	if token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	if body != "" {
		b.WriteString("Content-Type: application/json\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.Bytes()
}
