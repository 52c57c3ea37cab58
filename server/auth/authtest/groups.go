package authtest

import (
	"context"
	"fmt"
	"slices"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Permissions implements [accounts.GroupStore].
func (f *Store) Permissions(context.Context) ([]auth.Permission, error) {
	return f.PermissionRows, f.Err
}

// Groups implements [accounts.GroupStore].
func (f *Store) Groups(context.Context) ([]auth.Group, error) { return f.GroupRows, f.Err }

// Group implements [accounts.GroupStore].
func (f *Store) Group(_ context.Context, id int64) (auth.Group, error) {
	for _, group := range f.GroupRows {
		if group.ID == id {
			return group, f.Err
		}
	}
	return auth.Group{}, fmt.Errorf("reading a group: %w", auth.ErrNoRow)
}

// SaveGroup implements [accounts.GroupTx].
func (c *changes) SaveGroup(_ context.Context, group *auth.Group) error {
	for _, other := range c.GroupRows {
		if other.ID != group.ID && other.Name == group.Name {
			return fmt.Errorf("storing a group: %w", auth.ErrTaken)
		}
	}
	if group.ID == 0 {
		for _, other := range c.GroupRows {
			group.ID = max(group.ID, other.ID)
		}
		group.ID++
		c.GroupRows = append(c.GroupRows, *group)
		return nil
	}
	for i := range c.GroupRows {
		if c.GroupRows[i].ID == group.ID {
			c.GroupRows[i] = *group
		}
	}
	return nil
}

// DeleteGroup implements [accounts.GroupTx].
func (c *changes) DeleteGroup(_ context.Context, id int64) error {
	c.GroupRows = slices.DeleteFunc(c.GroupRows, func(g auth.Group) bool { return g.ID == id })
	for user, groups := range c.UserGroups {
		c.UserGroups[user] = slices.DeleteFunc(slices.Clone(groups), func(g int64) bool { return g == id })
	}
	return nil
}

// ListGroups implements [accounts.GroupStore], whatever is asked for.
func (f *Store) ListGroups(context.Context, auth.ListParams) (auth.Page[auth.Group], error) {
	return auth.Page[auth.Group]{Items: f.GroupRows, Matches: len(f.GroupRows), Total: len(f.GroupRows)}, f.Err
}
