package pgtest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/latchkey-auth/latchkey/tests/pgtest"
)

// patience is far more than a healthy database needs to answer.
const patience = 30 * time.Second

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestDatabasesAreEmptyAndIsolated(t *testing.T) {
	t.Parallel()
	first := connect(t, pgtest.NewDatabase(t))
	second := connect(t, pgtest.NewDatabase(t))

	mustExec(t, first, "CREATE TABLE note (id int)")

	if n := countTables(t, first); n != 1 {
		t.Errorf("first database has %d tables, want the one just made", n)
	}
	if n := countTables(t, second); n != 0 {
		t.Errorf("second database has %d tables, want none", n)
	}
}

func TestManyTestsAtOnce(t *testing.T) {
	t.Parallel()
	for i := range 10 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			conn := connect(t, pgtest.NewDatabase(t))
			mustExec(t, conn, "CREATE TABLE note (id int)")
		})
	}
}

func TestDatabaseIsDroppedThoughInUse(t *testing.T) {
	t.Parallel()
	var dropped string
	t.Run("user", func(t *testing.T) {
		dropped = pgtest.NewDatabase(t)
		if _, err := pgx.Connect(t.Context(), dropped); err != nil {
			t.Fatal(err)
		}
	})
	if conn, err := tryConnect(t, dropped); err == nil {
		_ = conn.Close(t.Context())
		t.Error("the database still exists after its test")
	}
}

func tryConnect(t *testing.T, url string) (*pgx.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return pgx.Connect(ctx, url)
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := tryConnect(t, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func mustExec(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func countTables(t *testing.T, conn *pgx.Conn) (n int) {
	t.Helper()
	const query = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
	if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
