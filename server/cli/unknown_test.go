package cli

import (
	"bytes"
	"strings"
	"testing"
)

// A misspelt variable is told where the command's other faults are, and its value is not.
func TestAVariableThatIsNoSettingIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var stdout, stderr bytes.Buffer
	code := Run(t.Context(), []string{"migrate"}, Env{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, LookupEnv: w.lookUp,
		Environ: func() []string {
			return []string{"LATCHKEY_SESION_LIFETIME=hunter2", "LATCHKEY_DATA_DIR=" + w.dir, "LATCHKEY_TEST_POSTGRES=local", "HOME=/"}
		},
	})
	if want := "latchkey: LATCHKEY_SESION_LIFETIME is not a setting; did you mean LATCHKEY_SESSION_LIFETIME?\n"; code != 0 || stderr.String() != want {
		t.Errorf("ends with %d and says %q, want %q", code, stderr.String(), want)
	}
}
