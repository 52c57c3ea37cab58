package tests

import (
	"net/http"
	"testing"

	"github.com/latchkey-auth/latchkey/tests/apptest"
	"github.com/latchkey-auth/latchkey/tests/pgtest"
)

// A Django migration alters a column while we serve: PostgreSQL refuses what was
// prepared before it.
func TestAColumnThatIsAlteredMeanwhile(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, pgtest.NewDatabase(t))
	token := app.Login(t, app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"}))
	me := apptest.Request{Method: "GET", Path: "/users/me/", Token: token}
	for _, statement := range []string{
		"ALTER TABLE users_user ALTER COLUMN first_name TYPE varchar(200)",
		"ALTER TABLE users_user ADD COLUMN phone varchar(20) NULL",
		"ALTER TABLE users_user ALTER COLUMN email TYPE text",
	} {
		atOnce(t, 20, func(int) apptest.Response { return app.Do(t, me) }) // every connection has it prepared
		app.Exec(t, statement)
		for range 20 {
			wantStatus(t, app, me, http.StatusOK, "")
		}
	}
}
