package cli

import (
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/app"
)

func TestServeSaysWhatMemoryThereIs(t *testing.T) {
	t.Parallel()
	s := newWorld(t).serve(t)
	s.end()
	<-s.ended
	if log := s.stderr.String(); !strings.Contains(log, `"memory_limit":"`) || !strings.Contains(log, `"hashes_at_once":`) {
		t.Errorf("logs %s", log)
	}
}

func TestServeEndsWhereNoPasswordCanBeHashed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var stdout, stderr strings.Builder
	code := Run(t.Context(), []string{"serve", "--addr", "127.0.0.1:0"}, Env{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, LookupEnv: w.lookUp,
		Options: app.Options{Memory: 32 << 20},
	})
	const want = "latchkey: the memory limit of 32 MiB is too low: hashing one password takes 58 MiB in all; give it 64 MB or more\n"
	if code != exitFailed || !strings.HasSuffix(stderr.String(), want) || stdout.Len() > 0 {
		t.Errorf("exits with %d, says %s%s", code, stdout.String(), stderr.String())
	}
}
