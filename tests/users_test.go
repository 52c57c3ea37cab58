package tests

import (
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/tests/apptest"
)

func TestTheLifeOfAToken(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL, apptest.RealHashes)
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42", FirstName: "Alice", LastName: "Liddell"})

		first := app.Login(t, alice)
		check := func(token string) (int, string) {
			t.Helper()
			got := app.Do(t, apptest.Request{Method: "POST", Path: "/users/session/", Token: token})
			if got.Status != http.StatusOK {
				return got.Status, ""
			}
			return got.Status, got.Token(t).AccessToken
		}

		app.Clock.Advance(11 * time.Hour)
		if _, same := check(first); same != first {
			t.Error("with more than half of its life left, the token was renewed")
		}
		app.Clock.Advance(2 * time.Hour)
		_, second := check(first)
		if second == first || second == "" {
			t.Error("with less than half of its life left, the token was not renewed")
		}
		if status, _ := check(first); status != http.StatusOK {
			t.Errorf("the old token answers %d before its own end", status)
		}
		app.Clock.Advance(12 * time.Hour)
		if status, _ := check(first); status != http.StatusUnauthorized {
			t.Errorf("the old token answers %d after its own end", status)
		}
		if got := app.Do(t, apptest.Request{Method: "POST", Path: "/users/logout/", Token: second}); got.Status != http.StatusNoContent {
			t.Errorf("logout answers %d", got.Status)
		}
		if status, _ := check(second); status != http.StatusUnauthorized {
			t.Errorf("after logout the token answers %d", status)
		}
	})
}
