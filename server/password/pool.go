package password

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// A login that is let in waits for its turn at most behind linePerWorker others:
// about as long as it was ready to wait in the queue.
const linePerWorker = 2

// Settings of a [Pool].
type Settings struct {
	Hasher  Hasher
	Workers int           // passwords hashed at once; one per core is as fast as it gets
	Memory  int64         // bytes that they may take at once, with their garbage; 0: nothing bounds it
	Wait    time.Duration // how long a surplus login of a crowd waits before it is refused
}

// Pool implements [signin.Passwords] and [accounts.Passwords]: it checks and makes encoded passwords, a
// bounded number at a time, since each takes a core and 19 MiB for a while. It
// is safe for concurrent use.
type Pool struct {
	settings Settings
	current  algorithm
	random   io.Reader
	line     *fairQueue // who has been let in, and who waits to be
	room     *room      // who is hashing
}

var (
	_ signin.Passwords   = (*Pool)(nil)
	_ accounts.Passwords = (*Pool)(nil)
)

// errFull is why a pool refuses.
var errFull = errors.New("every place to hash in is taken")

// NewPool makes a pool that draws salts from random.
func NewPool(settings Settings, random io.Reader) (*Pool, error) {
	current, err := settings.Hasher.fresh(random)
	if err != nil {
		return nil, err
	}
	return &Pool{
		settings: settings,
		current:  current,
		random:   random,
		line:     newFairQueue(settings.Workers*(1+linePerWorker), settings.Wait),
		room:     newRoom(settings.Workers, settings.Memory),
	}, nil
}

// Check implements [signin.Passwords].
func (p *Pool) Check(ctx context.Context, encoded, password string) (auth.PasswordCheck, error) {
	stored, err := p.decode(encoded)
	if err != nil {
		return auth.PasswordCheck{}, fmt.Errorf("decoding a password: %w", err)
	}
	leave, err := p.room.enter(ctx, stored.memory())
	if err != nil {
		return auth.PasswordCheck{}, err
	}
	defer leave()
	began := time.Now() // work, not time of day: an injected clock has nothing to say here
	match, err := stored.match(password)
	if err != nil {
		return auth.PasswordCheck{}, fmt.Errorf("checking a password: %w", err)
	}
	return auth.PasswordCheck{Match: match, Took: time.Since(began)}, nil
}

// Hash implements [signin.Passwords].
func (p *Pool) Hash(ctx context.Context, password string) (string, error) {
	leave, err := p.room.enter(ctx, p.current.memory())
	if err != nil {
		return "", err
	}
	defer leave()
	return p.settings.Hasher.hash(p.random, password)
}

// Kind implements [signin.Passwords].
func (p *Pool) Kind(encoded string) string {
	stored, err := p.decode(encoded)
	if err != nil {
		return ""
	}
	return stored.kind()
}

// IsUsable implements [auth.PasswordJudge].
func (p *Pool) IsUsable(encoded string) bool { return p.Kind(encoded) != "" }

// Outdated implements [signin.Passwords].
func (p *Pool) Outdated(encoded string) bool {
	stored, err := p.decode(encoded)
	return err == nil && stored.weakerThan(p.current)
}

// DummyHash implements [signin.Passwords].
func (p *Pool) DummyHash(like string) string {
	kind := p.current
	if stored, err := p.decode(like); err == nil {
		kind = stored
	}
	return kind.dummy().encode()
}

// Admit implements [signin.Passwords].
func (p *Pool) Admit(ctx context.Context, client auth.Client) (leave func(), err error) {
	return p.line.enter(ctx, client.Network())
}

// decode refuses what there is no room to check, as it does what nobody has room for.
func (p *Pool) decode(encoded string) (algorithm, error) {
	stored, err := decode(encoded)
	if err != nil {
		return nil, err
	}
	if !p.room.fits(stored.memory()) {
		return nil, errTooLarge
	}
	return stored, nil
}

// outOfTime tells a client that hung up from a request whose time was up before
// its turn came.
func outOfTime(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return auth.Busy(ctx.Err())
	}
	return ctx.Err()
}
