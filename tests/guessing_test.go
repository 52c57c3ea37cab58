package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/config"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// behindProxy lets a test say where a request comes from, in X-Forwarded-For.
func behindProxy(cfg *config.Config) {
	cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

// network returns the address of one of many networks.
func network(i int) string { return fmt.Sprintf("2001:db8:0:%x::1", i) }

// loginFrom is a login from an address, on a device.
func loginFrom(address, email, password, device string) apptest.Request {
	body := map[string]string{"username": email, "password": password}
	if device != "" {
		body["device_token"] = device
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings can always be marshalled
	}
	return apptest.Request{Method: "POST", Path: "/users/login/", Body: string(text), Header: http.Header{"X-Forwarded-For": {address}}}
}

// lockOut fails as often as strangers may in one account's name.
func lockOut(t *testing.T, app *apptest.App, email string) {
	t.Helper()
	for i := 0; i < config.MaxUntilLocked; i++ {
		got := app.Do(t, loginFrom(network(0x1000+i), email, "a wrong guess", ""))
		switch got.Status {
		case http.StatusUnauthorized:
		case http.StatusTooManyRequests:
			app.Clock.Advance(15 * time.Minute)
			i--
		default:
			t.Fatalf("guess %d answers %d", i, got.Status)
		}
	}
}

// deviceOf signs in and returns the token of the device.
func deviceOf(t *testing.T, app *apptest.App, in apptest.Request) string {
	t.Helper()
	var answer struct {
		DeviceToken string `json:"device_token"`
	}
	got := app.Do(t, in)
	if err := json.Unmarshal([]byte(got.Body), &answer); err != nil || answer.DeviceToken == "" {
		t.Fatalf("answers %d %s", got.Status, got.Body)
	}
	return answer.DeviceToken
}

// kinds are the accounts that nobody may tell apart.
func kinds(t *testing.T, app *apptest.App) map[string]apptest.User {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte("wonderland-42"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]apptest.User{"unknown": {Email: "unknown@example.com"}}
	for name, user := range map[string]apptest.User{
		"known":    {},
		"inactive": {Inactive: true},
		"unusable": {Encoded: "!no password"},
		"pbkdf2":   {Encoded: apptest.Weak("wonderland-42")},
		"bcrypt":   {Encoded: "bcrypt$" + string(hash)},
		"staff":    {IsStaff: true},
	} {
		user.Email, user.Password = name+"@example.com", "wonderland-42"
		all[name] = app.AddUser(t, user)
	}
	return all
}

var requestID = regexp.MustCompile(`"request_id":"[0-9a-f]+"`)

// shown is an answer without what no two answers have in common.
func shown(status int, header http.Header, body, email string) string {
	header = header.Clone()
	header.Del("Date")
	header.Del("X-Request-Id")
	header.Del("Content-Length") // it has the length of the address, which the form shows again
	var text strings.Builder
	fmt.Fprintln(&text, status)
	if err := header.Write(&text); err != nil {
		panic(err) // memory takes all
	}
	return text.String() + strings.ReplaceAll(requestID.ReplaceAllString(body, ""), email, "EMAIL")
}

// entrance is a way in that takes a secret.
type entrance func(t *testing.T, app *apptest.App, address, email, password, device string) string

var entrances = map[string]entrance{
	"the API": func(t *testing.T, app *apptest.App, address, email, password, device string) string {
		t.Helper()
		got := app.Do(t, loginFrom(address, email, password, device))
		return shown(got.Status, got.Header, got.Body, email)
	},
	"the admin site": func(t *testing.T, app *apptest.App, address, email, password, device string) string {
		t.Helper()
		header := http.Header{"X-Forwarded-For": {address}}
		if device != "" {
			header.Set("Cookie", "latchkey_admin_device="+device)
		}
		got := app.NewBrowser(t).Do(t, http.MethodPost, "/admin/login/", url.Values{"email": {email}, "password": {password}}, header)
		return shown(got.Status, got.Header, got.Body, email)
	},
}

// Whoever guesses learns of no account whether it is there, and can tell none apart:
// neither by an answer, nor by when it comes to be refused, waited for or locked.
// ASVS 6.3.8
func TestNoAccountCanBeToldFromAnother(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL, behindProxy)
		for name, enter := range entrances {
			var first, of string
			for kind, user := range kinds(t, app) {
				user.Email = strings.ReplaceAll(name, " ", "") + user.Email
				if kind != "unknown" {
					app.Exec(t, "UPDATE users_user SET email = $1 WHERE id = $2", user.Email, user.ID)
				}
				if got := guessed(t, app, enter, user.Email); first == "" {
					first, of = got, kind
				} else if got != first {
					t.Errorf("%s: %s and %s differ:\n%s", name, kind, of, firstDifference(got, first))
				}
			}
		}
	})
}

