package signin_test

import (
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
)

func TestLoginsAndLogoutsAreEvents(t *testing.T) {
	t.Parallel()
	user := authtest.Alice()
	user.Password = "weak$wonderland"
	w := newWorld(t, user)
	raw := w.MustLogin(t, authtest.AliceLogin()).AccessToken
	w.MustRefuse(t, authtest.Wrong(authtest.AliceLogin()), auth.CodeInvalidCredentials)
	id := w.mustAuthenticate(t, raw)
	for range 2 {
		if err := w.Logout(t.Context(), fromAddress(id, "192.0.2.2")); err != nil {
			t.Fatal(err)
		}
	}
	const want = `alice@example.com signed in user alice@example.com
alice@example.com password upgraded user alice@example.com
alice@example.com signed out user alice@example.com
`
	if got := authtest.Told(w.Store.Events); got != want {
		t.Errorf("events tell\n%swant\n%s", got, want)
	}
	for i, address := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.2"} {
		if e := w.Store.Events[i]; e.Channel != auth.ChannelAPI || e.ActorID != 1 || e.Address != address || e.TargetID != "1" {
			t.Errorf("one is %+v", e)
		}
	}
	w.MustHoldNoSecret(t, "wonderland", "weak$", raw)
}
