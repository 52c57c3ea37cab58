package authtest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Passwords encodes as kind$password. A check of a kind moves the clock by
// what the kind takes. "current" is the current setting, "stronger…" and
// "broken…" are what they say; every other kind is weaker.
type Passwords struct {
	Clock  *Clock
	Takes  map[string]time.Duration
	Queued time.Duration // the wait for a place, which is no work
	Checks []string      // what was checked
	Inside int           // who was let in and has not left
	Full   error         // of Admit
	Err    error         // of Check
	// hashErr is that of Hash alone: the pool may fill up in between.
	HashErr error
}

// Admit implements [signin.Passwords].
func (p *Passwords) Admit(context.Context, auth.Client) (leave func(), err error) {
	if p.Full != nil {
		return nil, p.Full
	}
	p.Inside++
	return func() { p.Inside-- }, nil
}

// Check implements [signin.Passwords].
func (p *Passwords) Check(_ context.Context, encoded, password string) (auth.PasswordCheck, error) {
	if p.Err != nil {
		return auth.PasswordCheck{}, p.Err
	}
	kind := p.Kind(encoded)
	if kind == "" {
		return auth.PasswordCheck{}, errors.New("what can never match was checked")
	}
	p.Checks = append(p.Checks, encoded)
	p.Clock.Advance(p.Queued + p.Takes[kind])
	return auth.PasswordCheck{Match: encoded == kind+"$"+password, Took: p.Takes[kind]}, nil
}

// Hash implements [signin.Passwords].
func (p *Passwords) Hash(_ context.Context, password string) (string, error) {
	return "current$" + password, p.HashErr
}

// Kind implements [signin.Passwords].
func (p *Passwords) Kind(encoded string) string {
	kind, _, found := strings.Cut(encoded, "$")
	if !found || strings.HasPrefix(kind, "broken") || strings.HasPrefix(kind, "!") {
		return ""
	}
	return kind
}

// IsUsable implements [auth.PasswordJudge].
func (p *Passwords) IsUsable(encoded string) bool { return p.Kind(encoded) != "" }

// Outdated implements [signin.Passwords].
func (p *Passwords) Outdated(encoded string) bool {
	kind := p.Kind(encoded)
	return kind != "current" && !strings.HasPrefix(kind, "stronger")
}

// IsCommon implements [accounts.Passwords].
func (*Passwords) IsCommon(password string) bool { return password == "trustno1" }

// Breaches knows one password, and which ones it was asked for.
type Breaches struct{ Asked []string }

// IsBreached implements [accounts.Breaches].
func (b *Breaches) IsBreached(_ context.Context, password string) bool {
	b.Asked = append(b.Asked, password)
	return password == "breached-wonderland"
}

// DummyHash implements [signin.Passwords].
func (p *Passwords) DummyHash(like string) string {
	if like == "" {
		return "current$\x00nothing"
	}
	return p.Kind(like) + "$\x00nothing"
}