// guessed returns all answers to somebody who guesses until the account is locked, and
// then knows the password.
func guessed(t *testing.T, app *apptest.App, enter entrance, email string) string {
	t.Helper()
	var all []string
	began := app.Clock.Now()
	for range 8 {
		all = append(all, enter(t, app, "192.0.2.1", email, "a wrong guess", ""))
	}
	all = append(all, enter(t, app, "192.0.2.1", email, "wonderland-42", ""), enter(t, app, "192.0.2.1", strings.ToUpper(email), "", "no device"))
	for i := range 160 {
		app.Clock.Advance(15 * time.Minute)
		all = append(all, enter(t, app, network(i), email, "a wrong guess", "no device"))
	}
	all = append(all, enter(t, app, "192.0.2.2", email, "wonderland-42", ""))
	app.Clock.Advance(began.Sub(app.Clock.Now()))
	return strings.Join(all, "\n")
}

// firstDifference returns the first lines that differ.
func firstDifference(a, b string) string {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			return fmt.Sprintf("line %d:\n%s\n%s", i, left[i], right[i])
		}
	}
	return "one is longer"
}

// The same of who changes their password: by how it is stored, or because strangers have
// locked the account.
// ASVS 6.3.8
func TestNoProofCanBeToldFromAnother(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL, behindProxy)
		all, tokens := kinds(t, app), map[string]string{}
		for _, kind := range []string{"known", "pbkdf2", "bcrypt", "staff"} {
			tokens[kind] = app.Login(t, all[kind])
		}
		lockOut(t, app, all["staff"].Email)
		var first string
		for kind, token := range tokens {
			var answers []string
			for range 7 {
				got := app.Do(t, passwordRequest(token, "wrong", "looking-glass-43"))
				answers = append(answers, shown(got.Status, got.Header, got.Body, all[kind].Email))
			}
			app.Clock.Advance(time.Minute)
			got := app.Do(t, passwordRequest(token, "wrong", "looking-glass-43"))
			text := strings.Join(append(answers, shown(got.Status, got.Header, got.Body, all[kind].Email)), "\n")
			if first == "" {
				first = text
			}
			if text != first {
				t.Errorf("%s differs: %s", kind, firstDifference(text, first))
			}
			if strings.Count(text, "422\n") != 6 || strings.Count(text, "429\n") != 2 {
				t.Errorf("%s answers %s", kind, text)
			}
		}
	})
}

// burst sends requests at the same moment, to instances in turns, and counts the answers.
func burst(t *testing.T, instances []*apptest.App, requests []apptest.Request) map[int]int {
	t.Helper()
	var mu sync.Mutex
	var sent sync.WaitGroup
	statuses := map[int]int{}
	for i, in := range requests {
		sent.Go(func() {
			for {
				got, err := instances[i%len(instances)].Try(t, in)
				if err != nil {
					t.Error(err)
					return
				}
				if got.Status == http.StatusServiceUnavailable { // the queue before hashing is full
					continue
				}
				mu.Lock()
				defer mu.Unlock()
				statuses[got.Status]++
				return
			}
		})
	}
	sent.Wait()
	return statuses
}

// Neither guessing in parallel nor on another instance checks one password more.
// ASVS 6.3.1
func TestABurstOfGuessesPassesNoLimit(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		a := apptest.Start(t, databaseURL, behindProxy)
		b := apptest.StartUnmigrated(t, databaseURL, behindProxy)
		b.Clock.Advance(a.Clock.Now().Sub(b.Clock.Now()))
		a.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		for _, test := range []struct {
			name    string
			request func(i int) apptest.Request
			checked int
		}{
			{"from one network", func(int) apptest.Request { return loginFrom("192.0.2.1", "alice@example.com", "wrong", "") }, 5},
			{"from a hundred networks", func(i int) apptest.Request { return loginFrom(network(i), "nobody@example.com", "wrong", "") }, 20},
			{"at two hundred accounts", func(i int) apptest.Request {
				return loginFrom("192.0.2.9", fmt.Sprintf("person%d@example.com", i), "wrong", "")
			}, 100},
		} {
			requests := make([]apptest.Request, 0, 200)
			for i := range 200 {
				requests = append(requests, test.request(i))
			}
			got := burst(t, []*apptest.App{a, b}, requests)
			if got[http.StatusUnauthorized] != test.checked || got[http.StatusTooManyRequests] != 200-test.checked {
				t.Errorf("%s: %v, want %d checked", test.name, got, test.checked)
			}
		}
	})
}

