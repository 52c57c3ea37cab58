package repo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// maxKinds bounds the kinds that are looked for: a table full of something else
// than passwords has as many as rows.
const maxKinds = 64

// HashSamples implements [signin.Store]. It looks for a password that is like
// none of those it has, from there for the next, and so on: each row is read
// once, and nothing is sorted (grouping a million rows took SQLite 11 s, this
// takes one). Then it counts those that are like each.
func (s *Store) HashSamples(ctx context.Context) ([]signin.HashSample, error) {
	var samples []signin.HashSample
	query := s.read.NewSelect().Model((*userRow)(nil)).Column("id", "password").
		Where("password NOT LIKE '!%'").Order("id").Limit(1)
	for last := int64(-1); len(samples) < maxKinds; {
		var row userRow
		err := translate(ctx, query.Clone().Where("id > ?", last).Scan(ctx, &row))
		if errors.Is(err, auth.ErrNoRow) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the kinds of password: %w", err)
		}
		last = row.ID
		like, err := s.read.NewSelect().Model((*userRow)(nil)).Where("password LIKE ? ESCAPE '#'", likeKind(row.Password)).Count(ctx)
		if err != nil {
			return nil, fmt.Errorf("counting a kind of password: %w", translate(ctx, err))
		}
		samples = append(samples, signin.HashSample{Encoded: row.Password, Users: like})
		query.Where("password NOT LIKE ? ESCAPE '#'", likeKind(row.Password))
	}
	return samples, nil
}

// likeKind returns the pattern of the passwords that differ from encoded by salt
// and digest alone.
func likeKind(encoded string) string {
	parts := strings.Split(encoded, "$")
	for i := range parts {
		if i > 0 && isSecretPart(parts, i) {
			parts[i] = "%"
		} else {
			parts[i] = strings.NewReplacer("#", "##", "%", "#%", "_", "#_").Replace(parts[i])
		}
	}
	return strings.Join(parts, "$")
}

// isSecretPart reports whether a part of one of Django's encodings is salt or digest.
func isSecretPart(parts []string, i int) bool {
	switch algorithm := parts[0]; {
	case algorithm == "argon2":
		return i >= 4
	case algorithm == "scrypt":
		return i == 2 || i >= 5
	case strings.HasPrefix(algorithm, "bcrypt"):
		return i >= 4
	case strings.HasPrefix(algorithm, "pbkdf2"):
		return i >= 2
	}
	return true
}
