package tests

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// marker stands in everything that is sent; no answer may repeat it.
const marker = "m4rk3r"

func TestBadBodies(t *testing.T) {
	t.Parallel()
	const ok = `{"username":"alice@example.com","password":"wonderland-42"}`
	header := func(contentType string) http.Header { return http.Header{"Content-Type": {contentType}} }
	cases := []struct {
		name   string
		body   string
		header http.Header
		status int
		field  string // of the first error
	}{
		{name: "not JSON", body: marker, status: 422, field: "body"},
		{name: "half of a document", body: `{"username":"` + marker, status: 422, field: "body"},
		{name: "a comma too many", body: `{"username":"` + marker + `","password":"b",}`, status: 422, field: "body"},
		{name: "NaN", body: `{"username":NaN,"password":"` + marker + `"}`, status: 422, field: "body"},
		{name: "nothing", body: "", header: header("application/json"), status: 422, field: "body"},
		{name: "only white space", body: "   \n", status: 422, field: "body"},
		{name: "null", body: "null", status: 422, field: "body"},
		{name: "an array", body: `["` + marker + `"]`, status: 422, field: "body"},
		{name: "a text", body: `"` + marker + `"`, status: 422, field: "body"},
		{name: "a number", body: "5", status: 422, field: "body"},
		{name: "no member", body: "{}", status: 422, field: "username"},
		{name: "no password", body: `{"username":"` + marker + `"}`, status: 422, field: "password"},
		{name: "a null user name", body: `{"username":null,"password":"` + marker + `"}`, status: 422, field: "username"},
		{name: "a number as password", body: `{"username":"` + marker + `","password":12345}`, status: 422, field: "password"},
		{name: "an object as user name", body: `{"username":{"a":"` + marker + `"},"password":"x"}`, status: 422, field: "username"},
		{name: "members in another letter case", body: `{"Username":"alice@example.com","PASSWORD":"wonderland-42"}`, status: 422, field: "username"},
		{name: "a member twice", body: `{"username":"a","password":"x","username":"` + marker + `"}`, status: 422, field: "body"},
		{name: "a member twice, once escaped", body: `{"username":"a","password":"x","\u0075sername":"` + marker + `"}`, status: 422, field: "body"},
		{name: "a member twice, deep inside", body: `{"username":"a","password":"x","y":[{"z":1,"z":2}]}`, status: 422, field: "body"},
		{name: "a second document", body: ok + ok, status: 422, field: "body"},
		{name: "text after the document", body: ok + marker, status: 422, field: "body"},
		{name: "a NUL in the user name", body: `{"username":"` + marker + `\u0000@example.com","password":"x"}`, status: 422, field: "username"},
		{name: "a 10 kB user name", body: `{"username":"` + strings.Repeat(marker, 2000) + `","password":"x"}`, status: 422, field: "username"},
		{name: "a lone high surrogate", body: `{"username":"\ud800","password":"` + marker + `"}`, status: 422, field: "body"},
		{name: "a lone low surrogate", body: `{"username":"` + marker + `","password":"x\udc00y"}`, status: 422, field: "body"},
		{name: "surrogates the wrong way round", body: `{"username":"` + marker + `","password":"\udc00\ud800"}`, status: 422, field: "body"},
		{name: "invalid UTF-8", body: `{"username":"` + marker + "\xff" + `","password":"x"}`, status: 422, field: "body"},
		{name: "an overlong encoding", body: `{"username":"` + marker + "\xc0\xaf" + `","password":"x"}`, status: 422, field: "body"},
		{name: "a byte order mark", body: "\ufeff" + ok, status: 422, field: "body"},
		{name: "UTF-16", body: "\xff\xfe{\x00}\x00", status: 422, field: "body"},
		{name: "30,000 deep", body: strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000), status: 422, field: "body"},
		{name: "100,000 deep", body: strings.Repeat(`[`, 100_000), status: 413},
		{name: "over 64 KiB", body: `{"username":"` + marker + `","password":"` + strings.Repeat("x", 64<<10) + `"}`, status: 413},
		{name: "5 MB", body: `{"username":"` + marker + `","password":"` + strings.Repeat("x", 5<<20) + `"}`, status: 413},
		{name: "a form", body: "username=" + marker, header: header("application/x-www-form-urlencoded"), status: 415},
		{name: "JSON called text", body: ok, header: header("text/plain"), status: 415},
		{name: "JSON called nothing", body: ok, header: http.Header{"Content-Type": nil}, status: 415},
		{name: "JSON called nonsense", body: ok, header: header("///"), status: 415},
		{name: "XML that ends in json", body: ok, header: header("text/x+json"), status: 415},

		{name: "JSON with a charset", body: ok, header: header("application/json; charset=utf-8"), status: 200},
		{name: "a kind of JSON", body: ok, header: header("application/vnd.api+json"), status: 200},
		{name: "more members", body: `{"username":"alice@example.com","password":"wonderland-42","csrfToken":"x","deep":[[1]]}`, status: 200},
		{name: "escapes", body: `{"username":"alice\u0040example.com","password":"wonderland\u002d42","emoji":"\ud83d\ude00"}`, status: 200},
	}
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		app := apptest.Start(t, databaseURL)
		app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		for _, c := range cases {
			in := apptest.Request{Method: "POST", Path: "/users/login/", Body: c.body, Header: c.header}
			var got apptest.Response
			var took time.Duration
			for range 5 { // what is slow is slow each time, but a busy machine is not
				began := time.Now()
				got = app.Do(t, in)
				if took = time.Since(began); took < time.Second {
					break
				}
			}
			if took > time.Second && c.status >= http.StatusBadRequest {
				t.Errorf("%s: took %s", c.name, took)
			}
			if got.Status != c.status {
				t.Errorf("%s: answers %d, want %d: %.200s", c.name, got.Status, c.status, got.Body)
				continue
			}
			if strings.Contains(got.Body, marker) {
				t.Errorf("%s: the answer repeats what was sent: %s", c.name, got.Body)
			}
			if c.field != "" {
				if faults := got.Problem(t).Errors; faults == nil || (*faults)[0].Field != c.field {
					t.Errorf("%s: the first fault is not in %s: %s", c.name, c.field, got.Body)
				}
			}
		}
		if strings.Contains(app.Log.String(), marker) {
			t.Error("the log repeats what was sent")
		}
	})
}