// ASVS 6.3.1
func TestAWaitOutlivesARestart(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		first := apptest.Start(t, databaseURL, behindProxy)
		first.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		for _, wait := range []time.Duration{0, 0, 0, 0, time.Minute, 15 * time.Second} {
			wantStatus(t, first, loginFrom("192.0.2.1", "alice@example.com", "wrong", ""), http.StatusUnauthorized, "")
			first.Clock.Advance(wait)
		}
		first.ServedBy.Close()
		second := apptest.StartUnmigrated(t, databaseURL, behindProxy)
		second.Clock.Advance(first.Clock.Now().Sub(second.Clock.Now()))
		right := loginFrom("192.0.2.1", "alice@example.com", "wonderland-42", "")
		got := wantStatus(t, second, right, http.StatusTooManyRequests, "too_many_attempts")
		if wait := got.Header.Get("Retry-After"); wait != "105" {
			t.Errorf("Retry-After is %s, of two minutes of which 15 seconds are over", wait)
		}
		second.Clock.Advance(105 * time.Second)
		wantStatus(t, second, right, http.StatusOK, "")
	})
}

// Nobody is locked out by strangers, however many they are: not on a device nor in a
// network from which they have signed in.
// ASVS 6.3.1
func TestTheOwnerGetsInWhileStrangersGuess(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		for _, strangers := range []int{10, 100} {
			t.Run(fmt.Sprint(strangers, " addresses"), func(t *testing.T) {
				app := apptest.Start(t, databaseURL, behindProxy)
				email := fmt.Sprintf("owner%d@example.com", strangers)
				owner := app.AddUser(t, apptest.User{Email: email, Password: "wonderland-42", IsStaff: true})
				device := deviceOf(t, app, loginFrom("198.51.100.1", owner.Email, owner.Password, ""))
				desk := app.NewBrowser(t) // on loopback, which is no client
				if got := desk.LogIn(t, owner); got.Status != http.StatusSeeOther {
					t.Fatalf("the admin site answers %d", got.Status)
				}
				for round := range 12 {
					for i := range strangers {
						app.Do(t, loginFrom(network(i), owner.Email, fmt.Sprint("guess", round), ""))
					}
					elsewhere := network(0x8000 + round)
					wantStatus(t, app, loginFrom("198.51.100.1", owner.Email, owner.Password, ""), http.StatusOK, "")
					wantStatus(t, app, loginFrom(elsewhere, owner.Email, owner.Password, device), http.StatusOK, "")
					got := desk.Do(t, http.MethodPost, "/admin/login/", url.Values{"email": {owner.Email}, "password": {owner.Password}}, http.Header{"X-Forwarded-For": {elsewhere}})
					if got.Status != http.StatusSeeOther {
						t.Errorf("round %d: the admin site answers %d", round, got.Status)
					}
					app.Clock.Advance(time.Hour)
				}
			})
		}
	})
}

// What a device or a network of one's own is let in for is not guessing without limit.
// ASVS 6.3.1
func TestWhoIsKnownIsLimitedToo(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t), behindProxy)
	alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
	device := deviceOf(t, app, loginFrom("198.51.100.1", alice.Email, alice.Password, ""))
	for name, in := range map[string]func(password string) apptest.Request{
		"a device":  func(password string) apptest.Request { return loginFrom("192.0.2.1", alice.Email, password, device) },
		"a network": func(password string) apptest.Request { return loginFrom("198.51.100.1", alice.Email, password, "") },
	} {
		for range 5 {
			wantStatus(t, app, in("wrong"), http.StatusUnauthorized, "invalid_credentials")
		}
		if got := wantStatus(t, app, in(alice.Password), http.StatusTooManyRequests, "too_many_attempts"); got.Header.Get("Retry-After") != "60" {
			t.Errorf("%s waits %s", name, got.Header.Get("Retry-After"))
		}
	}
	wantStatus(t, app, loginFrom("203.0.113.1", alice.Email, alice.Password, ""), http.StatusOK, "")
}

