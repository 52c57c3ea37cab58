package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// errNoTerminal is for questions where nobody can be asked.
var errNoTerminal = errors.New("there is no terminal to ask on")

// terminalPassword reads passwords from a terminal; nil when file is none.
func terminalPassword(file *os.File) func() (string, error) {
	fd := int(file.Fd())
	if !term.IsTerminal(fd) {
		return nil
	}
	return func() (string, error) {
		typed, err := term.ReadPassword(fd)
		return string(typed), err
	}
}

// prompt asks a person. Input is read by one buffer for all questions, or the
// first would swallow the answers to the next.
type prompt struct {
	env   Env
	lines *bufio.Reader
}

func newPrompt(env Env) *prompt {
	return &prompt{env: env, lines: bufio.NewReader(env.Stdin)}
}

// line asks for a line that may be seen.
func (p *prompt) line(question string) (string, error) {
	fmt.Fprint(p.env.Stdout, question)
	text, err := p.lines.ReadString('\n')
	if errors.Is(err, io.EOF) && text != "" {
		err = nil
	}
	if err != nil {
		fmt.Fprintln(p.env.Stdout)
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	return strings.TrimRight(text, "\r\n"), nil
}

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
		fmt.Fprintln(p.env.Stderr, "These were not the same. Try again.")
	}
}

func (p *prompt) hidden(question string) (string, error) {
	fmt.Fprint(p.env.Stdout, question)
	text, err := p.env.ReadPassword()
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
