package tests

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/tests/apptest"
	"github.com/latchkey-auth/latchkey/tests/pgtest"
)

// account is a line of testdata/accounts.jsonl.
type account struct {
	ID       int64   `json:"id"`
	Email    string  `json:"email"`
	Password *string `json:"password"` // null: none
	Encoded  string  `json:"encoded"`
	IsActive bool    `json:"is_active"`
}

// usable reports whether an encoding is one of those that the design lists.
func (a account) usable() bool {
	return a.Password != nil && !strings.HasPrefix(a.Encoded, "md5$")
}

// A real Django database is served as it is: everybody logs in with the password
// they have, and nothing of Django's changes but password and last_login.
func TestADjangoDatabaseIsServedAsItIs(t *testing.T) {
	t.Parallel()
	app := apptest.StartUnmigrated(t, restoreDump(t), apptest.RealHashes)
	db := app.DB(t)
	before, shapeBefore := readTables(t, db), readShape(t, db)
	if _, err := app.Store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}

	accounts := readAccounts(t)
	loggedIn := map[string]bool{}
	for _, a := range accounts {
		password := ""
		if a.Password != nil {
			password = *a.Password
		}
		want := http.StatusUnauthorized
		if a.IsActive && a.usable() {
			want = http.StatusOK
			loggedIn[fmt.Sprint(a.ID)] = true
		}
		for _, try := range []string{"first", "second"} { // the second meets an upgraded hash
			got := app.Do(t, apptest.LoginRequest(a.Email, password))
			if got.Status != want {
				t.Errorf("%s login of %s (%.24s…): %d", try, a.Email, a.Encoded, got.Status)
				continue
			}
			if want == http.StatusOK && got.Token(t).User["id"] != float64(a.ID) {
				t.Errorf("%s is signed in as %v", a.Email, got.Token(t).User)
			}
		}
		wantStatus(t, app, apptest.LoginRequest(a.Email, password+"x"), http.StatusUnauthorized, "invalid_credentials")
	}
	checkUntouched(t, before, readTables(t, db), loggedIn)
	if after := readShape(t, db); !reflect.DeepEqual(after, shapeBefore) {
		t.Errorf("Django's tables have changed:\n%v\n%v", shapeBefore, after)
	}
}

func TestEmailTwinsOfADjangoDatabase(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, restoreDump(t), apptest.RealHashes)
	for email, want := range map[string]int{"dupcase@example.com": 200, "DUPCASE@example.com": 401, "mixedcase@EXAMPLE.com": 200} {
		password := map[string]string{"dupcase@example.com": "lower-case-1", "DUPCASE@example.com": "lower-case-1"}[email]
		if password == "" {
			password = "Mixed-case-1"
		}
		if got := app.Do(t, apptest.LoginRequest(email, password)); got.Status != want {
			t.Errorf("%s: %d", email, got.Status)
		}
	}
	for _, twin := range []accounts.NewUser{
		{Email: "DupCase@example.com", Password: "wonderland-42"},
		{Email: "dUPCASE@example.com", Password: "wonderland-42"},
		{Email: "ALICE@EXAMPLE.COM", Password: "wonderland-42"},
	} {
		if _, err := app.Accounts.CreateSuperuser(t.Context(), auth.CommandLine("test"), twin); auth.ErrorCode(err) != auth.CodeInvalid {
			t.Errorf("%s could be made: %v", twin.Email, err)
		}
	}
}

// restoreDump returns the URL of a database restored from testdata.
func restoreDump(t *testing.T) string {
	t.Helper()
	url := pgtest.NewDatabase(t)
	dump, err := os.ReadFile("testdata/django/dump.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), string(dump)); err != nil {
		t.Fatal(err)
	}
	return url
}

