package auth

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// fakeStore keeps everything in memory, as the contract in ports.go has it. What
// the domain itself does not read of the Reader is not there.
type fakeStore struct {
	Reader

	fakeRows
	sessions map[string]Session
	attempts map[string]FailedAttempts
	setups   map[string]fakeSetup
	samples  []string
	exact    bool // addresses are alike only when they are the same

	err         error                           // of everything
	countErr    error                           // of CountFailedAttempt
	onSamples   func()                          // what happens while the samples are read
	onBegin     func(login NewSession) error    // what happens before a session is begun
	onCount     func(ctx context.Context) error // what happens before a failure is counted
	onChange    func()                          // what happens before a change
	onHead      func()                          // what happens after the end of the events was read
	referred    bool                            // a change that is made turns out to be impossible
	begun       []NewSession
	lookedUp    []string // addresses
	asked       int      // how often for failed attempts
	deletedTill [2]time.Time
}

func (f *fakeStore) UserByEmail(_ context.Context, email string) (User, error) {
	f.lookedUp = append(f.lookedUp, email)
	if f.err != nil {
		return User{}, f.err
	}
	for _, user := range f.users {
		if user.Email == email || !f.exact && EmailKey(user.Email) == EmailKey(email) {
			return user, nil
		}
	}
	return User{}, fmt.Errorf("reading a user: %w", ErrNoRow)
}

func (f *fakeStore) CountAlike(_ context.Context, email string) (int, error) {
	alike := 0
	for _, user := range f.users {
		if EmailKey(user.Email) == EmailKey(email) {
			alike++
		}
	}
	return alike, f.err
}

func (f *fakeStore) BeginSession(_ context.Context, login NewSession) error {
	f.begun = append(f.begun, login)
	if f.onBegin != nil {
		if err := f.onBegin(login); err != nil {
			return err
		}
	}
	user := f.user(login.User.ID)
	if user == nil || user.Password != login.User.Password || !user.IsActive {
		return fmt.Errorf("beginning a session: %w", ErrChanged)
	}
	if login.UpgradePassword != "" {
		user.Password = login.UpgradePassword
	}
	for _, key := range login.ForgetAttempts {
		delete(f.attempts, key)
	}
	f.sessions[login.Session.ID] = login.Session
	f.record(login.Events)
	return nil
}

func (f *fakeStore) SessionByID(_ context.Context, id string) (Session, User, error) {
	session, known := f.sessions[id]
	if f.err != nil {
		return Session{}, User{}, f.err
	}
	user := f.user(session.UserID)
	if !known || user == nil {
		return Session{}, User{}, fmt.Errorf("reading a session: %w", ErrNoRow)
	}
	return session, *user, nil
}

func (f *fakeStore) RenewSession(_ context.Context, id string, at time.Time) error {
	session, known := f.sessions[id]
	if !known || session.RevokedAt != nil {
		return fmt.Errorf("renewing a session: %w", ErrNoRow)
	}
	session.RenewedAt = at
	f.sessions[id] = session
	return f.err
}

func (f *fakeStore) ConfirmSession(_ context.Context, id string, at time.Time) error {
	session, known := f.sessions[id]
	if !known || session.RevokedAt != nil {
		return fmt.Errorf("confirming a session: %w", ErrNoRow)
	}
	session.ConfirmedAt = &at
	f.sessions[id] = session
	return f.err
}

func (f *fakeStore) RevokeSession(_ context.Context, id string, at time.Time, event Event) error {
	if f.end(id, at) {
		f.record([]Event{event})
	}
	return f.err
}

// end ends a session; it reports whether it was not over yet.
func (f *fakeStore) end(id string, at time.Time) bool {
	session, known := f.sessions[id]
	if !known || session.IsOver(at) {
		return false
	}
	session.RevokedAt = &at
	f.sessions[id] = session
	return true
}

func (f *fakeStore) FailedAttempts(_ context.Context, keys []string, since time.Time) ([]FailedAttempts, error) {
	f.asked++
	var found []FailedAttempts
	for _, key := range keys {
		if a, counted := f.attempts[key]; counted && a.Since.After(since) {
			found = append(found, a)
		}
	}
	return found, f.err
}

func (f *fakeStore) CountFailedAttempt(ctx context.Context, keys []string, at, since time.Time) error {
	if f.onCount != nil {
		if err := f.onCount(ctx); err != nil {
			return err
		}
	}
	for _, key := range keys {
		a := f.attempts[key]
		if !a.Since.After(since) {
			a = FailedAttempts{Key: key, Since: at}
		}
		a.Count++
		f.attempts[key] = a
	}
	return f.countErr
}

func (f *fakeStore) HashSamples(context.Context) ([]HashSample, error) {
	samples := make([]HashSample, 0, len(f.samples))
	for _, encoded := range f.samples {
		samples = append(samples, HashSample{Encoded: encoded, Users: 1})
	}
	if f.onSamples != nil {
		f.onSamples()
	}
	return samples, f.err
}

