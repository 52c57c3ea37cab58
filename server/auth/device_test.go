package auth_test

import (
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
)

func TestWhatADeviceIsCalled(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"": "Unknown",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36":                                   "Chrome on Linux",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Ubuntu Chromium/140.0.0.0 Chrome/140.0.0.0 Safari/537.36":         "Chromium on Linux",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36":                           "Headless Chrome on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":           "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1":       "Chrome on iPad",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0":                                                    "Firefox on macOS",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36":     "Samsung Browser on Android",
		"curl/8.14.1": "curl",
		"node":        "node",
		"a program of one's own whose name is rather long, so it is cut": "a program of one's own whose name is ra…",
		`javascript:alert(1) <script>window.x=1</script>"><img src=x>`:   "javascript:alert(1) <script>window.x=1<…",
		"javascript:alert(1) <script>":                                   "javascript:alert(1) <script>",
		"  ":                                                             "Unknown",
	} {
		if got := (auth.Session{UserAgent: agent}).Device(); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}
