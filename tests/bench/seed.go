package main

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver for seeding
	"golang.org/x/crypto/argon2"
)

// seedPassword is everybody's.
const seedPassword = "correct horse battery staple"

// seedEncoded is it in Django's encoding, at the product's current setting, so
// that no login upgrades it. Everybody's is the same, salt included: making a
// million takes hours.
func seedEncoded() string {
	salt := []byte("abcdefghijklmnopqrstuv")
	digest := argon2.IDKey([]byte(seedPassword), salt, 2, 19456, 1, 32)
	return fmt.Sprintf("argon2$argon2id$v=19$m=19456,t=2,p=1$%s$%s",
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(digest))
}

// seedEmail is that of user i, from 1 on.
func seedEmail(i int) string { return fmt.Sprintf("user%d@example.com", i) }

const (
	seedColumns = `INSERT INTO users_user (password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email) `
	seedSQLite  = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) ` +
		seedColumns + `SELECT $2, 0, 'First', 'Last' || i, 0, 1, '2024-06-26 08:45:00+00:00', 'user' || i || '@example.com' FROM n`
	seedPostgres = seedColumns +
		`SELECT $2, false, 'First', 'Last' || i, false, true, '2024-06-26 08:45:00+00', 'user' || i || '@example.com' FROM generate_series(1, $1::int) i`
)

// database gives the URL of a migrated database with that many users. It is made
// when it is first asked for.
func (b *bench) database(ctx context.Context, kind string, users int) (string, error) {
	key := fmt.Sprintf("%s_%d", strings.ToLower(kind), users)
	if made := b.seeded[key]; made != "" {
		return made, nil
	}
	b.progress("%s with %d users …", kind, users)
	made := "sqlite://" + filepath.Join(b.dir, key+".db")
	if kind == "PostgreSQL" {
		var err error
		if made, err = b.postgres.database(ctx, key); err != nil {
			return "", err
		}
	}
	migrate := exec.CommandContext(ctx, b.binary, "migrate")
	migrate.Env = append(withoutLatchkey(os.Environ()), "LATCHKEY_DATABASE_URL="+made, "LATCHKEY_DATA_DIR="+b.dir, "LATCHKEY_SECRET_KEY="+secret)
	if output, err := migrate.CombinedOutput(); err != nil {
		return "", fmt.Errorf("migrating: %w\n%s", err, output)
	}
	if err := seed(ctx, made, users); err != nil {
		return "", fmt.Errorf("seeding: %w", err)
	}
	b.seeded[key] = made
	return made, nil
}

// seed fills users_user and leaves nothing for the database to tidy up while
// something is measured.
func seed(ctx context.Context, databaseURL string, users int) (err error) {
	driver, dsn, insert := "pgx", databaseURL, seedPostgres
	after := []string{"VACUUM (ANALYZE) users_user", "CHECKPOINT"}
	if path, ok := strings.CutPrefix(databaseURL, "sqlite://"); ok {
		driver, dsn, insert = "sqlite", "file:"+path, seedSQLite
		after = []string{"PRAGMA wal_checkpoint(TRUNCATE)"}
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, insert, users, seedEncoded()); err != nil {
		return err
	}
	for _, statement := range after {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// loginRequests are right logins of that many users.
func loginRequests(users int) [][]byte {
	requests := make([][]byte, users)
	for i := range requests {
		body, err := json.Marshal(map[string]string{"username": seedEmail(i%fewUsers + 1), "password": seedPassword})
		if err != nil {
			panic(err) // strings can always be marshalled
		}
		requests[i] = render("POST", "/api/v1/users/login/", "", string(body))
	}
	return requests
}

// logIn gives a token for each of the first users.
func logIn(addr string, users int) ([]string, error) {
	c := &client{addr: addr}
	defer c.close()
	tokens := make([]string, users)
	for i, request := range loginRequests(users) {
		status, body, err := c.exchange(request, true)
		if err != nil {
			return nil, fmt.Errorf("logging in: %w", err)
		}
		if status != http.StatusOK {
			return nil, fmt.Errorf("logging in: %d %s", status, body)
		}
		var token struct {
			AccessToken string `json:"access_token"`
		}
		if err := json.Unmarshal(body, &token); err != nil {
			return nil, fmt.Errorf("logging in: %w", err)
		}
		tokens[i] = token.AccessToken
	}
	return tokens, nil
}
