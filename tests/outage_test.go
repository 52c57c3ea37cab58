package tests

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/tests/apptest"
	"github.com/latchkey-auth/latchkey/tests/pgtest"
)

// inTime is when an answer that says that the database is away must have come: the
// time-outs are of a few seconds, and a machine that is busy may add many. Without
// them it would be minutes.
const inTime = 30 * time.Second

// The database goes away, in the two ways that databases have, and comes back.
func TestAnUnreachableDatabase(t *testing.T) {
	t.Parallel()
	for name, outage := range map[string]func(*pgtest.Proxy){
		"that refuses":       (*pgtest.Proxy).Refuse,
		"that answers never": (*pgtest.Proxy).Hang,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := pgtest.NewProxy(t, pgtest.NewDatabase(t))
			app := apptest.Start(t, proxy.URL())
			alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
			token := app.Login(t, alice)
			staff := app.Staff(t, root(t, app))

			outage(proxy)
			unavailable := map[string]apptest.Request{
				"login":   apptest.LoginRequest(alice.Email, alice.Password),
				"getKeys": {Method: "GET", Path: "/.well-known/jwks.json"}, // which nobody has asked for before
			}
			for _, op := range apptest.Operations() {
				if op.Security != nil && len(*op.Security) > 0 {
					in := op.Example(t)
					in.Token = op.Credential(token)
					if op.Scheme() != bearerAuth {
						in.Body = "token=" + token
					}
					unavailable[op.OperationID] = in
				}
			}
			t.Run("meanwhile", func(t *testing.T) {
				for name, in := range unavailable {
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						began := time.Now()
						wantStatus(t, app, in, http.StatusServiceUnavailable, "unavailable")
						if took := time.Since(began); took > inTime {
							t.Errorf("took %s to say so", took)
						}
					})
				}
				t.Run("ready", func(t *testing.T) {
					t.Parallel()
					got := wantStatus(t, app, apptest.Request{Method: "GET", Path: "/health/ready"}, http.StatusServiceUnavailable, "not_ready")
					if !strings.Contains(got.Body, `"database"`) {
						t.Errorf("it says %s", got.Body)
					}
				})
				t.Run("health", func(t *testing.T) {
					t.Parallel()
					wantStatus(t, app, apptest.Request{Method: "GET", Path: "/health"}, http.StatusOK, "")
				})
				t.Run("admin", func(t *testing.T) {
					t.Parallel()
					began := time.Now()
					got := staff.Get(t, "/admin/users/")
					if got.Status != http.StatusServiceUnavailable || !strings.Contains(got.Text(), "cannot be reached right now") || got.Header.Get("Retry-After") == "" {
						t.Errorf("%d %s", got.Status, got.Text())
					}
					if took := time.Since(began); took > inTime {
						t.Errorf("took %s to say so", took)
					}
				})
			})

			proxy.Resume()
			waitFor(t, "the database that came back to be used", func() bool {
				return app.Do(t, apptest.Request{Method: "GET", Path: "/users/me/", Token: token}).Status == http.StatusOK
			})
			app.Login(t, alice)
			if got := staff.Get(t, "/admin/users/"); got.Status != http.StatusOK {
				t.Errorf("whoever was signed in at the admin site is answered %d", got.Status)
			}
		})
	}
}

// Another program holds SQLite's only place for writing, for longer than anybody
// waits.
func TestALockedSQLite(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
	token := app.Login(t, alice)

	other, err := app.DB(t).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	wantStatus(t, app, apptest.LoginRequest(alice.Email, alice.Password), http.StatusServiceUnavailable, "unavailable")
	if took := time.Since(began); took > inTime {
		t.Errorf("took %s to say so", took)
	}
	wantStatus(t, app, apptest.Request{Method: "GET", Path: "/users/me/", Token: token}, http.StatusOK, "")
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	app.Login(t, alice)
}

// A client that hangs up cancels its query: the database is not asked to finish
// what nobody reads.
func TestAClientThatHangsUp(t *testing.T) {
	t.Parallel()
	proxy := pgtest.NewProxy(t, pgtest.NewDatabase(t))
	app := apptest.Start(t, proxy.URL())
	token := app.Login(t, app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"}))

	var took time.Duration
	for range 3 { // its own time-out always takes so long; a slow machine does not always stand still
		if took = hangUp(t, app, proxy, token); took < 3*time.Second {
			break
		}
	}
	if took >= 3*time.Second {
		t.Errorf("the query ended after %s, by its own time-out", took)
	}
	if strings.Contains(app.Log.String(), `"level":"ERROR"`) {
		t.Errorf("a client that hung up is logged as a failure:\n%s", app.Log)
	}
}

// hangUp hangs up while a query is under way, and returns how long that goes on.
func hangUp(t *testing.T, app *apptest.App, proxy *pgtest.Proxy, token string) time.Duration {
	t.Helper()
	proxy.Hang()
	defer proxy.Resume()
	ctx, hangUp := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	req, err := http.NewRequestWithContext(ctx, "GET", app.URL+apptest.Base+"/users/me/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	go func() {
		answer, err := app.Transport.RoundTrip(req)
		if err == nil {
			_ = answer.Body.Close()
		}
		gone <- err
	}()
	waitFor(t, "the query", func() bool { return app.Store.Busy() > 0 })
	began := time.Now()
	hangUp()
	if err := <-gone; err == nil {
		t.Fatal("the request was answered")
	}
	waitFor(t, "the end of the query", func() bool { return app.Store.Busy() == 0 })
	return time.Since(began)
}

// waitFor polls for something that happens elsewhere.
func waitFor(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !happened(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
