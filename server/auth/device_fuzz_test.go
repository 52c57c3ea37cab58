package auth_test

import (
	"testing"
	"unicode/utf8"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// FuzzDevice holds that whatever a client calls itself has a short name that can be shown.
func FuzzDevice(f *testing.F) {
	for _, agent := range []string{
		"", "(", ")", "/", ";", "Mozilla/5.0 (", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36", "a/b/c (d; (e)) f", "\x00\xff",
	} {
		f.Add(agent)
	}
	f.Fuzz(func(t *testing.T, agent string) {
		name := (auth.Session{UserAgent: agent}).Device()
		if length := utf8.RuneCountInString(name); length == 0 || length > 120 {
			t.Errorf("%q is called %q", agent, name)
		}
	})
}
