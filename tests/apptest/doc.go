// Package apptest boots latchkey for a test, in this process and on a database
// of its own, and speaks HTTP with it:
//
//	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
//		app := apptest.Start(t, databaseURL)
//		alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
//		token := app.Login(t, alice)
//		got := app.Do(t, apptest.Request{Method: "GET", Path: "/users/me/", Token: token})
//		…
//	})
//
// Every answer is held against the contract, and noted: [CheckCoverage] tells
// which declared answers no test has seen.
//
//	app.go        starting one
//	http.go       asking the API
//	browser.go    asking the admin site, as a browser does
//	contract.go   holding answers against the contract
//	example.go    requests made from the contract
//	user.go       accounts, and signing in
//	clock.go      a clock that a test moves
package apptest
