package repo

import (
	"fmt"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// sqlDialect is what the two databases say differently: in migrations, in Django's
// words, and in queries that must say the same as an index. Lists have a dialect of their
// own, in repo/lists.
type sqlDialect struct {
	Postgres bool

	Serial, BigSerial, ID, Time, Bool, Now string

	// Lower is an address in lower case, as far as ASCII goes, in every locale.
	Lower string
	// BeyondASCII is true of an address with a character outside ASCII. (SQLite's
	// octet_length is too young for a Django beside us, which would fail to write
	// to a table whose index names it.)
	BeyondASCII string

	// UniqueEmail counts the unique indexes on users_user's email alone.
	UniqueEmail string
}

var sqliteDialect = sqlDialect{
	Serial:      "integer NOT NULL PRIMARY KEY AUTOINCREMENT",
	BigSerial:   "integer NOT NULL PRIMARY KEY AUTOINCREMENT",
	ID:          "integer NOT NULL PRIMARY KEY",
	Time:        "datetime",
	Bool:        "bool",
	Now:         "strftime('%Y-%m-%d %H:%M:%f', 'now')",
	Lower:       "lower(email)",
	BeyondASCII: "length(CAST(email AS BLOB)) <> length(email)",
	UniqueEmail: `SELECT count(*) FROM pragma_index_list('users_user') AS l, pragma_index_info(l.name) AS i
		WHERE l."unique" AND NOT l.partial AND i.name = 'email' AND (SELECT count(*) FROM pragma_index_info(l.name)) = 1`,
}

var postgresDialect = sqlDialect{
	Postgres:    true,
	Serial:      "serial PRIMARY KEY",
	BigSerial:   "bigserial PRIMARY KEY",
	ID:          "bigint PRIMARY KEY",
	Time:        "timestamp with time zone",
	Bool:        "boolean",
	Now:         "now()",
	Lower:       `lower(email COLLATE "C")`,
	BeyondASCII: "octet_length(email) <> length(email)",
	UniqueEmail: `SELECT count(*) FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		WHERE i.indrelid = to_regclass('users_user') AND i.indisunique AND i.indnkeyatts = 1 AND i.indpred IS NULL AND a.attname = 'email'`,
}

// SortedUserColumns are those by which users can be sorted, beside the address.
func (sqlDialect) SortedUserColumns() []string {
	return []string{"first_name", "last_name", "is_staff", "is_active", "is_superuser", "date_joined", "last_login"}
}

// permissions writes, for a migration, the rows with which Django lets a model be
// viewed, added, changed and deleted, where they are missing. model is in Django's
// small letters, name as people say it.
func permissions(app, model, name string) string {
	var sql strings.Builder
	fmt.Fprintf(&sql, `INSERT INTO django_content_type (app_label, model)
	SELECT '%[1]s', '%[2]s' WHERE NOT EXISTS (SELECT 1 FROM django_content_type WHERE app_label = '%[1]s' AND model = '%[2]s');
`, app, model)
	for _, verb := range []string{"add", "change", "delete", "view"} { // Django's order
		fmt.Fprintf(&sql, `INSERT INTO auth_permission (name, content_type_id, codename)
	SELECT 'Can %[3]s %[4]s', c.id, '%[3]s_%[2]s' FROM django_content_type AS c
	WHERE c.app_label = '%[1]s' AND c.model = '%[2]s'
	AND NOT EXISTS (SELECT 1 FROM auth_permission WHERE content_type_id = c.id AND codename = '%[3]s_%[2]s');
`, app, model, verb, name)
	}
	return sql.String()
}

func dialectOf(db bun.IDB) sqlDialect {
	if db.Dialect().Name() == dialect.PG {
		return postgresDialect
	}
	return sqliteDialect
}
