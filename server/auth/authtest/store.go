package authtest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// Store keeps everything in memory, as the interfaces in signin, accounts and audit have
// it. A test changes it as it likes.
type Store struct {
	Rows
	Sessions map[string]auth.Session
	Attempts map[string]AttemptRow
	Tokens   map[string]Token
	Keys     []keys.Key
	Samples  []string
	Exact    bool // addresses are alike only when they are the same

	Err       error                               // of everything
	CountErr  error                               // of ReserveAttempt
	LockErr   error                               // of LockAccount
	SettleErr error                               // of SettleAttempt
	LockedFor []int64                             // whose accounts LockAccount was told of
	RevokeErr error                               // of RevokeSession
	OnSamples func()                              // what happens while the samples are read
	OnBegin   func(login signin.NewSession) error // what happens before a session is begun
	OnCount   func(ctx context.Context) error     // what happens before an attempt is counted
	OnChange  func()                              // what happens before a change
	OnHead    func()                              // what happens after the end of the events was read
	Referred  bool                                // a change that is made turns out to be impossible
	Begun     []signin.NewSession
	LookedUp  []string // addresses
	Asked     int      // how often to count an attempt
	Read      int      // how often an account
	KeysRead  int      // how often the signing keys
}

// Rows are what a change that fails leaves as they were.
type Rows struct {
	UserRows        []auth.User
	GroupRows       []auth.Group
	PermissionRows  []auth.Permission
	UserGroups      map[int64][]int64
	UserPermissions map[int64][]int64
	Events          []auth.Event
	Last            int64  // the number of the newest event
	Hash            string // and its hash
}

// NewStore returns an empty one.
func NewStore() *Store {
	return &Store{
		Rows:     Rows{UserGroups: map[int64][]int64{}, UserPermissions: map[int64][]int64{}},
		Sessions: map[string]auth.Session{}, Attempts: map[string]AttemptRow{}, Tokens: map[string]Token{},
	}
}

// Clone returns what later changes leave as it is.
func (r Rows) Clone() Rows {
	r.UserRows, r.GroupRows, r.Events = slices.Clone(r.UserRows), slices.Clone(r.GroupRows), slices.Clone(r.Events)
	r.UserGroups, r.UserPermissions = maps.Clone(r.UserGroups), maps.Clone(r.UserPermissions)
	return r
}

// Change implements [accounts.Transactor].
func (f *Store) Change(ctx context.Context, change func(ctx context.Context, tx accounts.Tx) error) error {
	if f.Err != nil {
		return f.Err
	}
	rows, sessions, tokens := f.Clone(), maps.Clone(f.Sessions), maps.Clone(f.Tokens)
	tx := &changes{Store: f}
	if f.OnChange != nil {
		f.OnChange()
	}
	err := change(ctx, accounts.Tx{Users: tx, Groups: tx, Sessions: tx, Tokens: tx, Events: tx})
	if err == nil && f.Referred {
		err = fmt.Errorf("%w: by a test", auth.ErrReferred)
	}
	if err != nil {
		f.Rows, f.Sessions, f.Tokens = rows, sessions, tokens
		return err
	}
	f.Append(tx.recorded)
	return nil
}

// changes is one change of a Store.
type changes struct {
	*Store

	recorded []auth.Event
}
