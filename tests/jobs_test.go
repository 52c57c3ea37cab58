package tests

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// Each job is done at the start, beside the others, until the server ends.
func TestBackgroundJobs(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		app.Login(t, alice)
		app.Do(t, apptest.LoginRequest(alice.Email, "a wrong guess"))
		app.Clock.Advance(31 * 24 * time.Hour) // all of these have expired
		goesOn := app.Login(t, alice)
		app.Clock.Advance(2 * time.Hour) // and so has all that was counted, but for the network that is known

		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { app.Background(ctx); close(ended) }()
		db := app.DB(t)
		var left int
		for deadline := time.Now().Add(time.Minute); ; { // for a failure alone
			const rows = `SELECT (SELECT count(*) FROM latchkey_session) + (SELECT count(*) FROM latchkey_attempt)`
			if err := db.QueryRowContext(t.Context(), rows).Scan(&left); err != nil {
				t.Fatal(err)
			}
			isSaid := strings.Contains(app.Log.String(), "deleted expired rows") // after the last is gone
			if left == 2 && isSaid || time.Now().After(deadline) {
				break
			}
		}
		stop()
		<-ended
		if left != 2 {
			t.Errorf("%d rows are left", left)
		}
		wantStatus(t, app, whoAmI(goesOn), 200, "")
		if log := app.Log.String(); !strings.Contains(log, `"msg":"deleted expired rows","rows":5`) || strings.Contains(log, "a background job failed") {
			t.Errorf("the log says\n%s", log)
		}
	})
}

// A job that fails says so, by its name, and keeps nobody from the others.
func TestABackgroundJobThatFailsIsLogged(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	app.Exec(t, "ALTER TABLE latchkey_one_time_token RENAME TO elsewhere")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { app.Background(ctx); close(ended) }()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); { // for a failure alone
		if strings.Contains(app.Log.String(), "a background job failed") {
			break
		}
		runtime.Gosched()
	}
	stop()
	<-ended
	if log := app.Log.String(); !strings.Contains(log, `"job":"delete-expired"`) {
		t.Errorf("the log says\n%s", log)
	}
}
