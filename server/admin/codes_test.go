package admin

import (
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/problem"
)

// Every code is a page with the status that the API answers too, and with its sentence.
func TestEveryCodeIsAPage(t *testing.T) {
	t.Parallel()
	templates, err := parseTemplates(func(name string) (string, error) { return "/" + name, nil })
	if err != nil {
		t.Fatal(err)
	}
	site := &Site{templates: templates, log: slog.New(slog.DiscardHandler), clock: stopped{}}
	for _, code := range problem.Codes() {
		w := httptest.NewRecorder()
		says := code.Sentence()
		if says == "" { // a code of HTTP's, whose errors say it themselves
			says = "A sentence for people."
		}
		req := newRequest(site, w, httptest.NewRequest(http.MethodGet, Prefix, nil))
		req.fail(auth.NewError(code, says, nil))
		if code == problem.CodeInternal {
			says = errInternal.Detail
		}
		if w.Code != problem.Status(code) || !strings.Contains(html.UnescapeString(w.Body.String()), says) {
			t.Errorf("%s: %d %s", code, w.Code, w.Body)
		}
		// On a form it has that status too, or no place there.
		refusal := auth.NewError(code, says, nil)
		refusal.RetryAfter = time.Minute
		if status, err := (&formView{}).take(req, refusal); err == nil && (status != problem.Status(code) || w.Header().Get("Retry-After") != "60") {
			t.Errorf("%s on a form: %d, %v", code, status, w.Header())
		}
	}
}

// stopped is a clock that does.
type stopped struct{ auth.Clock }

func (stopped) Now() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }
