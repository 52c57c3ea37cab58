package repo

import (
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/tests/pgtest"
)

// A table that nobody has declared would keep what is a deleted user's, and rows that
// expired, for ever.
func TestTablesOfOursAreDeclared(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ url, columns string }{
		"sqlite": {
			"sqlite://" + t.TempDir() + "/latchkey.db",
			`SELECT m.name || '.' || c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.name LIKE 'latchkey%'
				UNION SELECT m.name || '.user:' || f."from" FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f
				WHERE m.name LIKE 'latchkey%' AND f."table" = 'users_user'`,
		},
		"postgres": {
			pgtest.NewDatabase(t),
			`SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_name LIKE 'latchkey%'
				UNION SELECT c.conrelid::regclass || '.user:' || a.attname FROM pg_constraint AS c
				JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
				WHERE c.contype = 'f' AND c.confrelid = 'users_user'::regclass AND c.conrelid::regclass::text LIKE 'latchkey%'`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := Open(test.url)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = store.Close() }()
			if _, err := store.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			var columns []string
			if err := store.read.NewRaw(test.columns).Scan(t.Context(), &columns); err != nil {
				t.Fatal(err)
			}
			if len(columns) < 20 {
				t.Fatalf("the columns are %v", columns)
			}
			for _, column := range columns {
				table, column, _ := strings.Cut(column, ".")
				checkDeclared(t, table, column)
			}
		})
	}
}

func checkDeclared(t *testing.T, name, column string) {
	t.Helper()
	i := slices.IndexFunc(tables, func(t table) bool { return t.name == name })
	user, refers := strings.CutPrefix(column, "user:")
	switch {
	case name == "latchkey_user_search" && user == "id": // an index of users, which a trigger keeps
	case (refers || column == "user_id") && (i < 0 || tables[i].user != user || tables[i].called == ""):
		t.Errorf("%s has rows of users: declare it beside its rows, with user and called", name)
	case column == "expires_at" && (i < 0 || tables[i].expires != column || tables[i].key == ""):
		t.Errorf("%s has rows that expire: declare it beside its rows, with expires and key", name)
	}
}