func readAccounts(t *testing.T) []account {
	t.Helper()
	file, err := os.Open("testdata/accounts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var accounts []account
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		var a account
		if err := json.Unmarshal(scanner.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		accounts = append(accounts, a)
	}
	if len(accounts) < 20 {
		t.Fatalf("testdata has only %d accounts", len(accounts))
	}
	return accounts
}

// djangoTables are those that the dump has.
var djangoTables = []string{
	"auth_group", "auth_group_permissions", "auth_permission", "django_admin_log", "django_content_type",
	"django_migrations", "django_session", "users_user", "users_user_groups", "users_user_user_permissions",
}

// rows are a table's, by what identifies them: column → value.
type rows map[string]map[string]any

func readTables(t *testing.T, db *sql.DB) map[string]rows {
	t.Helper()
	tables := map[string]rows{}
	for _, table := range djangoTables {
		found, err := db.QueryContext(t.Context(), "SELECT to_jsonb(r) FROM "+table+" r")
		if err != nil {
			t.Fatal(err)
		}
		defer found.Close()
		tables[table] = rows{}
		for found.Next() {
			var raw []byte
			row := map[string]any{}
			if err := found.Scan(&raw); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(raw, &row); err != nil {
				t.Fatal(err)
			}
			key := fmt.Sprint(row["id"], row["session_key"])
			tables[table][strings.TrimSuffix(key, " <nil>")] = row
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return tables
}

// checkUntouched compares every row of Django's, but for the password and the
// last login of who has logged in.
func checkUntouched(t *testing.T, before, after map[string]rows, loggedIn map[string]bool) {
	t.Helper()
	own := ownModels(t)
	added := map[string]int{"django_content_type": own, "auth_permission": 4 * own}
	for table := range before {
		if len(before[table])+added[table] != len(after[table]) {
			t.Errorf("%s had %d rows and has %d", table, len(before[table]), len(after[table]))
		}
		for key, was := range before[table] {
			is := after[table][key]
			if table == "users_user" && loggedIn[key] {
				checkUpgraded(t, was, is)
				was["password"], was["last_login"] = is["password"], is["last_login"]
			}
			if !reflect.DeepEqual(was, is) {
				t.Errorf("%s: was %v, is %v", table, was, is)
			}
		}
	}
}

// ownModels returns of how many models, beside Django's six, the migrations make
// permissions.
func ownModels(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("../repo/migrations/*.up.sql")
	if err != nil {
		t.Fatal(err)
	}
	models := 0
	for _, file := range files {
		models += bytes.Count(read(t, file), []byte("{{permissions "))
	}
	if models < 6 {
		t.Fatalf("the migrations name %d models", models)
	}
	return models - 6
}

func checkUpgraded(t *testing.T, was, is map[string]any) {
	t.Helper()
	if was["last_login"] == is["last_login"] {
		t.Errorf("last_login of %v was not set", is["email"])
	}
	old, current := was["password"].(string), is["password"].(string)
	const ours, stronger = "argon2$argon2id$v=19$m=19456,t=2,p=1$", "argon2$argon2id$v=19$m=102400,t=2,p=8$"
	if strings.HasPrefix(old, stronger) {
		if old != current {
			t.Errorf("the stronger password of %v was changed to %.40s…", is["email"], current)
		}
		return
	}
	if !strings.HasPrefix(current, ours) {
		t.Errorf("the password of %v was not upgraded: %.40s…", is["email"], current)
	}
}

// readShape reads the columns and indexes of Django's tables, without the
// indexes that we add, which are named for us.
func readShape(t *testing.T, db *sql.DB) []string {
	t.Helper()
	found, err := db.QueryContext(t.Context(), `
		SELECT table_name || '.' || column_name || ' ' || data_type || coalesce('(' || character_maximum_length || ')', '') || ' ' || is_nullable || coalesce(' ' || column_default, '')
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ANY ($1)
		UNION ALL
		SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY ($1) AND indexname NOT LIKE 'latchkey%'
		ORDER BY 1`, djangoTables)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	var shape []string
	for found.Next() {
		var line string
		if err := found.Scan(&line); err != nil {
			t.Fatal(err)
		}
		shape = append(shape, line)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return shape
}
