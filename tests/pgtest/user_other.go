//go:build !unix

package pgtest

import (
	"errors"
	"syscall"
)

func unprivileged(...string) (*syscall.SysProcAttr, error) {
	return nil, errors.New("local PostgreSQL binaries are supported on Unix only; use Docker or TEST_DATABASE_URL")
}
