package repo

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// PostgreSQL's codes (Appendix A) for a server that goes away, comes back, is
// full, or is no longer the one that takes writes.
var unavailableCodes = []string{"57P01", "57P02", "57P03", "53300", "25006"}

// translate turns a driver's error into the domain's words where it has any. A
// client that hung up is no fault of the database, so its error stays as it is.
func translate(ctx context.Context, err error) error {
	if _, named := errors.AsType[*auth.Error](err); named {
		return err // the domain's own, from within a transaction: its words may be people's
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return auth.ErrNoRow
	case errors.Is(ctx.Err(), context.Canceled):
		return err
	case isUnreachable(err):
		return auth.Unavailable(err)
	}
	return err
}

func isUnreachable(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, net.ErrClosed) || pgconn.Timeout(err) {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(e.Code, "08") || slices.Contains(unavailableCodes, e.Code)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		// The low byte is the kind; the rest says more about it.
		kind := e.Code() & 0xff
		return kind == sqlite3.SQLITE_BUSY || kind == sqlite3.SQLITE_LOCKED || kind == sqlite3.SQLITE_CANTOPEN
	}
	// A connection that breaks in the middle of an answer.
	return strings.Contains(err.Error(), "unexpected EOF") || strings.Contains(err.Error(), "conn closed")
}

// isUnwritable reports that a text has characters that the database's encoding has
// not: nothing in it can be equal to that text.
func isUnwritable(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "22P05"
}

// isTaken reports whether a unique constraint was violated.
func isTaken(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "23505"
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE
	}
	return false
}
