package tests

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// A client that stops in the middle of its body is answered all the same, and
// does not hold its connection for as long as it likes.
func TestAClientThatStopsInTheMiddleOfItsBody(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.SQLite(t))
	alice := app.AddUser(t, apptest.User{Email: "alice@example.com", Password: "wonderland-42"})
	token := app.Login(t, alice)
	paths := map[string]int{
		"GET /": http.StatusOK, "POST /docs": http.StatusMethodNotAllowed,
		"GET /admin/login/": http.StatusOK, "POST /admin/login/": http.StatusUnprocessableEntity, "PUT /admin/": http.StatusMethodNotAllowed,
	}
	for _, op := range apptest.Operations() {
		status := op.Success(t)
		switch {
		case op.RequestBody != nil:
			status = http.StatusUnprocessableEntity
		case op.TakesPathParameters():
			continue // of what is not there
		}
		paths[op.Method+" "+apptest.Base+op.Example(t).Path] = status
	}
	var all sync.WaitGroup // t.Parallel would let two at a time wait
	for line, want := range paths {
		for _, length := range []string{"Content-Length: 50", "Transfer-Encoding: chunked"} {
			token := token
			switch {
			case strings.HasSuffix(line, "introspect/"):
				token = apptest.IntrospectionSecret
			case strings.HasSuffix(line, "logout/"): // it would end the session for the others
				token = app.Login(t, alice)
			case strings.HasSuffix(line, "logout-all/"): // and this all of hers
				token = app.Login(t, app.AddUser(t, apptest.User{Email: length + "@example.com", Password: "builder-42"}))
			}
			all.Go(func() {
				status, err := stopInTheMiddle(app, line, length, token)
				if status != want || err != nil {
					t.Errorf("%s, %s: answers %d, want %d; %v", line, length, status, want, err)
				}
			})
		}
	}
	all.Wait()
}

// stopInTheMiddle returns the answer's status, and an error when the connection
// goes on behind it.
func stopInTheMiddle(app *apptest.App, line, length, token string) (status int, err error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(app.URL, "http://"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil { // for a failure alone
		return 0, err
	}
	media := "application/json"
	if strings.HasSuffix(line, "introspect/") {
		media = "application/x-www-form-urlencoded" // RFC 7662, section 2.1
	}
	if _, err := fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\n%s\r\n\r\n5\r\n{", line, token, media, length); err != nil {
		return 0, err
	}
	reader := bufio.NewReader(conn)
	answer, err := http.ReadResponse(reader, nil)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return answer.StatusCode, err
	}
	if _, err := reader.ReadByte(); !errors.Is(err, io.EOF) {
		return answer.StatusCode, fmt.Errorf("the connection goes on: %w", err)
	}
	return answer.StatusCode, nil
}
