package repo_test

import (
	"context"
	"errors"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/latchkey-auth/latchkey/repo"
	"github.com/latchkey-auth/latchkey/repo/repotest"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/tests/pgtest"
)

// An old database may be in an encoding that lacks most characters. An address
// with one of those is nobody's, and no fault of ours.
func TestADatabaseThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(pgtest.NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	name := u.Path[1:] + "_latin1"
	create := "CREATE DATABASE " + name + " ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
	if _, err := conn.Exec(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	store, err := repo.Open(u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = store.Close()
		// The test's own context has ended by now.
		if _, err := conn.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		_ = conn.Close(context.Background()) // it is the server's to forget
	})
	if _, err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	user := auth.User{Email: "zo\u00eb@example.com", Password: "!", IsActive: true}
	if err := repotest.Insert(t.Context(), store, &user); err != nil {
		t.Fatal(err)
	}
	if got, err := store.UserByEmail(t.Context(), "zo\u00eb@example.com"); err != nil || got.ID != user.ID {
		t.Errorf("finds %+v, %v", got, err)
	}
	if _, err := store.UserByEmail(t.Context(), "\u6f22@example.com"); !errors.Is(err, auth.ErrNoRow) {
		t.Errorf("for an address that it cannot hold: %v", err)
	}
}
