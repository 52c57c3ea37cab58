package apptest

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/repo/repotest"
	"github.com/latchkey-auth/latchkey/server/auth"
)

// User is an account to be made for a test.
type User struct {
	ID        int64
	Email     string
	Password  string
	Encoded   string // instead of Password, or made from it
	FirstName string
	LastName  string
	IsStaff   bool
	Super     bool // a superuser
	Inactive  bool
}

// AddUser stores a user, as a Django beside us would.
func (a *App) AddUser(t testing.TB, u User) User {
	t.Helper()
	if u.Encoded == "" {
		u.Encoded = Weak(u.Password)
	}
	row := auth.User{
		Email: u.Email, Password: u.Encoded, FirstName: u.FirstName, LastName: u.LastName,
		IsStaff: u.IsStaff, IsSuperuser: u.Super, IsActive: !u.Inactive, DateJoined: time.Date(2024, 6, 26, 8, 45, 0, 123456000, time.UTC),
	}
	if err := repotest.Insert(t.Context(), a.Store, &row); err != nil {
		t.Fatal(err)
	}
	u.ID = row.ID
	return u
}

// Weak encodes a password in Django's form with one iteration: tests that are
// not about hashing do not wait for it.
func Weak(password string) string {
	digest, err := pbkdf2.Key(sha256.New, password, []byte("salt"), 1, sha256.Size)
	if err != nil {
		panic(err) // one iteration is allowed
	}
	return "pbkdf2_sha256$1$salt$" + base64.StdEncoding.EncodeToString(digest)
}

// Token is what a login answers.
type Token struct {
	AccessToken string         `json:"access_token"`
	TokenType   string         `json:"token_type"`
	User        map[string]any `json:"user"`
}

// Login signs u in and returns the access token.
func (a *App) Login(t testing.TB, u User) string {
	t.Helper()
	got := a.Do(t, LoginRequest(u.Email, u.Password))
	if got.Status != http.StatusOK {
		t.Fatalf("login of %s: %d %s", u.Email, got.Status, got.Body)
	}
	return got.Token(t).AccessToken
}

// LoginRequest is the request that signs in.
func LoginRequest(email, password string) Request {
	body, err := json.Marshal(map[string]string{"username": email, "password": password})
	if err != nil {
		panic(err) // strings can always be marshalled
	}
	return Request{Method: http.MethodPost, Path: "/users/login/", Body: string(body)}
}
