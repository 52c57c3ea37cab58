package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/lmittmann/tint"
)

// A path may hold what a terminal would obey; whoever watches the log must see it
// and not have it done.
func TestATerminalIsGivenNoOrders(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	log := slog.New(tint.NewTextHandler(&text, &tint.Options{NoColor: true, ReplaceAttr: quoteOrders}))
	log.Info("request", "path", "/\x1b]0;pwned\a\x1b[2J\r\u009b2J\u202e", "client", "192.0.2.7")
	line := strings.TrimSuffix(text.String(), "\n")
	if strings.ContainsAny(line, "\x1b\a\r\n\u009b") {
		t.Errorf("the terminal gets %q", line)
	}
	if !strings.Contains(line, "pwned") || !strings.Contains(line, "client=192.0.2.7") {
		t.Errorf("says %q", line)
	}
}
