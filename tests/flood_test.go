package tests

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// While one address floods the login, who comes from another one is let in: before
// there was a fair queue, one try of fifteen was.
func TestAFloodFromOneAddressKeepsNobodyElseOut(t *testing.T) {
	t.Parallel()
	const crowd, owners, tries = 40, 4, 5 // a slow machine may need more than one try
	app := apptest.Start(t, apptest.SQLite(t), apptest.RealHashes, behindProxy)
	alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
	over := make(chan struct{})
	var flooding, flooded sync.WaitGroup
	flooded.Add(crowd)
	for range crowd {
		flooding.Go(func() {
			for isFirst := true; ; isFirst = false {
				got := app.Do(t, loginFrom("192.0.2.1", alice.Email, alice.Password, ""))
				if isFirst {
					flooded.Done()
				}
				if got.Status != http.StatusOK && got.Status != http.StatusServiceUnavailable {
					t.Errorf("one of the crowd is answered %d: %s", got.Status, got.Body)
				}
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	defer flooding.Wait()
	defer close(over)
	flooded.Wait()
	for owner := range owners {
		request := loginFrom(fmt.Sprintf("198.51.100.%d", 1+owner), alice.Email, alice.Password, "")
		got := app.Do(t, request)
		for try := 1; try < tries && got.Status == http.StatusServiceUnavailable; try++ {
			if got.Header.Get("Retry-After") == "" {
				t.Error("refused, and not told when to come again")
			}
			got = app.Do(t, request)
		}
		if got.Status != http.StatusOK {
			t.Errorf("owner %d is answered %d after %d tries", owner, got.Status, tries)
		}
	}
}
