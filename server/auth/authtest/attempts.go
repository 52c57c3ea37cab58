package authtest

import (
	"context"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// FailedAttempts implements [signin.AttemptStore].
func (f *Store) FailedAttempts(_ context.Context, keys []string, since time.Time) ([]signin.FailedAttempts, error) {
	f.Asked++
	var found []signin.FailedAttempts
	for _, key := range keys {
		if a, counted := f.Attempts[key]; counted && a.Since.After(since) {
			found = append(found, a)
		}
	}
	return found, f.Err
}

// CountFailedAttempt implements [signin.AttemptStore].
func (f *Store) CountFailedAttempt(ctx context.Context, keys []string, at, since time.Time) error {
	if f.OnCount != nil {
		if err := f.OnCount(ctx); err != nil {
			return err
		}
	}
	for _, key := range keys {
		a := f.Attempts[key]
		if !a.Since.After(since) {
			a = signin.FailedAttempts{Key: key, Since: at}
		}
		a.Count++
		f.Attempts[key] = a
	}
	return f.CountErr
}
