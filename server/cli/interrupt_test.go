package cli

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

// A signal ends the context, and the read that a person is asked in goes on. A
// command that waits for the read cannot be stopped with Ctrl-C.
func TestAPersonWhoInterruptsAQuestionIsLetGo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args  []string
		stdin string
		until string // what is asked when the person interrupts
	}{
		"for the address":          {[]string{"createsuperuser"}, "", "E-mail address: "},
		"for the password":         {[]string{"createsuperuser"}, "admin@example.com\n", "Password: "},
		"for another one's":        {[]string{"changepassword", "taken@example.com"}, "", "Password: "},
		"for the password at once": {[]string{"createsuperuser", "--email", "admin@example.com"}, "", "Password: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.superuser(t, "taken@example.com")
			silence, person := io.Pipe()
			defer func() { _ = person.Close() }()
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			stdout, stderr, ended := newOutput(), newOutput(), make(chan int, 1)
			go func() {
				ended <- Run(ctx, test.args, Env{
					Stdin: io.MultiReader(strings.NewReader(test.stdin), silence), Stdout: stdout, Stderr: stderr, LookupEnv: w.lookUp,
					ReadPassword: func() (string, error) { _, err := io.ReadAll(silence); return "", err },
				})
			}()
			for !strings.HasSuffix(stdout.String(), test.until) {
				select {
				case <-stdout.more:
				case code := <-ended:
					t.Fatalf("ended with %d: %s", code, stderr)
				}
			}
			interrupt()
			select {
			case code := <-ended:
				if code == 0 {
					t.Error("exits as if it had done it")
				}
			case <-time.After(time.Minute): // for a failure alone
				t.Error("goes on asking")
			}
		})
	}
}
