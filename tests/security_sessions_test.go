package tests

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// signedIn is somebody with a token, for whom it is to end.
type signedIn struct {
	*apptest.App
	user  apptest.User
	token string
	sid   string
}

// endings end a session while its token would still be good: through the app,
// and by SQL beside it, as a Django would.
var endings = []struct {
	name string
	end  func(t *testing.T, who *signedIn)
}{
	{"signed out", func(t *testing.T, who *signedIn) {
		wantLetIn(t, who.Do(t, apptest.Request{Method: "POST", Path: "/users/logout/", Token: who.token}))
	}},
	{"signed out with another token of the session", func(t *testing.T, who *signedIn) {
		f := newForger(t, apptest.Secret)
		other := f.forge(t, who.user.ID, who.sid, who.Clock.Now(), claim("jti", "another"))
		wantLetIn(t, who.Do(t, apptest.Request{Method: "POST", Path: "/users/logout/", Token: other}))
	}},
	{"session revoked beside the app", func(t *testing.T, who *signedIn) {
		who.Exec(t, "UPDATE latchkey_session SET revoked_at = $1 WHERE id = $2", who.Clock.Now(), who.sid)
	}},
	{"session to be revoked in the future", func(t *testing.T, who *signedIn) {
		who.Exec(t, "UPDATE latchkey_session SET revoked_at = $1 WHERE id = $2", who.Clock.Now().Add(time.Hour), who.sid)
	}},
	{"session deleted", func(t *testing.T, who *signedIn) {
		who.Exec(t, "DELETE FROM latchkey_session WHERE id = $1", who.sid)
	}},
	{"session at its absolute end", func(t *testing.T, who *signedIn) {
		who.Exec(t, "UPDATE latchkey_session SET expires_at = $1 WHERE id = $2", who.Clock.Now(), who.sid)
	}},
	{"session past its absolute end", func(t *testing.T, who *signedIn) {
		f := newForger(t, apptest.Secret)
		who.token = f.forge(t, who.user.ID, who.sid, who.Clock.Now(), claim("exp", who.Clock.Now().AddDate(1, 0, 0).Unix()))
		who.Clock.Advance(30*24*time.Hour - time.Second)
		wantLetIn(t, who.Do(t, apptest.Request{Method: "GET", Path: "/users/me/", Token: who.token}))
		who.Clock.Advance(time.Second)
	}},
	{"token at its end", func(t *testing.T, who *signedIn) {
		who.Clock.Advance(24*time.Hour - time.Second)
		wantLetIn(t, who.Do(t, apptest.Request{Method: "GET", Path: "/users/me/", Token: who.token}))
		who.Clock.Advance(time.Second)
	}},
	{"user deleted", func(t *testing.T, who *signedIn) {
		who.Exec(t, "DELETE FROM users_user WHERE id = $1", who.user.ID)
	}},
	{"user deactivated", func(t *testing.T, who *signedIn) {
		who.Exec(t, "UPDATE users_user SET is_active = false WHERE id = $1", who.user.ID)
	}},
	{"user deactivated, seen so, and activated again", func(t *testing.T, who *signedIn) {
		who.Exec(t, "UPDATE users_user SET is_active = false WHERE id = $1", who.user.ID)
		wantRefusal(t, who.Do(t, apptest.Request{Method: "GET", Path: "/users/me/", Token: who.token}), gen.ProblemCodeInvalidToken)
		who.Exec(t, "UPDATE users_user SET is_active = true WHERE id = $1", who.user.ID)
	}},
	{"password changed", func(t *testing.T, who *signedIn) {
		user, err := who.Accounts.FindUser(t.Context(), auth.CommandLine("test"), who.user.Email)
		if err != nil {
			t.Fatal(err)
		}
		if ended, err := who.Accounts.SetPassword(t.Context(), auth.CommandLine("test"), user.ID, new("looking-glass-43")); err != nil || ended != 1 {
			t.Fatalf("changing the password ended %d sessions: %v", ended, err)
		}
	}},
	{"password changed to the same one", func(t *testing.T, who *signedIn) {
		user, err := who.Accounts.FindUser(t.Context(), auth.CommandLine("test"), who.user.Email)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := who.Accounts.SetPassword(t.Context(), auth.CommandLine("test"), user.ID, &who.user.Password); err != nil {
			t.Fatal(err)
		}
	}},
	{"password changed beside the app", func(t *testing.T, who *signedIn) {
		who.Exec(t, "UPDATE users_user SET password = $1 WHERE id = $2", apptest.Weak("looking-glass-43"), who.user.ID)
	}},
	{"password made unusable beside the app", func(t *testing.T, who *signedIn) {
		who.Exec(t, "UPDATE users_user SET password = $1 WHERE id = $2", "!Z4UIF9zy7T2pe2AEaldBFHfQyxCoDg7qi46ojKuk", who.user.ID)
	}},
	{"password emptied beside the app", func(t *testing.T, who *signedIn) {
		who.Exec(t, "UPDATE users_user SET password = '' WHERE id = $1", who.user.ID)
	}},
}

// ASVS 7.2.1, 7.4.1
func TestASessionEndsAtOnce(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		for i, op := range usersOperations(t) {
			for j, c := range endings {
				t.Run(op.OperationID+": "+c.name, func(t *testing.T) {
					who := signInSomebody(t, app, fmt.Sprintf("user%d-%d@example.com", i, j))
					wantLetIn(t, app.Do(t, apptest.Request{Method: "GET", Path: "/users/me/", Token: who.token}))
					c.end(t, who)
					in := op.Example(t)
					in.Token = who.token
					wantRefusal(t, app.Do(t, in), gen.ProblemCodeInvalidToken)
				})
			}
		}
	})
}

// A session outlives what does not concern it.
func TestASessionGoesOn(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		who := signInSomebody(t, app, "alice@example.com")
		other := signInSomebody(t, app, "bob@example.com")
		for name, meanwhile := range map[string]func(){
			"while the user is renamed": func() {
				app.Exec(t, "UPDATE users_user SET first_name = 'Alicia', email = 'alicia@example.com' WHERE id = $1", who.user.ID)
				who.user.Email = "alicia@example.com"
			},
			"while the same user signs in again": func() { app.Login(t, who.user) },
			"while another session of the user's ends": func() {
				wantLetIn(t, app.Do(t, apptest.Request{Method: "POST", Path: "/users/logout/", Token: app.Login(t, who.user)}))
			},
			"while another user is deleted": func() { app.Exec(t, "DELETE FROM users_user WHERE id = $1", other.user.ID) },
			"while the user is inactive and then active again, and nobody saw it": func() {
				app.Exec(t, "UPDATE users_user SET is_active = false WHERE id = $1", who.user.ID)
				app.Exec(t, "UPDATE users_user SET is_active = true WHERE id = $1", who.user.ID)
			},
			"while somebody guesses the password": func() {
				app.Do(t, apptest.LoginRequest(who.user.Email, "wrong"))
			},
		} {
			t.Run(name, func(t *testing.T) {
				meanwhile()
				wantLetIn(t, app.Do(t, apptest.Request{Method: "POST", Path: "/users/session/", Token: who.token}))
			})
		}
	})
}

func signInSomebody(t *testing.T, app *apptest.App, email string) *signedIn {
	t.Helper()
	user := app.AddUser(t, apptest.User{Email: email, Password: "wonderland-42"})
	token := app.Login(t, user)
	return &signedIn{App: app, user: user, token: token, sid: sidOf(t, token)}
}
