package admin

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
)

// Saving a field of an account reads that account once, in the transaction that saves it.
func TestASaveReadsTheAccountOnce(t *testing.T) {
	t.Parallel()
	w := authtest.Staffed(t)
	site, err := New(Config{
		SignIn: w.SignIn, Accounts: w.Accounts, Audit: w.Audit, Clock: w.Clock, Key: []byte("key"), PublicURL: "http://localhost",
		Link: func(name string) (string, error) { return "/" + name, nil }, Version: "test", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	alice, err := w.Store.Account(t.Context(), authtest.AliceID)
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{
		"version": {accounts.UserFormOf(alice).Version()}, "email": {alice.Email}, "is_active": {"on"}, "last_name": {"Liddell"},
	}
	r := httptest.NewRequest(http.MethodPost, Prefix+"users/3/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: w.MustSignInAdmin(t, "root@example.com")})
	w.Store.Read = 0
	answer := httptest.NewRecorder()
	site.ServeHTTP(answer, r)
	if answer.Code != http.StatusSeeOther || w.Store.User(authtest.AliceID).LastName != "Liddell" {
		t.Fatalf("%d %s", answer.Code, answer.Body)
	}
	if w.Store.Read != 1 {
		t.Errorf("the account was read %d times", w.Store.Read)
	}
}
