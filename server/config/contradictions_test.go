package config_test

import (
	"strings"
	"testing"
)

func TestSettingsThatContradictEachOther(t *testing.T) {
	t.Parallel()
	const renew, session, access = "LATCHKEY_ACCESS_TOKEN_RENEW_BEFORE", "LATCHKEY_SESSION_LIFETIME", "LATCHKEY_ACCESS_TOKEN_LIFETIME"
	for name, test := range map[string]struct {
		env  map[string]string
		want string // the variables that are named, in order
	}{
		"a renewal before the token's beginning":         {map[string]string{access: "1h", renew: "61m"}, renew},
		"a renewal at every request":                     {map[string]string{access: "1h", renew: "1h"}, ""},
		"a session shorter than its token":               {map[string]string{access: "1h", session: "59m"}, session},
		"a session as long as its token":                 {map[string]string{access: "1h", session: "1h"}, ""},
		"both":                                           {map[string]string{access: "1h", session: "59m", renew: "2h"}, renew + " " + session},
		"a first wait that is longer than the longest":   {map[string]string{"LATCHKEY_GUESS_WAIT": "2h"}, "LATCHKEY_GUESS_MAX_WAIT LATCHKEY_GUESS_ACCOUNT_MAX_WAIT"},
		"waits that are all the same":                    {map[string]string{"LATCHKEY_GUESS_WAIT": "15m", "LATCHKEY_GUESS_MAX_WAIT": "15m"}, ""},
		"one that cannot be read contradicts nothing":    {map[string]string{access: "soon", renew: "2h"}, access},
		"a session that cannot be read is not too short": {map[string]string{session: "soon"}, session},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, nil, test.env)
			var named []string
			if err != nil {
				for line := range strings.SplitSeq(err.Error(), "\n") {
					variable, _, _ := strings.Cut(line, ":")
					named = append(named, variable)
				}
			}
			if got := strings.Join(named, " "); got != test.want {
				t.Errorf("finds fault with %q, want %q: %v", got, test.want, err)
			}
		})
	}
}
