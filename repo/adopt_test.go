package repo_test

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// djangoTable is users_user as a Django makes it, but for what change changes.
func djangoTable(databaseURL string, change ...string) string {
	table := `CREATE TABLE users_user (
		id bigserial PRIMARY KEY,
		password varchar(128) NOT NULL,
		last_login timestamptz NULL,
		is_superuser boolean NOT NULL,
		first_name varchar(150) NOT NULL,
		last_name varchar(150) NOT NULL,
		is_staff boolean NOT NULL,
		is_active boolean NOT NULL,
		date_joined timestamptz NOT NULL,
		email varchar(254) NOT NULL UNIQUE)`
	if strings.HasPrefix(databaseURL, "sqlite://") {
		change = append(change, "bigserial PRIMARY KEY", "integer NOT NULL PRIMARY KEY AUTOINCREMENT", "timestamptz", "datetime", "boolean", "bool")
	}
	return strings.NewReplacer(change...).Replace(table)
}

// aroundUsers are the tables of Django's beside users_user, as far as they matter
// here: two of its permissions are there already.
func aroundUsers(t *testing.T, db *sql.DB, databaseURL string) {
	t.Helper()
	tables := `
		CREATE TABLE django_content_type (id serial PRIMARY KEY, app_label varchar(100) NOT NULL, model varchar(100) NOT NULL, UNIQUE (app_label, model));
		CREATE TABLE auth_permission (id serial PRIMARY KEY, name varchar(255) NOT NULL, content_type_id integer NOT NULL, codename varchar(100) NOT NULL, UNIQUE (content_type_id, codename));
		CREATE TABLE auth_group (id serial PRIMARY KEY, name varchar(150) NOT NULL UNIQUE);
		CREATE TABLE auth_group_permissions (id serial PRIMARY KEY, group_id integer NOT NULL, permission_id integer NOT NULL);
		CREATE TABLE users_user_groups (id serial PRIMARY KEY, user_id bigint NOT NULL, group_id integer NOT NULL);
		CREATE TABLE users_user_user_permissions (id serial PRIMARY KEY, user_id bigint NOT NULL, permission_id integer NOT NULL);
		CREATE TABLE django_migrations (id integer, app varchar(255), name varchar(255));
		INSERT INTO django_content_type (app_label, model) VALUES ('users', 'user');
		INSERT INTO auth_permission (name, content_type_id, codename) VALUES ('May view users', 1, 'view_user'), ('Can fly', 1, 'fly');`
	if strings.HasPrefix(databaseURL, "sqlite://") {
		tables = strings.ReplaceAll(tables, "serial PRIMARY KEY", "integer NOT NULL PRIMARY KEY AUTOINCREMENT")
	}
	mustExec(t, db, tables)
}

