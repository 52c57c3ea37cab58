package repo

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/uptrace/bun"
)

// Why not bun/migrate: its lock is a row that a crash leaves behind, and it
// notes a migration outside the transaction that applies it. Here everything
// that is to be applied, and the note of it, is one transaction; both databases
// can do that with DDL.

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrateLock is the PostgreSQL advisory lock that makes instances which start
// at once migrate one after the other. SQLite has its one writer.
const migrateLock = 0x6c61746368 // "latch"

// migrateWait is how long SQLite waits for another process that migrates.
const migrateWait = 30 * time.Second

// ErrNewer says that the database has migrations that this binary lacks.
var ErrNewer = errors.New("the database is newer than this latchkey")

// errNotAdoptable says that there is a users_user, but not the one we know.
var errNotAdoptable = errors.New("the table users_user is not the one that the tutorial's Django makes (AbstractUser without username, email unique)")

// MigrationStatus is one migration and when it was applied; AppliedAt is nil
// for one that was not.
type MigrationStatus struct {
	Name      string
	AppliedAt *time.Time
}

type migrationRow struct {
	bun.BaseModel `bun:"table:latchkey_migration,alias:m"`

	Name      string    `bun:"name,pk"`
	AppliedAt time.Time `bun:"applied_at"`
}

// Migrate applies what has not been applied, all of it or nothing, and returns
// the names. Several processes may call it at once. The error is ErrNewer when
// the database has been migrated by a newer latchkey.
func (s *Store) Migrate(ctx context.Context) (applied []string, err error) {
	if pending, err := s.Pending(ctx); err != nil || len(pending) == 0 {
		return nil, err
	}
	err = s.alone(ctx, func(ctx context.Context, tx bun.Tx) error {
		status, err := readStatus(ctx, tx) // again: somebody may have been faster
		if err != nil {
			return err
		}
		for _, migration := range pendingOf(status) {
			if err := s.apply(ctx, tx, migration); err != nil {
				return fmt.Errorf("%s: %w", migration, err)
			}
			applied = append(applied, migration)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("migrating the database: %w", err)
	}
	return applied, nil
}

// Rollback undoes the newest applied migration and returns its name, or "" when
// none is applied. Users stay, whatever is undone.
func (s *Store) Rollback(ctx context.Context) (name string, err error) {
	err = s.alone(ctx, func(ctx context.Context, tx bun.Tx) error {
		status, err := readStatus(ctx, tx)
		if err != nil {
			return err
		}
		for _, m := range status {
			if m.AppliedAt != nil {
				name = m.Name
			}
		}
		if name == "" {
			return nil
		}
		if err := s.run(ctx, tx, name+".down.sql", false); err != nil {
			return err
		}
		_, err = tx.NewDelete().Model((*migrationRow)(nil)).Where("name = ?", name).Exec(ctx)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("rolling back: %w", err)
	}
	return name, nil
}

// Migrations returns every migration in order. The error is ErrNewer when the
// database has one that is not among them.
func (s *Store) Migrations(ctx context.Context) ([]MigrationStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	exists, err := hasTable(ctx, s.read, "latchkey_migration")
	if err == nil && !exists {
		return withoutAny(), nil
	}
	if err == nil {
		var status []MigrationStatus
		if status, err = readStatus(ctx, s.read); err == nil {
			return status, nil
		}
	}
	return nil, fmt.Errorf("reading the migrations: %w", translate(ctx, err))
}

// Pending returns the names of migrations that are not applied.
func (s *Store) Pending(ctx context.Context) ([]string, error) {
	status, err := s.Migrations(ctx)
	return pendingOf(status), err
}

// alone runs f in a transaction while no other process migrates.
func (s *Store) alone(ctx context.Context, f func(ctx context.Context, tx bun.Tx) error) error {
	if !s.isPostgres() {
		restore, err := s.waitLonger(ctx)
		if err != nil {
			return translate(ctx, err)
		}
		defer restore()
	}
	// Not inTx: an index on a million users may take a while.
	return translate(ctx, s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if s.isPostgres() {
			if _, err := tx.NewRaw("SELECT pg_advisory_xact_lock(?)", migrateLock).Exec(ctx); err != nil {
				return err
			}
		}
		if _, err := tx.NewCreateTable().Model((*migrationRow)(nil)).IfNotExists().Exec(ctx); err != nil {
			return err
		}
		return f(ctx, tx)
	}))
}

// waitLonger makes SQLite's writer wait out another process's migration. It is
// one connection, so the setting reaches the transaction that follows.
func (s *Store) waitLonger(ctx context.Context) (restore func(), err error) {
	set := func(ctx context.Context, d time.Duration) error {
		_, err := s.write.NewRaw("PRAGMA busy_timeout = ?", d.Milliseconds()).Exec(ctx)
		return err
	}
	return func() { _ = set(context.WithoutCancel(ctx), busyTimeout) }, set(ctx, migrateWait)
}

// apply runs a migration and notes it.
func (s *Store) apply(ctx context.Context, tx bun.Tx, name string) error {
	adopted := false
	if name == djangoMigration {
		var err error
		if adopted, err = adopt(ctx, tx); err != nil {
			return err
		}
	}
	if err := s.run(ctx, tx, name+".up.sql", adopted); err != nil {
		return err
	}
	_, err := tx.NewInsert().Model(&migrationRow{Name: name, AppliedAt: time.Now().UTC()}).Exec(ctx)
	return err
}

// djangoMigration makes Django's tables where there are none.
const djangoMigration = "0001_django"

// besideUsers are the tables of Django's, beside users_user, that are read and written.
var besideUsers = []string{
	"django_content_type", "auth_permission", "auth_group", "auth_group_permissions", "users_user_groups", "users_user_user_permissions",
}

// adopt reports whether Django's tables are there already, and fails when they
// are not as expected.
func adopt(ctx context.Context, tx bun.Tx) (adopted bool, err error) {
	exists, err := hasTable(ctx, tx, "users_user")
	if err != nil || !exists {
		return false, err
	}
	var none []userRow
	if err := tx.NewSelect().Model(&none).Where("1 = 0").Scan(ctx); err != nil {
		return false, fmt.Errorf("%w: %w", errNotAdoptable, err)
	}
	var unique int
	if err := tx.NewRaw(dialectOf(tx).UniqueEmail).Scan(ctx, &unique); err != nil {
		return false, err
	}
	if unique == 0 {
		return false, fmt.Errorf("%w: email is not unique", errNotAdoptable)
	}
	for _, table := range besideUsers {
		exists, err := hasTable(ctx, tx, table)
		if err != nil {
			return false, err
		}
		if !exists {
			return false, fmt.Errorf("%w: there is no table %s", errNotAdoptable, table)
		}
	}
	return true, nil
}

func (s *Store) run(ctx context.Context, tx bun.Tx, file string, skip bool) error {
	text, err := s.render(file)
	if err != nil || skip || isComment(text) {
		return err
	}
	_, err = tx.Tx.ExecContext(ctx, text) // as it is: bun would look for placeholders
	return err
}

func (s *Store) render(file string) (string, error) {
	parsed, err := template.New(file).Funcs(template.FuncMap{"permissions": permissions}).ParseFS(migrationFiles, "migrations/"+file)
	if err != nil {
		return "", fmt.Errorf("reading a migration: %w", err)
	}
	var text strings.Builder
	if err := parsed.Execute(&text, dialectOf(s.write)); err != nil {
		return "", fmt.Errorf("reading a migration: %w", err)
	}
	return text.String(), nil
}

func isComment(sql string) bool {
	for line := range strings.Lines(sql) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") {
			return false
		}
	}
	return true
}

func readStatus(ctx context.Context, db bun.IDB) ([]MigrationStatus, error) {
	var rows []migrationRow
	if err := db.NewSelect().Model(&rows).Order("name").Scan(ctx); err != nil {
		return nil, err
	}
	status := withoutAny()
	for _, row := range rows {
		i := slices.IndexFunc(status, func(m MigrationStatus) bool { return m.Name == row.Name })
		if i < 0 {
			return nil, fmt.Errorf("%w: it has %s", ErrNewer, row.Name)
		}
		status[i].AppliedAt = inUTC(&row.AppliedAt)
	}
	return status, nil
}

// withoutAny is every migration of this binary, none of them applied.
func withoutAny() []MigrationStatus {
	files, _ := fs.Glob(migrationFiles, "migrations/*.up.sql") // fails on a bad pattern only
	status := make([]MigrationStatus, 0, len(files))
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "migrations/"), ".up.sql")
		status = append(status, MigrationStatus{Name: name})
	}
	return status
}

func pendingOf(status []MigrationStatus) []string {
	var names []string
	for _, m := range status {
		if m.AppliedAt == nil {
			names = append(names, m.Name)
		}
	}
	return names
}

func hasTable(ctx context.Context, db bun.IDB, name string) (bool, error) {
	query := "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
	if dialectOf(db).Postgres {
		query = "SELECT count(*) FROM pg_class WHERE oid = to_regclass(?)"
	}
	var count int
	err := db.NewRaw(query, name).Scan(ctx, &count)
	return count > 0, err
}
