package signin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// on returns a login on a device that has another network now.
func on(device string, in signin.Credentials) signin.Credentials {
	in.DeviceToken = device
	return from("198.51.100.1", in)
}

// locked returns a world in which strangers have locked Alice's account since she signed
// in, and the token of the device that she did it on.
func locked(t *testing.T) (w *world, device string) {
	t.Helper()
	w = newWorld(t, authtest.Alice())
	device = w.MustLogin(t, authtest.AliceLogin()).DeviceToken
	for i := range limits.UntilLocked {
		w.mustFailOnce(t, from(stranger(i), wrong))
	}
	w.MustRefuse(t, on("", authtest.AliceLogin()), auth.CodeTooManyAttempts)
	return w, device
}

// ASVS 6.3.1
func TestADeviceIsLetInWhileStrangersGuess(t *testing.T) {
	t.Parallel()
	w, device := locked(t)
	next := w.MustLogin(t, on(device, authtest.AliceLogin())).DeviceToken
	w.MustLogin(t, on(next, to("ALICE@example.com", authtest.AliceLogin())))
	w.MustRefuse(t, from(stranger(998), authtest.AliceLogin()), auth.CodeTooManyAttempts) // strangers are not
}

// ASVS 6.3.1
func TestADeviceIsLimitedToo(t *testing.T) {
	t.Parallel()
	w, device := locked(t)
	for range limits.PerClient {
		w.MustRefuse(t, on(device, wrong), auth.CodeInvalidCredentials)
	}
	if got := w.MustRefuse(t, on(device, authtest.AliceLogin()), auth.CodeTooManyAttempts).RetryAfter; got > time.Minute {
		t.Errorf("waits %v", got)
	}
	w.mustFail(t, limits.UntilLocked-limits.PerClient, on(device, wrong))
	w.Clock.Advance(24 * time.Hour)
	if got := w.MustRefuse(t, on(device, authtest.AliceLogin()), auth.CodeTooManyAttempts).RetryAfter; got != 24*time.Hour {
		t.Errorf("after a hundred it waits %v", got)
	}
}

// ASVS 6.3.1
func TestASuccessOnADeviceForgivesItAlone(t *testing.T) {
	t.Parallel()
	w, device := locked(t)
	for range 3 {
		for range limits.PerClient - 1 {
			w.MustRefuse(t, on(device, wrong), auth.CodeInvalidCredentials)
		}
		device = w.MustLogin(t, on(device, authtest.AliceLogin())).DeviceToken
	}
	w.MustRefuse(t, from(stranger(997), authtest.AliceLogin()), auth.CodeTooManyAttempts)
}

// ASVS 6.3.1
func TestTokensOfDevicesThatCountForNothing(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(w *world, device string) string{
		"none":                  func(*world, string) string { return "" },
		"garbage":               func(*world, string) string { return "garbage" },
		"no base64":             func(_ *world, device string) string { return device[:10] + "*" + device[11:] },
		"one that was cut":      func(_ *world, device string) string { return device[:40] },
		"the beginning of one":  func(_ *world, device string) string { return device[:8] },
		"one that was changed":  func(_ *world, device string) string { return device[:20] + "AAAA" + device[24:] },
		"one that is continued": func(_ *world, device string) string { return device + "AAAA" },
		"one without an end":    func(*world, string) string { return strings.Repeat("A", 1<<20) },
		"one of another secret": func(w *world, device string) string {
			w.SetDeviceKeys("another key for tests 32 bytes..")
			return device
		},
		"one that is too old": func(w *world, device string) string {
			w.Clock.At = authtest.Noon.Add(limits.DeviceLifetime)
			return device
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, device := locked(t)
			w.MustRefuse(t, on(spoil(w, device), authtest.AliceLogin()), auth.CodeTooManyAttempts)
		})
	}
}

func TestADeviceStaysKnownWhenTheSecretChanges(t *testing.T) {
	t.Parallel()
	w, device := locked(t)
	w.SetDeviceKeys("another key for tests 32 bytes..", "a key for tests, of 32 bytes ...")
	w.Clock.At = authtest.Noon.Add(limits.DeviceLifetime - time.Second)
	next := w.MustLogin(t, on(device, authtest.AliceLogin())).DeviceToken
	w.SetDeviceKeys("another key for tests 32 bytes..")
	w.Clock.Advance(limits.DeviceLifetime - time.Second)
	w.MustLogin(t, on(next, authtest.AliceLogin()))
}

// ASVS 6.3.1
func TestADeviceIsOneAccountsAlone(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]auth.User{
		"another user":                    {ID: 2, Email: "bob@example.com", Password: "current$builder", IsActive: true},
		"a twin":                          {ID: 2, Email: "Alice@example.com", Password: "current$builder", IsActive: true},
		"who had the address before them": {ID: 2, Email: "alice@example.com", Password: "current$builder", IsActive: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, other)
			w.Store.Exact = true
			device := w.MustLogin(t, signin.Credentials{Email: other.Email, Password: "builder", Client: auth.Client{Address: "192.0.2.77"}}).DeviceToken
			if other.Email == authtest.Alice().Email {
				w.Store.UserRows = nil
			}
			w.Store.UserRows = append(w.Store.UserRows, authtest.Alice())
			for i := range limits.PerAccount {
				w.MustRefuse(t, from(stranger(i), wrong), auth.CodeInvalidCredentials)
			}
			w.MustRefuse(t, on(device, authtest.AliceLogin()), auth.CodeTooManyAttempts)
		})
	}
}

// Whoever finds a token learns nothing about a person, and not whose it is.
// ASVS 6.3.8
func TestATokenOfADeviceTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	first, second := w.MustLogin(t, authtest.AliceLogin()).DeviceToken, w.MustLogin(t, authtest.AliceLogin()).DeviceToken
	if len(first) != 80 || first[:20] == second[:20] || first[60:] == second[60:] {
		t.Errorf("%q and %q", first, second)
	}
	for _, grant := range []auth.TokenGrant{{DeviceToken: first}} {
		if strings.Contains(grant.DeviceToken, "alice") {
			t.Error("tells the address")
		}
	}
	for _, row := range w.Store.Sessions {
		if strings.Contains(first, row.ID) {
			t.Error("tells the session")
		}
	}
}

func TestOnlyALoginGivesADeviceToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authtest.Alice())
	grant := w.MustLogin(t, authtest.AliceLogin())
	for _, wait := range []time.Duration{0, 13 * time.Hour} {
		w.Clock.Advance(wait)
		by, err := w.Authenticate(t.Context(), grant.AccessToken, authtest.Desk)
		if err != nil {
			t.Fatal(err)
		}
		if renewed, err := w.Renew(t.Context(), by); err != nil || renewed.DeviceToken != "" {
			t.Errorf("a renewal answers %+v, %v", renewed, err)
		}
	}
}

func TestADeviceOfTheAdminSite(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	in := authtest.CredentialsOf("sam@example.com")
	grant, err := w.LoginAdmin(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i := range limits.PerAccount {
		w.MustRefuse(t, from(stranger(i), authtest.Wrong(in)), auth.CodeInvalidCredentials)
	}
	if _, err := w.LoginAdmin(t.Context(), on("", in)); auth.ErrorCode(err) != auth.CodeTooManyAttempts {
		t.Errorf("a stranger: %v", err)
	}
	if _, err := w.LoginAdmin(t.Context(), on(grant.DeviceToken, in)); err != nil {
		t.Errorf("the device: %v", err)
	}
}