func mustExec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// rows returns all of users_user as one text.
func rows(t *testing.T, db *sql.DB) string {
	t.Helper()
	found, err := db.QueryContext(t.Context(), "SELECT id, password, last_login, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email FROM users_user ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	var text strings.Builder
	for found.Next() {
		values := make([]any, 10)
		for i := range values {
			values[i] = new(any)
		}
		if err := found.Scan(values...); err != nil {
			t.Fatal(err)
		}
		for _, value := range values {
			fmt.Fprint(&text, *value.(*any), "|")
		}
		text.WriteString("\n")
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestAnExistingDjangoIsAdoptedAsItIs(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, databaseURL string) {
		db := connect(t, databaseURL)
		mustExec(t, db, djangoTable(databaseURL))
		aroundUsers(t, db, databaseURL)
		for i, email := range []string{"Alice@Example.com", "dupcase@example.com", "DupCase@example.com", "müller@example.com"} {
			mustExec(t, db, `INSERT INTO users_user (id, password, last_login, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
				VALUES ($1, 'pbkdf2_sha256$1$salt$x', NULL, false, 'A', '', false, true, '2024-06-26 08:45:00.123456+00:00', $2)`, i+1, email)
		}
		before := rows(t, db)
		store := open(t, databaseURL)
		migrate(t, store, all)
		if after := rows(t, db); after != before {
			t.Errorf("the rows were\n%sand are\n%s", before, after)
		}
		var noted int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM django_migrations").Scan(&noted); err != nil || noted != 0 {
			t.Errorf("Django's own list has %d rows more, %v", noted, err)
		}
		checkPermissions(t, db)
		user, err := store.UserByEmail(t.Context(), "alice@example.com")
		if err != nil || user.ID != 1 || user.Email != "Alice@Example.com" || !user.DateJoined.Equal(time.Date(2024, 6, 26, 8, 45, 0, 123456000, time.UTC)) {
			t.Errorf("finds %+v, %v", user, err)
		}
		session := auth.Session{ID: "s1", UserID: 1, CreatedAt: time.Now(), RenewedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
		if err := store.BeginSession(t.Context(), signin.NewSession{User: user, Session: session}); err != nil {
			t.Error(err)
		}
		for i := len(all) - 1; i >= 0; i-- {
			if _, err := store.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if count := strings.Count(rows(t, db), "\n"); count != 4 {
			t.Errorf("undoing it all leaves %d users, want 4", count)
		}
	})
}

// checkPermissions holds Django's rows of permissions against what its own migrate
// makes. What was there keeps its id and its name.
func checkPermissions(t *testing.T, db *sql.DB) {
	t.Helper()
	models := 0 // of which the migrations make permissions
	for _, name := range all {
		text, err := os.ReadFile("migrations/" + name + ".up.sql")
		if err != nil {
			t.Fatal(err)
		}
		models += strings.Count(string(text), "{{permissions ")
	}
	if models < 6 {
		t.Fatalf("the migrations name only %d models", models)
	}
	for query, want := range map[string]int{
		"SELECT count(*) FROM auth_permission": models*4 + 1,
		"SELECT count(*) FROM auth_permission WHERE id = 1 AND name = 'May view users' AND codename = 'view_user'":  1,
		"SELECT count(*) FROM auth_permission WHERE codename = 'fly'":                                               1,
		"SELECT count(*) FROM django_content_type":                                                                  models,
		"SELECT count(DISTINCT content_type_id) FROM auth_permission":                                               models,
		"SELECT count(*) FROM auth_permission WHERE name = 'Can change log entry' AND codename = 'change_logentry'": 1,
	} {
		var got int
		if err := db.QueryRowContext(t.Context(), query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", query, got, err, want)
		}
	}
}

// Permissions are Django's rows: without their tables it is no Django's database.
func TestAUsersTableWithoutDjangosOthersIsRefused(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"django_content_type", "auth_permission", "auth_group", "auth_group_permissions", "users_user_groups", "users_user_user_permissions"} {
		t.Run(missing, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, databaseURL string) {
				db := connect(t, databaseURL)
				mustExec(t, db, djangoTable(databaseURL))
				aroundUsers(t, db, databaseURL)
				mustExec(t, db, "DROP TABLE "+missing)
				applied, err := open(t, databaseURL).Migrate(t.Context())
				if err == nil || len(applied) != 0 || !strings.Contains(err.Error(), missing) || strings.Contains(err.Error(), "\n") {
					t.Errorf("applied %v, %v", applied, err)
				}
			})
		})
	}
}

func TestAUsersTableThatIsNotDjangosIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][]string{
		"without an e-mail address": {"email varchar(254) NOT NULL UNIQUE", "mail text"},
		"without date_joined":       {"date_joined timestamptz NOT NULL,", ""},
		"without last_login":        {"last_login timestamptz NULL,", ""},
		"without is_staff":          {"is_staff boolean NOT NULL,", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, databaseURL string) {
				db := connect(t, databaseURL)
				mustExec(t, db, djangoTable(databaseURL, change...))
				aroundUsers(t, db, databaseURL)
				store := open(t, databaseURL)
				applied, err := store.Migrate(t.Context())
				if err == nil || len(applied) != 0 {
					t.Fatalf("applied %v, %v", applied, err)
				}
				if text := err.Error(); !strings.Contains(text, "users_user is not the one") || strings.Contains(text, "\n") {
					t.Errorf("says %q", text)
				}
				for _, table := range []string{"latchkey_session", "latchkey_migration", "latchkey_event"} {
					if _, err := db.ExecContext(t.Context(), "SELECT count(*) FROM "+table); err == nil {
						t.Errorf("%s was made", table)
					}
				}
			})
		})
	}
}

// What the tutorial's table guarantees, a look-up by address stands on: with two
// users of one address, the first to be read would be signed in.
func TestAUsersTableWithoutUniqueAddressesIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, databaseURL string) {
		db := connect(t, databaseURL)
		mustExec(t, db, djangoTable(databaseURL, "NOT NULL UNIQUE", "NOT NULL"))
		aroundUsers(t, db, databaseURL)
		if applied, err := open(t, databaseURL).Migrate(t.Context()); err == nil {
			t.Errorf("applied %v", applied)
		}
	})
}

func TestTheDatabaseFileIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	databaseURL := sqliteURL(t)
	store := open(t, databaseURL)
	migrate(t, store, all)
	path := strings.TrimPrefix(databaseURL, "sqlite://")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("latchkey.db%s has mode %o", suffix, mode)
		}
	}
}
