package tests

import (
	"net/http"
	"testing"

	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// Whatever stands behind the question mark, the list is a page.
func FuzzTheAddressOfAList(f *testing.F) {
	for _, seed := range []string{
		"", "q=alice", "q=%22+OR+%2A", "q=%25_%5C", "q=a+b+c+d", "o=-email&p=2", "o=last_login", "p=-1", "p=99999999999999999999", "is_staff=yes&is_active=no",
		"group=1", "group=x", "date_joined=week&last_login=never", "q=%00", "q=%ff", "o=%00&p=%00&is_staff=%00", ";;;", "q=(((&q=)))", "from=//evil.example", "q=İ",
	} {
		f.Add("users", seed)
		f.Add("sessions", seed)
		f.Add("events", seed)
	}
	app := apptest.Start(f, apptest.SQLite(f))
	app.AddUser(f, apptest.User{Email: "alice@example.com", Password: "wonderland-42", FirstName: `%_\"'`})
	browser := app.Staff(f, app.AddUser(f, apptest.User{Email: "root@example.com", Password: "wonderland-42", IsStaff: true, Super: true}))
	f.Fuzz(func(t *testing.T, model, query string) {
		req, err := http.NewRequest(http.MethodGet, app.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Path, req.URL.RawQuery = "/admin/"+model+"/", query
		if got := browser.Send(t, req); got.Status >= 500 {
			t.Errorf("%s: %d %s", req.URL, got.Status, got.Text())
		}
	})
}
