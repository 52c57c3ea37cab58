package tests

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/tests/apptest"
)

func TestAHundredLoginsAtOnce(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL, apptest.RealHashes)
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		answers := atOnce(t, 100, func(int) apptest.Response {
			return app.Do(t, apptest.LoginRequest(alice.Email, alice.Password))
		})
		good := 0
		for _, got := range answers {
			switch got.Status {
			case http.StatusOK:
				good++
				wantStatus(t, app, apptest.Request{Method: "GET", Path: "/users/me/", Token: got.Token(t).AccessToken}, http.StatusOK, "")
			case http.StatusServiceUnavailable:
				if code := got.Problem(t).Code; code != "busy" {
					t.Errorf("code %s", code)
				}
			default:
				t.Errorf("answers %d: %s", got.Status, got.Body)
			}
		}
		if good == 0 {
			t.Error("nobody could log in")
		}
	})
}

func TestRenewingAndLoggingOutAtOnce(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		for range 10 {
			token := app.Login(t, alice)
			app.Clock.Advance(13 * time.Hour) // a renewal is due
			answers := atOnce(t, 8, func(i int) apptest.Response {
				path := "/users/session/"
				if i%2 == 0 {
					path = "/users/logout/"
				}
				return app.Do(t, apptest.Request{Method: "POST", Path: path, Token: token})
			})
			for _, got := range answers {
				if got.Status >= 500 {
					t.Errorf("answers %d: %s", got.Status, got.Body)
				}
				if got.Status == http.StatusOK {
					wantStatus(t, app, apptest.Request{Method: "GET", Path: "/users/me/", Token: got.Token(t).AccessToken}, http.StatusUnauthorized, "invalid_token")
				}
			}
		}
	})
}

// Three tabs renew at once: each gets a token that is good.
func TestTabsThatRenewAtOnce(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		token := app.Login(t, app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"}))
		app.Clock.Advance(13 * time.Hour)
		for _, got := range atOnce(t, 60, func(int) apptest.Response {
			return app.Do(t, apptest.Request{Method: "POST", Path: "/users/session/", Token: token})
		}) {
			if got.Status != http.StatusOK {
				t.Fatalf("answers %d: %s", got.Status, got.Body)
			}
			wantStatus(t, app, apptest.Request{Method: "GET", Path: "/users/me/", Token: got.Token(t).AccessToken}, http.StatusOK, "")
		}
	})
}

// atOnce calls f n times at once and returns what came back.
func atOnce[T any](t *testing.T, n int, f func(i int) T) []T {
	t.Helper()
	results := make([]T, n)
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			results[i] = f(i)
		})
	}
	close(start)
	all.Wait()
	return results
}