// A hundred failures in a row lock an account until its password is set, or somebody
// unlocks it (NIST SP 800-63B-4, section 3.2.2).
// ASVS 6.3.1
func TestALockedAccountIsUnlocked(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		app := apptest.Start(t, databaseURL, behindProxy)
		staff := app.Staff(t, root(t, app))
		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
		page := fmt.Sprintf("/admin/users/%d/", alice.ID)
		stranger := func() apptest.Request { return loginFrom("203.0.113.1", alice.Email, alice.Password, "") }
		for name, unlock := range map[string]func(){
			"by the button": func() {
				if got := staff.Submit(t, page+"unlock/", nil); got.Status != http.StatusSeeOther {
					t.Errorf("answers %d", got.Status)
				}
			},
			"by a new password": func() {
				form := url.Values{"usable": {"yes"}, "password": {alice.Password}, "again": {alice.Password}, "current_password": {"wonderland-42"}}
				if got := staff.Submit(t, page+"password/", form); got.Status != http.StatusSeeOther {
					t.Errorf("answers %d: %s", got.Status, got.Text())
				}
			},
		} {
			lockOut(t, app, alice.Email)
			if got := wantStatus(t, app, stranger(), http.StatusTooManyRequests, "too_many_attempts"); got.Header.Get("Retry-After") != "86400" {
				t.Errorf("Retry-After is %s", got.Header.Get("Retry-After"))
			}
			staff = app.Staff(t, apptest.User{Email: "root@example.com", Password: "wonderland-42"})
			for _, path := range []string{"/admin/users/?is_active=locked", page} {
				if got := staff.Get(t, path); !strings.Contains(got.Text(), "Locked") || !strings.Contains(got.Text(), alice.Email) {
					t.Errorf("%s shows %s", path, got.Text())
				}
			}
			unlock()
			if got := staff.Get(t, "/admin/users/?is_active=locked"); strings.Contains(got.Text(), alice.Email) {
				t.Errorf("%s, and still listed: %s", name, got.Text())
			}
			wantStatus(t, app, stranger(), http.StatusOK, "")
			app.Exec(t, "DELETE FROM latchkey_attempt") // also that the stranger is known now
		}
		events, err := app.Audit.List(t.Context(), auth.CommandLine("test"), auth.ListParams{Size: 100, Sort: "id"})
		if err != nil {
			t.Fatal(err)
		}
		actions := map[auth.Action]int{}
		for _, event := range events.Items {
			actions[event.Action]++
		}
		if actions[auth.ActionLocked] != 2 || actions[auth.ActionUnlocked] != 2 {
			t.Errorf("the events are %v", actions)
		}
	})
}

// ASVS 6.3.1, 6.3.4
func TestTheCookieOfADeviceAtTheAdminSite(t *testing.T) {
	t.Parallel()
	for publicURL, want := range map[string]string{
		"http://localhost:8080":     "latchkey_admin_device=*; Path=/admin/; Max-Age=34560000; HttpOnly; SameSite=Lax",
		"https://login.example.com": "__Host-latchkey_admin_device=*; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax",
	} {
		app := apptest.Start(t, apptest.SQLite(t), func(cfg *config.Config) { cfg.PublicURL = publicURL })
		browser := app.NewBrowser(t)
		got := browser.LogIn(t, root(t, app))
		i := slices.IndexFunc(got.Header.Values("Set-Cookie"), func(c string) bool { return strings.Contains(c, "_device=") })
		if i < 0 {
			t.Fatalf("sets %v", got.Header.Values("Set-Cookie"))
		}
		set := regexp.MustCompile(`=[\w-]{80};`).ReplaceAllString(got.Header.Values("Set-Cookie")[i], "=*;")
		if set != want {
			t.Errorf("sets %s, want %s", set, want)
		}
		if strings.HasPrefix(publicURL, "http:") {
			if out := browser.Submit(t, "/admin/logout/", nil); strings.Contains(fmt.Sprint(out.Header.Values("Set-Cookie")), "device") {
				t.Error("signing out forgets the device")
			}
		}
	}
}
