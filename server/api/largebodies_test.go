package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// sized is a request whose body has so many bytes; -1: they are not known beforehand.
func sized(ctx context.Context, length int64) *http.Request {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", http.NoBody)
	r.ContentLength = length
	return r
}

func TestLargeBodiesTakeTurns(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]int64{"large": largeBody + 1, "of unknown length": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, began := newLargeBodies(), time.Now()
				var leave func()
				for range maxLargeBodies {
					var err error
					if leave, err = l.enter(sized(t.Context(), length)); err != nil || time.Since(began) != 0 {
						t.Fatalf("one for which there is room: %v after %v", err, time.Since(began))
					}
				}
				if _, err := l.enter(sized(t.Context(), length)); auth.ErrorCode(err) != auth.CodeBusy || time.Since(began) != largeBodyWait {
					t.Errorf("one more: %v after %v", err, time.Since(began))
				}
				if _, err := l.enter(sized(t.Context(), largeBody)); err != nil || time.Since(began) != largeBodyWait {
					t.Errorf("a usual one: %v after %v", err, time.Since(began))
				}
				time.AfterFunc(largeBodyWait/2, leave)
				if _, err := l.enter(sized(t.Context(), length)); err != nil || time.Since(began) != 3*largeBodyWait/2 {
					t.Errorf("one whose turn comes: %v after %v", err, time.Since(began))
				}
			})
		})
	}
}

func TestALargeBodyWhoseClientHangsUpWaitsNoLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, hangUp := context.WithCancel(t.Context())
		time.AfterFunc(largeBodyWait/2, hangUp)
		began := time.Now()
		if _, err := make(largeBodies).enter(sized(ctx, -1)); err == nil || time.Since(began) != largeBodyWait/2 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

// Let through or refused, each leaves its place: or the last would wait for one.
func TestALargeBodyLeavesItsPlace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		want int
	}{
		"let through": {`{"username":"a","password":"` + strings.Repeat("b", largeBody) + `"}`, http.StatusOK},
		"refused":     {strings.Repeat("[", largeBody+1), http.StatusUnprocessableEntity},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			guarded, _ := guardedLogin(t)
			for range maxLargeBodies + 1 {
				answer := httptest.NewRecorder()
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/users/login/", strings.NewReader(test.body))
				r.Header.Set("Content-Type", jsonType)
				guarded.ServeHTTP(answer, r)
				if answer.Code != test.want {
					t.Fatalf("answers %d %s", answer.Code, answer.Body)
				}
			}
		})
	}
}
