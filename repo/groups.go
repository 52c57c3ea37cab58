package repo

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth"
)

type groupRow struct {
	bun.BaseModel `bun:"table:auth_group,alias:g"`

	ID   int64  `bun:"id,pk,autoincrement"`
	Name string `bun:"name"`
}

// The rows that make users members of groups, and permit them things, are Django's. It
// deletes those of a user itself, and so do we.
var (
	_ = declare(table{name: "users_user_groups", user: "user_id", called: "memberships of groups"})
	_ = declare(table{name: "users_user_user_permissions", user: "user_id", called: "permissions"})
	// It is there where Django's own admin is.
	_ = declare(table{name: "django_admin_log", user: "user_id", called: "log entries of Django’s admin"})
)

// Permissions implements [accounts.GroupStore].
func (s *Store) Permissions(ctx context.Context) ([]auth.Permission, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	permissions, err := readPermissions(ctx, s.read)
	if err != nil {
		return nil, fmt.Errorf("reading permissions: %w", translate(ctx, err))
	}
	return permissions, nil
}

func readPermissions(ctx context.Context, db bun.IDB) ([]auth.Permission, error) {
	var rows []struct {
		ID       int64
		AppLabel string
		Model    string
		Codename string
		Name     string
	}
	err := db.NewRaw(`SELECT p.id, c.app_label, c.model, p.codename, p.name
		FROM auth_permission AS p JOIN django_content_type AS c ON c.id = p.content_type_id
		ORDER BY c.app_label, c.model, p.codename`).Scan(ctx, &rows)
	permissions := make([]auth.Permission, 0, len(rows))
	for _, row := range rows {
		permissions = append(permissions, auth.Permission{
			ID: row.ID, Model: auth.Model{App: row.AppLabel, Name: row.Model}, Code: row.Codename, Label: row.Name,
		})
	}
	return permissions, err
}

// Groups implements [accounts.GroupStore].
func (s *Store) Groups(ctx context.Context) ([]auth.Group, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	groups, err := readGroups(ctx, s.read, 0)
	if err != nil {
		return nil, fmt.Errorf("reading groups: %w", translate(ctx, err))
	}
	return groups, nil
}

// Group implements [accounts.GroupStore].
func (s *Store) Group(ctx context.Context, id int64) (auth.Group, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	group, err := readGroup(ctx, s.read, id)
	if err != nil {
		return auth.Group{}, fmt.Errorf("reading a group: %w", err)
	}
	return group, nil
}

func readGroup(ctx context.Context, db bun.IDB, id int64) (auth.Group, error) {
	groups, err := readGroups(ctx, db, id)
	if err != nil {
		return auth.Group{}, translate(ctx, err)
	}
	if len(groups) == 0 {
		return auth.Group{}, auth.ErrNoRow
	}
	return groups[0], nil
}

// readGroups reads one group, or all of them by name when id is 0.
func readGroups(ctx context.Context, db bun.IDB, id int64) ([]auth.Group, error) {
	var rows []groupRow
	query := db.NewSelect().Model(&rows).Order("name")
	if id != 0 {
		query.Where("id = ?", id)
	}
	if err := query.Scan(ctx); err != nil {
		return nil, err
	}
	groups := make([]auth.Group, 0, len(rows))
	byID := map[int64]int{}
	for _, row := range rows {
		byID[row.ID] = len(groups)
		groups = append(groups, auth.Group{ID: row.ID, Name: row.Name, Permissions: []int64{}})
	}
	var links []struct{ GroupID, PermissionID int64 }
	permitted := db.NewSelect().Table("auth_group_permissions").Column("group_id", "permission_id").Order("permission_id")
	if id != 0 {
		permitted.Where("group_id = ?", id)
	}
	if err := permitted.Scan(ctx, &links); err != nil {
		return nil, err
	}
	for _, link := range links {
		if i, known := byID[link.GroupID]; known {
			groups[i].Permissions = append(groups[i].Permissions, link.PermissionID)
		}
	}
	return groups, nil
}
