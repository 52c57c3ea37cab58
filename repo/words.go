package repo

import (
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// words is what the two databases say differently: in migrations, in Django's
// words, and in queries that must say the same as an index.
type words struct {
	Postgres bool

	Serial, BigSerial, Time, Bool, Now string

	// Lower is an address in lower case, as far as ASCII goes, in every locale.
	Lower string
	// BeyondASCII is true of an address with a character outside ASCII. (SQLite's
	// octet_length is too young for a Django beside us, which would fail to write
	// to a table whose index names it.)
	BeyondASCII string

	// UniqueEmail counts the unique indexes on users_user's email alone.
	UniqueEmail string
}

var sqliteWords = words{
	Serial:      "integer NOT NULL PRIMARY KEY AUTOINCREMENT",
	BigSerial:   "integer NOT NULL PRIMARY KEY AUTOINCREMENT",
	Time:        "datetime",
	Bool:        "bool",
	Now:         "strftime('%Y-%m-%d %H:%M:%f', 'now')",
	Lower:       "lower(email)",
	BeyondASCII: "length(CAST(email AS BLOB)) <> length(email)",
	UniqueEmail: `SELECT count(*) FROM pragma_index_list('users_user') AS l, pragma_index_info(l.name) AS i
		WHERE l."unique" AND NOT l.partial AND i.name = 'email' AND (SELECT count(*) FROM pragma_index_info(l.name)) = 1`,
}

var postgresWords = words{
	Postgres:    true,
	Serial:      "serial PRIMARY KEY",
	BigSerial:   "bigserial PRIMARY KEY",
	Time:        "timestamp with time zone",
	Bool:        "boolean",
	Now:         "now()",
	Lower:       `lower(email COLLATE "C")`,
	BeyondASCII: "octet_length(email) <> length(email)",
	UniqueEmail: `SELECT count(*) FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		WHERE i.indrelid = to_regclass('users_user') AND i.indisunique AND i.indnkeyatts = 1 AND i.indpred IS NULL AND a.attname = 'email'`,
}

func wordsOf(db bun.IDB) words {
	if db.Dialect().Name() == dialect.PG {
		return postgresWords
	}
	return sqliteWords
}
