package cli

import (
	"regexp"
	"strings"
	"testing"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars["LATCHKEY_SECRET_KEY"] = secretKey
	w.run(t, "keys", "list").mustSucceed(t, "There are no keys. Create one with: latchkey keys rotate")
	made := regexp.MustCompile(`\ACreated key ([0-9a-f]{32})\. It signs from 20`)
	said := made.FindStringSubmatch(w.run(t, "keys", "rotate").stdout)
	if said == nil {
		t.Fatal("rotate does not say which key it made")
	}
	first := said[1]
	w.run(t, "keys", "rotate").mustSucceed(t, "Created key")
	w.run(t, "keys", "rotate").mustFail(t, exitFailed, "is published already and signs from")
	listed := w.run(t, "keys", "list")
	listed.mustSucceed(t, "published, not signing yet")
	listed.mustSucceed(t, first+"  signing ")
	w.run(t, "keys", "revoke", first).mustSucceed(t, "Revoked key "+first)
	w.run(t, "keys", "revoke", first).mustFail(t, exitFailed, "There is no such key, or it is revoked already.")
	w.run(t, "keys", "list").mustSucceed(t, first+"  revoked ")
	w.run(t, "audit", "verify").mustSucceed(t, "Events: 3.")

	keys, err := w.app(t).Store.SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if strings.Contains(w.run(t, "keys", "list").stdout, k.Sealed) {
			t.Error("the list has a private key")
		}
	}
}

// A key is encrypted under the secret of serve; what it takes to see and revoke one is no
// secret.
func TestANewKeyWantsTheSecretOfServe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(t, "keys", "rotate").mustSucceed(t, "Created key")
	w.vars["LATCHKEY_ADDR"] = "0.0.0.0:8080"
	w.run(t, "keys", "rotate").mustFail(t, exitUsage, "LATCHKEY_SECRET_KEY: is required")
	listed := w.run(t, "keys", "list")
	listed.mustSucceed(t, "KID")
	id := strings.Fields(strings.Split(listed.stdout, "\n")[1])[0]
	w.run(t, "keys", "revoke", id).mustSucceed(t, "Revoked key "+id)
	w.run(t, "keys", "revoke").mustFail(t, exitUsage, "which key? latchkey keys revoke KID")
	w.run(t, "keys", "burn").mustFail(t, exitUsage, `unknown command "burn"`)
}