func (f *fakeStore) DeleteEnded(_ context.Context, sessionsBefore, attemptsBefore time.Time) (int64, error) {
	f.deletedTill = [2]time.Time{sessionsBefore, attemptsBefore}
	return 3, f.err
}

func (f *fakeStore) CountSuperusers(context.Context) (int, error) {
	count := 0
	for _, user := range f.users {
		if user.IsSuperuser {
			count++
		}
	}
	return count, f.err
}

func (f *fakeStore) AddSetup(_ context.Context, tokenHash string, expires time.Time) error {
	f.setups[tokenHash] = fakeSetup{expires: expires}
	return f.err
}

func (f *fakeStore) SetupIsOpen(_ context.Context, tokenHash string, at time.Time) (bool, error) {
	setup, known := f.setups[tokenHash]
	return known && !setup.used && at.Before(setup.expires), f.err
}

func (f *fakeStore) Account(_ context.Context, id int64) (Account, error) {
	user := f.user(id)
	if f.err != nil {
		return Account{}, f.err
	}
	if user == nil {
		return Account{}, fmt.Errorf("reading an account: %w", ErrNoRow)
	}
	return Account{User: *user, Groups: inOrder(f.userGroups[id]), Permissions: inOrder(f.userPermissions[id])}, nil
}

func (f *fakeStore) RightsOf(_ context.Context, userID int64) ([]PermissionName, error) {
	ids := slices.Clone(f.userPermissions[userID])
	for _, group := range f.groups {
		if slices.Contains(f.userGroups[userID], group.ID) {
			ids = append(ids, group.Permissions...)
		}
	}
	var held []PermissionName
	for _, p := range f.permissions {
		if slices.Contains(ids, p.ID) {
			held = append(held, p.Name())
		}
	}
	return held, f.err
}

func (f *fakeStore) Permissions(context.Context) ([]Permission, error) {
	return f.permissions, f.err
}

func (f *fakeStore) Groups(context.Context) ([]Group, error) { return f.groups, f.err }

func (f *fakeStore) Group(_ context.Context, id int64) (Group, error) {
	for _, group := range f.groups {
		if group.ID == id {
			return group, f.err
		}
	}
	return Group{}, fmt.Errorf("reading a group: %w", ErrNoRow)
}

func (f *fakeStore) EachEvent(_ context.Context, _ ListParams, each func(Event) error) error {
	for _, event := range f.events {
		if err := each(event); err != nil {
			return err
		}
	}
	return f.err
}

func (f *fakeStore) EventHead(context.Context) (last int64, hash string, err error) {
	last, hash = f.last, f.hash
	if f.onHead != nil {
		f.onHead()
	}
	return last, hash, f.err
}

// fakeRows are what a change that fails leaves as they were.
type fakeRows struct {
	users           []User
	groups          []Group
	permissions     []Permission
	userGroups      map[int64][]int64
	userPermissions map[int64][]int64
	events          []Event
	last            int64  // the number of the newest event
	hash            string // and its hash
}

type fakeSetup struct {
	expires time.Time
	used    bool
}

func newFakeStore() *fakeStore {
	return &fakeStore{
		fakeRows: fakeRows{userGroups: map[int64][]int64{}, userPermissions: map[int64][]int64{}},
		sessions: map[string]Session{}, attempts: map[string]FailedAttempts{}, setups: map[string]fakeSetup{},
	}
}

func (r fakeRows) clone() fakeRows {
	r.users, r.groups, r.events = slices.Clone(r.users), slices.Clone(r.groups), slices.Clone(r.events)
	r.userGroups, r.userPermissions = maps.Clone(r.userGroups), maps.Clone(r.userPermissions)
	return r
}

// record puts events at the end of the chain.
func (r *fakeRows) record(events []Event) {
	for _, event := range events {
		event.ID = r.last + 1
		hash, err := event.Chain(r.hash)
		if err != nil {
			panic(err)
		}
		event.Hash = hash
		r.events, r.last, r.hash = append(r.events, event), event.ID, hash
	}
}

func (r *fakeRows) user(id int64) *User {
	for i := range r.users {
		if r.users[i].ID == id {
			return &r.users[i]
		}
	}
	return nil
}

func (f *fakeStore) Change(ctx context.Context, change func(ctx context.Context, tx Changes) error) error {
	if f.err != nil {
		return f.err
	}
	rows, sessions, setups := f.clone(), maps.Clone(f.sessions), maps.Clone(f.setups)
	tx := &fakeChanges{fakeStore: f}
	if f.onChange != nil {
		f.onChange()
	}
	err := change(ctx, tx)
	if err == nil && f.referred {
		err = fmt.Errorf("%w: by a test", ErrReferred)
	}
	if err != nil {
		f.fakeRows, f.sessions, f.setups = rows, sessions, setups
		return err
	}
	f.record(tx.recorded)
	return nil
}

