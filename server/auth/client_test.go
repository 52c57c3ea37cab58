package auth_test

import (
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
)

func TestANetworkIsAnAddressOrTheHalfOfOne(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7":           "192.0.2.7/32",
		"::ffff:192.0.2.7":    "192.0.2.7/32",
		"2001:db8:1:2:3:4::5": "2001:db8:1:2::/64",
		"fe80::1%eth0":        "fe80::/64",
		"":                    "invalid Prefix",
		"@":                   "invalid Prefix",
	} {
		if got := (auth.Client{Address: address}).Network().String(); got != want {
			t.Errorf("%s is %s, want %s", address, got, want)
		}
	}
}
