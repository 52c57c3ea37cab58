package main

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
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

// seedEmail is that of user i, from 1 on. Those of the first, with whom the other parts
// log in, are nothing but that.
func seedEmail(i int) string {
	number := fmt.Sprintf("user%d@example.com", i)
	if i <= fewUsers {
		return number
	}
	return strings.ToLower(seedFirstName(i)+"."+seedLastName(i)) + "." + number
}

// Shares of the users, one in so many. None of the first users, with whom the other
// parts log in, is inactive or staff.
const (
	oneInactive  = 19
	oneStaff     = 100
	oneSuperuser = 1000
	oneInGroup   = 100
	seedGroup    = "Support"
)

// seedIsIn reports whether user i is in a share. The shares do not fall together.
func seedIsIn(i, one, first int) bool { return i > fewUsers && i%one == first }

// seedIsActive is of user i.
func seedIsActive(i int) bool { return !seedIsIn(i, oneInactive, 13) }

var (
	seedFirstNames = strings.Fields(`Ada Adele Alan Alice Amina Anna Anton Barbara Beatriz Bo Boris Bruno Carla Carlos Chen
		Clara Daniel David Dennis Diana Diego Donald Edsger Elena Emil Emma Erik Eva Fatima Felix Frances Frank Georg Grace
		Hannah Hans Hedy Helen Hugo Ida Igor Ingrid Irene Ivan Jack Jan Jana Jean John Jonas Jorge Julia Karen Karl Ken
		Kira Lars Lea Leo Leslie Lin Linus Lois Luca Lucy Luis Maja Marco Margaret Maria Mark Marta Max Mei Mia Mila Nadia
		Niklaus Nina Noah Olga Omar Oscar Pablo Paul Peter Petra Radia Robin Rosa Ruth Sara Shafi Sofia Sophie Tim Tom Tony
		Vera Yuki Zoe`)
	seedLastNames = strings.Fields(`Abbott Adams Allen Almeida Backus Baker Bartik Becker Berg Bianchi Bell Brooks Brown
		Bush Carter Castro Chang Clark Cohen Cook Costa Cruz Dahl Davis Diaz Dijkstra Dubois Evans Farkas Fischer Flores
		Foster Fuchs Garcia Goldberg Gomez Gray Green Gruber Haibt Hamilton Hansen Harris Hoare Hoffmann Hopper Horvat
		Hughes Ivanov Jansen Jones Kaya Keller Kelly Kim Klein Knuth Kovacs Lamarr Lamport Lang Larsen Lee Lewis Li Liskov
		Lopez Lovelace Maier Marino Martin Meyer Milner Moore Moreau Morris Nagy Nguyen Novak Olsen Park Perlman Petrov
		Popov Reyes Ricci Ritchie Rossi Russo Santos Sato Schmidt Silva Suzuki Tanaka Thompson Torres Turing Wagner Weber
		Wilson Wirth`)
	seedColumns = []string{"password", "last_login", "is_superuser", "first_name", "last_name", "is_staff", "is_active", "date_joined", "email"}
)

// Names have nothing to do with each other, nor with the shares.
func seedFirstName(i int) string { return seedFirstNames[i/7%len(seedFirstNames)] }

func seedLastName(i int) string { return seedLastNames[i*31/1000%len(seedLastNames)] }

// seedRow returns one of so many rows, from 0 on, in the order of seedColumns. They have
// joined one after the other over six years. A third have never logged in, and the
// others at any time in two years.
func seedRow(n, users int, random *rand.Rand, now time.Time, encoded string) []any {
	const years = 365 * 24 * time.Hour
	joined := now.Add(-time.Duration(float64(6*years) * float64(users-n) / float64(users))).Truncate(time.Microsecond)
	// Who is who has nothing to do with when they joined, or a list sorted by address
	// would read its rows in the order in which they lie. The factor is a prime.
	i := 1 + n*7919%users
	var lastLogin *time.Time
	if ago := time.Duration(random.Int64N(int64(3 * years))); ago < 2*years {
		at := now.Add(-ago).Truncate(time.Microsecond)
		lastLogin = &at
	}
	return []any{
		encoded, lastLogin, seedIsIn(i, oneSuperuser, 57), seedFirstName(i), seedLastName(i),
		seedIsIn(i, oneStaff, 57), seedIsActive(i), joined, seedEmail(i),
	}
}

