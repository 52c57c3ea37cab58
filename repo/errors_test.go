package repo

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/latchkey-auth/latchkey/server/auth"
)

func pgError(code string) error { return &pgconn.PgError{Code: code, Message: "told by PostgreSQL"} }

func TestWhatCountsAsUnavailable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"a time that is up":                        {context.DeadlineExceeded, true},
		"a connection that went bad":               {driver.ErrBadConn, true},
		"a closed connection":                      {net.ErrClosed, true},
		"a refused connection":                     {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, true},
		"a name that cannot be resolved":           {&net.DNSError{Err: "no such host", Name: "db"}, true},
		"a server that is shut down":               {pgError("57P01"), true},
		"a server that crashed":                    {pgError("57P02"), true},
		"a server that is starting":                {pgError("57P03"), true},
		"a server that is full":                    {pgError("53300"), true},
		"a server that became a replica":           {pgError("25006"), true},
		"a connection that failed":                 {pgError("08006"), true},
		"a protocol that was violated":             {pgError("08P01"), true},
		"a connection that breaks in an answer":    {io.ErrUnexpectedEOF, true},
		"a syntax error":                           {pgError("42601"), false},
		"a table that is not there":                {pgError("42P01"), false},
		"a value that is too long":                 {pgError("22001"), false},
		"a constraint that is violated":            {pgError("23505"), false},
		"a wrong password, which is configuration": {pgError("28P01"), false},
		"a context that was cancelled":             {context.Canceled, false},
		"any other error":                          {errors.New("something else"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, err := range []error{test.err, fmt.Errorf("doing something: %w", test.err)} {
				got := translate(t.Context(), err)
				if unavailable := auth.ErrorCode(got) == auth.CodeUnavailable; unavailable != test.want {
					t.Errorf("%v is unavailable: %v, want %v", err, unavailable, test.want)
				}
				if !errors.Is(got, test.err) {
					t.Errorf("the cause is lost: %v", got)
				}
			}
		})
	}
}

func TestWhatElseErrorsMean(t *testing.T) {
	t.Parallel()
	if err := translate(t.Context(), nil); err != nil {
		t.Errorf("nil became %v", err)
	}
	if err := translate(t.Context(), fmt.Errorf("x: %w", sql.ErrNoRows)); !errors.Is(err, auth.ErrNoRow) {
		t.Errorf("no row became %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := translate(ctx, driver.ErrBadConn); auth.ErrorCode(err) != "" {
		t.Errorf("a client that hung up is told as %v", err)
	}
	for code, want := range map[string]bool{"23505": true, "23503": false, "23502": false} {
		if got := isTaken(fmt.Errorf("x: %w", pgError(code))); got != want {
			t.Errorf("%s is taken: %v, want %v", code, got, want)
		}
	}
	if isTaken(nil) || isTaken(errors.New("x")) {
		t.Error("what is no constraint is taken")
	}
}
