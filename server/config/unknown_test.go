package config_test

import (
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/config"
)

func TestUnknownVariablesAreTold(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]string{
		"LATCHKEY_SESION_LIFETIME=1h":        "LATCHKEY_SESION_LIFETIME is not a setting; did you mean LATCHKEY_SESSION_LIFETIME?",
		"latchkey_session_lifetime=1h":       "latchkey_session_lifetime is not a setting; did you mean LATCHKEY_SESSION_LIFETIME?",
		"LATCHKEY_ADR=:1":                    "LATCHKEY_ADR is not a setting; did you mean LATCHKEY_ADDR?",
		"LATCHKEY_SECRETKEY=hunter2":         "LATCHKEY_SECRETKEY is not a setting; did you mean LATCHKEY_SECRET_KEY?",
		"LATCHKEY_TRUSTED_PROXY=::1":         "LATCHKEY_TRUSTED_PROXY is not a setting; did you mean LATCHKEY_TRUSTED_PROXIES?",
		"LATCHKEY_COLOUR=blue":               "LATCHKEY_COLOUR is not a setting",
		"LATCHKEY_=x":                        "LATCHKEY_ is not a setting",
		"LATCHKEY_SESSION_LIFETIME=1h":       "",
		"LATCHKEY_SUPERUSER_PASSWORD=x":      "",
		"LATCHKEY_TEST_POSTGRES=local":       "",
		"LATCHKEY_BIN=bin/latchkey":          "",
		"DJANGO_SECRET_KEY=LATCHKEY_NOTHING": "",
		"HOME=/root":                         "",
	} {
		if got := strings.Join(config.Unknown([]string{variable}), "\n"); got != want {
			t.Errorf("%s: %q, want %q", variable, got, want)
		}
	}
}
