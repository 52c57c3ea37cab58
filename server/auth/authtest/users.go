package authtest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// UserByEmail implements [signin.Store].
func (f *Store) UserByEmail(_ context.Context, email string) (auth.User, error) {
	f.LookedUp = append(f.LookedUp, email)
	if f.Err != nil {
		return auth.User{}, f.Err
	}
	for _, user := range f.UserRows {
		if user.Email == email || !f.Exact && auth.EmailKey(user.Email) == auth.EmailKey(email) {
			return user, nil
		}
	}
	return auth.User{}, fmt.Errorf("reading a user: %w", auth.ErrNoRow)
}

// CountAlike implements [signin.Store].
func (f *Store) CountAlike(_ context.Context, email string) (int, error) {
	alike := 0
	for _, user := range f.UserRows {
		if auth.EmailKey(user.Email) == auth.EmailKey(email) {
			alike++
		}
	}
	return alike, f.Err
}

// HashSamples implements [signin.Store].
func (f *Store) HashSamples(context.Context) ([]signin.HashSample, error) {
	samples := make([]signin.HashSample, 0, len(f.Samples))
	for _, encoded := range f.Samples {
		samples = append(samples, signin.HashSample{Encoded: encoded, Users: 1})
	}
	if f.OnSamples != nil {
		f.OnSamples()
	}
	return samples, f.Err
}

// CountSuperusers implements [accounts.UserStore].
func (f *Store) CountSuperusers(context.Context) (int, error) {
	count := 0
	for _, user := range f.UserRows {
		if user.IsSuperuser {
			count++
		}
	}
	return count, f.Err
}

// Account implements [accounts.UserStore].
func (f *Store) Account(_ context.Context, id int64) (auth.Account, error) {
	f.Read++
	user := f.User(id)
	if f.Err != nil {
		return auth.Account{}, f.Err
	}
	if user == nil {
		return auth.Account{}, fmt.Errorf("reading an account: %w", auth.ErrNoRow)
	}
	is := *user
	for _, row := range f.Attempts {
		is.Locked = is.Locked || row.UserID == id
	}
	return auth.Account{User: is, Groups: sorted(f.UserGroups[id]), Permissions: sorted(f.UserPermissions[id])}, nil
}

// PermissionsOf implements [auth.PermissionReader].
func (f *Store) PermissionsOf(_ context.Context, userID int64) ([]auth.PermissionName, error) {
	ids := slices.Clone(f.UserPermissions[userID])
	for _, group := range f.GroupRows {
		if slices.Contains(f.UserGroups[userID], group.ID) {
			ids = append(ids, group.Permissions...)
		}
	}
	var held []auth.PermissionName
	for _, p := range f.PermissionRows {
		if slices.Contains(ids, p.ID) {
			held = append(held, p.Name())
		}
	}
	return held, f.Err
}

// User returns a row, to be changed, or nil.
func (r *Rows) User(id int64) *auth.User {
	for i := range r.UserRows {
		if r.UserRows[i].ID == id {
			return &r.UserRows[i]
		}
	}
	return nil
}

// InsertUser implements [accounts.UserTx].
func (c *changes) InsertUser(ctx context.Context, user *auth.User) error {
	if _, err := c.UserByEmail(ctx, user.Email); err == nil {
		return fmt.Errorf("storing a user: %w", auth.ErrTaken)
	}
	for _, other := range c.UserRows {
		user.ID = max(user.ID, other.ID)
	}
	user.ID++
	c.UserRows = append(c.UserRows, *user)
	return nil
}

// UpdateUser implements [accounts.UserTx].
func (c *changes) UpdateUser(_ context.Context, _, user auth.User) error {
	was := c.User(user.ID)
	for _, other := range c.UserRows {
		if other.ID != user.ID && user.Email != was.Email && auth.EmailKey(other.Email) == auth.EmailKey(user.Email) {
			return fmt.Errorf("storing a user: %w", auth.ErrTaken)
		}
	}
	user.Password, user.LastLogin, user.DateJoined = was.Password, was.LastLogin, was.DateJoined
	*was = user
	return nil
}

// SetPassword implements [accounts.UserTx].
func (c *changes) SetPassword(_ context.Context, userID int64, encoded string) error {
	user := c.User(userID)
	if user == nil {
		return fmt.Errorf("storing a password: %w", auth.ErrNoRow)
	}
	user.Password = encoded
	return nil
}

// SetGroups implements [accounts.UserTx].
func (c *changes) SetGroups(_ context.Context, userID int64, groups []int64) error {
	c.UserGroups[userID] = groups
	return nil
}

// SetPermissions implements [accounts.UserTx].
func (c *changes) SetPermissions(_ context.Context, userID int64, permissions []int64) error {
	c.UserPermissions[userID] = permissions
	return nil
}

// DeleteUser implements [accounts.UserTx].
func (c *changes) DeleteUser(_ context.Context, id int64) error {
	c.UserRows = slices.DeleteFunc(c.UserRows, func(u auth.User) bool { return u.ID == id })
	maps.DeleteFunc(c.Sessions, func(_ string, s auth.Session) bool { return s.UserID == id })
	delete(c.UserGroups, id)
	delete(c.UserPermissions, id)
	return nil
}

// EachSuperuser implements [accounts.UserTx].
func (c *changes) EachSuperuser(_ context.Context, f func(auth.User) (goOn bool)) error {
	for _, user := range c.UserRows {
		if user.IsSuperuser && !f(user) {
			break
		}
	}
	return c.Err
}

// ListUsers implements [accounts.UserStore], whatever is asked for.
func (f *Store) ListUsers(context.Context, auth.ListParams) (auth.Page[auth.User], error) {
	return auth.Page[auth.User]{Items: f.UserRows, Matches: len(f.UserRows), Total: len(f.UserRows)}, f.Err
}

// EachUser implements [accounts.UserStore], whatever is asked for.
func (f *Store) EachUser(_ context.Context, _ auth.ListParams, each func(auth.User) error) error {
	for _, user := range f.UserRows {
		if err := each(user); err != nil {
			return err
		}
	}
	return f.Err
}

// RelatedRows implements [accounts.UserStore].
func (f *Store) RelatedRows(context.Context, []int64) ([]accounts.RelatedRows, error) {
	return []accounts.RelatedRows{{Name: "sessions", Count: len(f.Sessions)}}, f.Err
}

func sorted(ids []int64) []int64 {
	return append([]int64{}, slices.Compact(slices.Sorted(slices.Values(ids)))...)
}