// database returns the URL of a migrated database with that many users. It is made
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
	// The newest migration makes indexes, which is faster when the users are there.
	for _, args := range [][]string{{"migrate"}, {"migrate", "down"}} {
		if err := b.manage(ctx, made, args); err != nil {
			return "", err
		}
	}
	if err := seed(ctx, made, users); err != nil {
		return "", fmt.Errorf("seeding: %w", err)
	}
	if err := b.manage(ctx, made, []string{"migrate"}); err != nil {
		return "", err
	}
	if err := tidy(ctx, made); err != nil {
		return "", fmt.Errorf("seeding: %w", err)
	}
	b.seeded[key] = made
	return made, nil
}

// manage runs one of the product's commands on a database.
func (b *bench) manage(ctx context.Context, database string, args []string, settings ...string) error {
	cmd := exec.CommandContext(ctx, b.binary, args...)
	cmd.Env = append(withoutLatchkey(os.Environ()), "LATCHKEY_DATABASE_URL="+database, "LATCHKEY_DATA_DIR="+b.dir, "LATCHKEY_SECRET_KEY="+secret)
	cmd.Env = append(cmd.Env, settings...)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("latchkey %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return nil
}

// openSeed opens a database as whoever owns it, past the product.
func openSeed(databaseURL string) (*sql.DB, error) {
	if path, ok := strings.CutPrefix(databaseURL, "sqlite://"); ok {
		return sql.Open("sqlite", "file:"+path+"?_time_format=sqlite&_pragma=cache_size(-256000)") // in KiB
	}
	return sql.Open("pgx", databaseURL)
}

// seed fills users_user, and puts its share of them into a group.
func seed(ctx context.Context, databaseURL string, users int) (err error) {
	db, err := openSeed(databaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	random, now, encoded := rand.New(rand.NewPCG(1, 2)), time.Now().UTC(), seedEncoded()
	row := func(n int) []any { return seedRow(n, users, random, now, encoded) }
	if strings.HasPrefix(databaseURL, "sqlite://") {
		err = insertUsers(ctx, db, users, row)
	} else {
		err = copyUsers(ctx, databaseURL, users, row)
	}
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "INSERT INTO auth_group (name) VALUES ($1)", seedGroup); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "INSERT INTO users_user_groups (user_id, group_id) SELECT u.id, g.id FROM users_user AS u, auth_group AS g WHERE u.id % $1 = 5", oneInGroup)
	return err
}

// insertUsers fills SQLite's users_user.
func insertUsers(ctx context.Context, db *sql.DB, users int, row func(n int) []any) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit there is nothing to roll back
	values := strings.TrimSuffix(strings.Repeat("?, ", len(seedColumns)), ", ")
	insert, err := tx.PrepareContext(ctx, fmt.Sprintf("INSERT INTO users_user (%s) VALUES (%s)", strings.Join(seedColumns, ", "), values))
	if err != nil {
		return err
	}
	for n := range users {
		if _, err := insert.ExecContext(ctx, row(n)...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// copyUsers fills PostgreSQL's.
func copyUsers(ctx context.Context, databaseURL string, users int, row func(n int) []any) error {
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	n := -1
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"users_user"}, seedColumns, pgx.CopyFromFunc(func() ([]any, error) {
		if n++; n == users {
			return nil, nil
		}
		return row(n), nil
	}))
	return err
}

// tidy leaves nothing for the database to do while something is measured.
func tidy(ctx context.Context, databaseURL string) (err error) {
	db, err := openSeed(databaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	statements := []string{"VACUUM (ANALYZE) users_user, users_user_groups, latchkey_user_search", "CHECKPOINT"}
	if strings.HasPrefix(databaseURL, "sqlite://") {
		statements = []string{"PRAGMA wal_checkpoint(TRUNCATE)"}
	}
	for _, statement := range statements {
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

// logIn returns a token for each of the first users.
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
