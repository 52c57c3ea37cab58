package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// errNoTerminal is returned where nobody can be asked.
var errNoTerminal = errors.New("there is no terminal to ask for the password")

// terminalPassword reads passwords from a terminal, and returns what puts the
// terminal back when a person interrupts that; nil when file is none.
func terminalPassword(file *os.File) (read func() (string, error), restore func()) {
	fd := int(file.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, nil
	}
	read = func() (string, error) {
		typed, err := term.ReadPassword(fd)
		return string(typed), err
	}
	return read, func() { _ = term.Restore(fd, before) } // it is the terminal it was read from
}

// prompt asks a person. Input is read by one buffer for all questions, or the
// first would swallow the answers to the next.
type prompt struct {
	ctx   context.Context // a prompt lives as long as its command
	env   Env
	lines *bufio.Reader
}

func newPrompt(ctx context.Context, env Env) *prompt {
	return &prompt{ctx: ctx, env: env, lines: bufio.NewReader(env.Stdin)}
}

// errNoAnswer is for input that ends where an answer should be.
var errNoAnswer = errors.New("no answer: nothing was done")

// errInterrupted is for a person who would rather not answer.
var errInterrupted = errors.New("interrupted")

// answer waits for a read, or for the person to interrupt it: a signal does not
// end a read, so it is left behind.
func (p *prompt) answer(read func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-p.ctx.Done():
		if p.env.RestoreTerminal != nil {
			p.env.RestoreTerminal()
		}
		return "", errInterrupted
	}
}

// line asks for a line, and shows what is typed.
func (p *prompt) line(question string) (string, error) {
	fmt.Fprint(p.env.Stdout, question)
	text, err := p.answer(func() (string, error) { return p.lines.ReadString('\n') })
	if errors.Is(err, io.EOF) && text != "" {
		err = nil
	}
	if err != nil {
		fmt.Fprintln(p.env.Stdout)
		if errors.Is(err, io.EOF) {
			return "", errNoAnswer
		}
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	return strings.TrimRight(text, "\r\n"), nil
}

// say tells a person something before they are asked.
func (p *prompt) say(text string) { fmt.Fprintln(p.env.Stdout, text) }

// password asks for a password twice, without showing it.
func (p *prompt) password() (string, error) {
	if p.env.ReadPassword == nil {
		return "", errNoTerminal
	}
	for {
		first, err := p.hidden("Password: ")
		if err != nil {
			return "", err
		}
		second, err := p.hidden("Password (again): ")
		if err != nil {
			return "", err
		}
		if first == second {
			return first, nil
		}
		fmt.Fprintln(p.env.Stderr, "The passwords do not match. Try again.")
	}
}

func (p *prompt) hidden(question string) (string, error) {
	fmt.Fprint(p.env.Stdout, question)
	text, err := p.answer(p.env.ReadPassword)
	fmt.Fprintln(p.env.Stdout)
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return text, nil
}

// complain tells a person what is wrong, so that they can try again.
func (p *prompt) complain(err error) {
	for _, line := range lines(err) {
		fmt.Fprintln(p.env.Stderr, line)
	}
}