// A body that no operation reads is refused by its size all the same.
func TestNoOperationTakesALargeBody(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	for _, op := range apptest.Operations() {
		wantStatus(t, app, apptest.Request{Method: op.Method, Path: op.Example(t).Path, Body: strings.Repeat(" ", 64<<10+1)}, http.StatusRequestEntityTooLarge, "body_too_large")
	}
}

// ASVS 6.2.8
func TestAPasswordIsCheckedExactlyAsReceived(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	passwords := []string{"abc\x00def", " both ends ", "pässwörd-éè", "pa\u0308sswo\u0308rd", "😀🔑", "tab\tand\nline", `quote"\back`, strings.Repeat("long", 256), ""}
	for i, password := range passwords {
		user := app.AddUser(t, apptest.User{Email: fmt.Sprintf("user%d@example.com", i), Password: password})
		for j, typed := range passwords {
			app.Clock.Advance(time.Hour) // there are more of them than may be tried in a row
			want := http.StatusUnauthorized
			if i == j {
				want = http.StatusOK
			}
			if got := app.Do(t, apptest.LoginRequest(user.Email, typed)); got.Status != want {
				t.Errorf("password %.20q, typed %.20q: %d", password, typed, got.Status)
			}
		}
	}
}

// ASVS 6.3.1
func TestGuessingIsLimited(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL)
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		for _, email := range []string{alice.Email, "nobody@example.com"} {
			for range 5 {
				wantStatus(t, app, apptest.LoginRequest(email, "wrong"), http.StatusUnauthorized, "invalid_credentials")
			}
			got := wantStatus(t, app, apptest.LoginRequest(strings.ToUpper(email), "wonderland-42"), http.StatusTooManyRequests, "too_many_attempts")
			if wait := got.Header.Get("Retry-After"); wait != "60" {
				t.Errorf("Retry-After is %s", wait)
			}
		}
		app.Clock.Advance(time.Minute)
		app.Login(t, alice)
		for range 4 {
			wantStatus(t, app, apptest.LoginRequest(alice.Email, "wrong"), http.StatusUnauthorized, "invalid_credentials")
		}
		app.Login(t, alice) // forgets them
		for range 4 {
			wantStatus(t, app, apptest.LoginRequest(alice.Email, "wrong"), http.StatusUnauthorized, "invalid_credentials")
		}
	})
}

// A refusal is the same bytes and the same time, whatever the reason: the time
// is what the domain's clock was asked to wait.
//
// ASVS 6.3.8
func TestARefusalTellsNothing(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
	app.AddUser(t, apptest.User{Email: "inactive@example.com", Password: "wonderland-42", Inactive: true})
	app.AddUser(t, apptest.User{Email: "unusable@example.com", Encoded: "!unusable"})
	app.AddUser(t, apptest.User{Email: "md5@example.com", Encoded: "md5$salt$0123456789abcdef0123456789abcdef"})
	if err := app.SignIn.MeasureHashes(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	attempts := []apptest.Request{
		apptest.LoginRequest("alice@example.com", "wrong"),
		apptest.LoginRequest("nobody@example.com", "wonderland-42"),
		apptest.LoginRequest("inactive@example.com", "wonderland-42"),
		apptest.LoginRequest("unusable@example.com", "!unusable"),
		apptest.LoginRequest("md5@example.com", "wonderland-42"),
	}
	for _, in := range attempts {
		got := wantStatus(t, app, in, http.StatusUnauthorized, "invalid_credentials")
		id := got.Problem(t).RequestID
		seen[strings.ReplaceAll(got.Body, id, "")+got.Header.Get("WWW-Authenticate")] = true
	}
	slept := app.Clock.Slept()
	for _, d := range slept {
		seen[d.String()] = true
	}
	if len(slept) != len(attempts) || len(seen) != 2 {
		t.Errorf("refusals differ: %v", seen)
	}
}
