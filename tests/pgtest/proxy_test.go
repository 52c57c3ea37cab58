package pgtest_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/latchkey-auth/latchkey/tests/pgtest"
)

// silence is how long nothing must arrive for a database to count as hanging.
const silence = 200 * time.Millisecond

func TestProxyForwards(t *testing.T) {
	t.Parallel()
	database := pgtest.NewDatabase(t)
	proxy := pgtest.NewProxy(t, database)

	mustExec(t, connect(t, proxy.URL()), "CREATE TABLE note (id int)")

	if n := countTables(t, connect(t, database)); n != 1 {
		t.Errorf("%d tables in the database behind the proxy, want 1", n)
	}
}

func TestProxyRefuses(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.NewDatabase(t))
	before := connect(t, proxy.URL())

	proxy.Refuse()

	if _, err := before.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Error("a connection from before still works")
	}
	if _, err := tryConnect(t, proxy.URL()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("new connection: %v, want connection refused", err)
	}

	proxy.Resume()
	mustExec(t, connect(t, proxy.URL()), "SELECT 1")
}

func TestProxyHangs(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.NewDatabase(t))
	before := connect(t, proxy.URL())

	proxy.Hang()

	answer := execLater(t, before)
	if err := connectBriefly(t, proxy.URL()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("new connection: %v, want none in time", err)
	}
	select {
	case err := <-answer:
		t.Fatalf("a connection from before got an answer: %v", err)
	default:
	}

	proxy.Resume()
	if err := <-answer; err != nil {
		t.Errorf("the connection from before did not survive: %v", err)
	}
	mustExec(t, connect(t, proxy.URL()), "SELECT 1")
}

func TestProxyHangsAfterItRefused(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.NewDatabase(t))

	proxy.Refuse()
	proxy.Hang()
	if err := connectBriefly(t, proxy.URL()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("new connection: %v, want none in time", err)
	}

	proxy.Refuse()
	if _, err := tryConnect(t, proxy.URL()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("new connection: %v, want connection refused", err)
	}

	proxy.Resume()
	mustExec(t, connect(t, proxy.URL()), "SELECT 1")
}

// execLater returns at once, with a channel that gets the result.
func execLater(t *testing.T, conn *pgx.Conn) <-chan error {
	t.Helper()
	result := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_, err := conn.Exec(ctx, "SELECT 1")
		result <- err
	}()
	return result
}

func connectBriefly(t *testing.T, url string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), silence)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err == nil {
		_ = conn.Close(ctx)
	}
	return err
}