// fakeChanges is one change of a fakeStore.
type fakeChanges struct {
	*fakeStore

	recorded []Event
}

func (c *fakeChanges) CountActiveSuperusers(_ context.Context, besides []int64) (int, error) {
	count := 0
	for _, user := range c.users {
		canSignIn := user.IsActive && user.IsStaff && !strings.HasPrefix(user.Password, "!")
		if user.IsSuperuser && canSignIn && !slices.Contains(besides, user.ID) {
			count++
		}
	}
	return count, nil
}

func (c *fakeChanges) InsertUser(ctx context.Context, user *User) error {
	if _, err := c.UserByEmail(ctx, user.Email); err == nil {
		return fmt.Errorf("storing a user: %w", ErrTaken)
	}
	for _, other := range c.users {
		user.ID = max(user.ID, other.ID)
	}
	user.ID++
	c.users = append(c.users, *user)
	return nil
}

func (c *fakeChanges) UpdateUser(_ context.Context, user User) error {
	was := c.user(user.ID)
	for _, other := range c.users {
		if other.ID != user.ID && user.Email != was.Email && EmailKey(other.Email) == EmailKey(user.Email) {
			return fmt.Errorf("storing a user: %w", ErrTaken)
		}
	}
	user.Password, user.LastLogin, user.DateJoined = was.Password, was.LastLogin, was.DateJoined
	*was = user
	return nil
}

func (c *fakeChanges) SetPassword(_ context.Context, userID int64, encoded string) error {
	user := c.user(userID)
	if user == nil {
		return fmt.Errorf("storing a password: %w", ErrNoRow)
	}
	user.Password = encoded
	return nil
}

func (c *fakeChanges) SetGroups(_ context.Context, userID int64, groups []int64) error {
	c.userGroups[userID] = groups
	return nil
}

func (c *fakeChanges) SetPermissions(_ context.Context, userID int64, permissions []int64) error {
	c.userPermissions[userID] = permissions
	return nil
}

func (c *fakeChanges) DeleteUser(_ context.Context, id int64) error {
	c.users = slices.DeleteFunc(c.users, func(u User) bool { return u.ID == id })
	maps.DeleteFunc(c.sessions, func(_ string, s Session) bool { return s.UserID == id })
	delete(c.userGroups, id)
	delete(c.userPermissions, id)
	return nil
}

func (c *fakeChanges) EndSessions(_ context.Context, userID int64, at time.Time, except string) (int64, error) {
	ended := int64(0)
	for id, session := range c.sessions {
		if session.UserID == userID && id != except && c.end(id, at) {
			ended++
		}
	}
	return ended, nil
}

func (c *fakeChanges) EndSession(_ context.Context, id string, at time.Time) (bool, error) {
	return c.end(id, at), nil
}

func (c *fakeChanges) MarkSession(_ context.Context, id, passwordMark string) error {
	if session, known := c.sessions[id]; known {
		session.PasswordMark = passwordMark
		c.sessions[id] = session
	}
	return nil
}

func (c *fakeChanges) SaveGroup(_ context.Context, group *Group) error {
	for _, other := range c.groups {
		if other.ID != group.ID && other.Name == group.Name {
			return fmt.Errorf("storing a group: %w", ErrTaken)
		}
	}
	if group.ID == 0 {
		for _, other := range c.groups {
			group.ID = max(group.ID, other.ID)
		}
		group.ID++
		c.groups = append(c.groups, *group)
		return nil
	}
	for i := range c.groups {
		if c.groups[i].ID == group.ID {
			c.groups[i] = *group
		}
	}
	return nil
}

func (c *fakeChanges) DeleteGroup(_ context.Context, id int64) error {
	c.groups = slices.DeleteFunc(c.groups, func(g Group) bool { return g.ID == id })
	for user, groups := range c.userGroups {
		c.userGroups[user] = slices.DeleteFunc(slices.Clone(groups), func(g int64) bool { return g == id })
	}
	return nil
}

func (c *fakeChanges) UseSetup(ctx context.Context, tokenHash string, at time.Time) error {
	if open, _ := c.SetupIsOpen(ctx, tokenHash, at); !open {
		return fmt.Errorf("using a link: %w", ErrNoRow)
	}
	c.setups[tokenHash] = fakeSetup{expires: c.setups[tokenHash].expires, used: true}
	return nil
}

func (c *fakeChanges) LastEvent(_ context.Context, kind, subjectID string, action Action) (Event, error) {
	for _, event := range slices.Backward(c.events) {
		if event.Kind == kind && event.SubjectID == subjectID && event.Action == action {
			return event, nil
		}
	}
	return Event{}, fmt.Errorf("reading an event: %w", ErrNoRow)
}

func (c *fakeChanges) Record(event Event) { c.recorded = append(c.recorded, event) }
