package repo

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth"
)

type groupRow struct {
	bun.BaseModel `bun:"table:auth_group,alias:g"`

	ID   int64  `bun:"id,pk,autoincrement"`
	Name string `bun:"name"`
}

type setupRow struct {
	bun.BaseModel `bun:"table:latchkey_setup,alias:t"`

	TokenHash string     `bun:"token_hash,pk"`
	ExpiresAt time.Time  `bun:"expires_at"`
	UsedAt    *time.Time `bun:"used_at"`
}

// belongings are the tables of Django's and ours whose rows go with a user.
// users_user_groups and the like are Django's, which deletes their rows itself;
// django_admin_log is there where Django's own admin is.
var belongings = []struct{ table, name string }{
	{"users_user_groups", "memberships of groups"},
	{"users_user_user_permissions", "permissions"},
	{"django_admin_log", "log entries of Django’s admin"},
	{"latchkey_session", "sessions"},
}

// RelatedRows implements [auth.Reader].
func (s *Store) RelatedRows(ctx context.Context, userIDs []int64) ([]auth.RelatedRows, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	var found []auth.RelatedRows
	for _, each := range belongings {
		exists, err := hasTable(ctx, s.read, each.table)
		if err == nil && exists {
			var count int64
			count, err = s.read.NewSelect().Table(each.table).Where("user_id IN (?)", bun.List(userIDs)).Count(ctx)
			found = append(found, auth.RelatedRows{Name: each.name, Count: int(count)})
		}
		if err != nil {
			return nil, fmt.Errorf("counting what belongs to users: %w", translate(ctx, err))
		}
	}
	return found, nil
}

// Account implements [auth.Reader].
func (s *Store) Account(ctx context.Context, id int64) (auth.Account, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	account, err := readAccount(ctx, s.read, id, false)
	if err != nil {
		return auth.Account{}, fmt.Errorf("reading an account: %w", translate(ctx, err))
	}
	return account, nil
}

func readAccount(ctx context.Context, db bun.IDB, id int64, lock bool) (auth.Account, error) {
	var row userRow
	query := db.NewSelect().Model(&row).Where("id = ?", id)
	if lock && dialectOf(db).Postgres {
		query.For("UPDATE")
	}
	if err := query.Scan(ctx); err != nil {
		return auth.Account{}, translate(ctx, err)
	}
	account := auth.Account{User: row.user(), Groups: []int64{}, Permissions: []int64{}}
	err := db.NewSelect().Table("users_user_groups").Column("group_id").Where("user_id = ?", id).Order("group_id").Scan(ctx, &account.Groups)
	if err != nil {
		return auth.Account{}, err
	}
	err = db.NewSelect().Table("users_user_user_permissions").Column("permission_id").Where("user_id = ?", id).Order("permission_id").Scan(ctx, &account.Permissions)
	return account, err
}

// RightsOf implements [auth.Reader].
func (s *Store) RightsOf(ctx context.Context, userID int64) ([]auth.PermissionName, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	held, err := rightsOf(ctx, s.read, userID)
	if err != nil {
		return nil, fmt.Errorf("reading permissions: %w", translate(ctx, err))
	}
	return held, nil
}

const rightsQuery = `
	SELECT c.app_label || '.' || p.codename FROM auth_permission AS p JOIN django_content_type AS c ON c.id = p.content_type_id
	WHERE p.id IN (SELECT permission_id FROM users_user_user_permissions WHERE user_id = ?0)
	OR p.id IN (SELECT gp.permission_id FROM auth_group_permissions AS gp JOIN users_user_groups AS ug ON ug.group_id = gp.group_id WHERE ug.user_id = ?0)`

func rightsOf(ctx context.Context, db bun.IDB, userID int64) ([]auth.PermissionName, error) {
	var held []auth.PermissionName
	err := db.NewRaw(rightsQuery, userID).Scan(ctx, &held)
	return held, err
}

// Permissions implements [auth.Reader].
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

// Groups implements [auth.Reader].
func (s *Store) Groups(ctx context.Context) ([]auth.Group, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	groups, err := readGroups(ctx, s.read, 0)
	if err != nil {
		return nil, fmt.Errorf("reading groups: %w", translate(ctx, err))
	}
	return groups, nil
}

// Group implements [auth.Reader].
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

// CountSuperusers implements [auth.Store].
func (s *Store) CountSuperusers(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	count, err := countSuperusers(ctx, s.read)
	if err != nil {
		return 0, fmt.Errorf("counting superusers: %w", translate(ctx, err))
	}
	return count, nil
}

// AddSetup implements [auth.Store].
func (s *Store) AddSetup(ctx context.Context, tokenHash string, expires time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	if _, err := s.write.NewInsert().Model(&setupRow{TokenHash: tokenHash, ExpiresAt: expires}).Exec(ctx); err != nil {
		return fmt.Errorf("storing a one-time link: %w", translate(ctx, err))
	}
	return nil
}

// SetupIsOpen implements [auth.Store].
func (s *Store) SetupIsOpen(ctx context.Context, tokenHash string, at time.Time) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	open, err := s.read.NewSelect().Model((*setupRow)(nil)).
		Where("token_hash = ?", tokenHash).Where("used_at IS NULL").Where("expires_at > ?", at).Exists(ctx)
	if err != nil {
		return false, fmt.Errorf("reading a one-time link: %w", translate(ctx, err))
	}
	return open, nil
}
