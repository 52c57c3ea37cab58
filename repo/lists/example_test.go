package lists_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite"

	"github.com/latchkey-auth/latchkey/repo/lists"
	"github.com/latchkey-auth/latchkey/server/auth"
)

// note is what a row of office_note is to the domain.
type note struct {
	ID   int64
	Text string
}

// noteRow is the table.
type noteRow struct {
	bun.BaseModel `bun:"table:office_note,alias:n"`

	ID   int64     `bun:"id,pk"`
	Text string    `bun:"text"`
	At   time.Time `bun:"at"`
	Done bool      `bun:"done"`
}

// A list of one's own. An index on (at, id) lets its pages be found without reading the
// rows before them.
var noteList = lists.Definition[noteRow, note]{
	Columns: map[string]lists.Column{
		"id":   {Type: lists.Int, Unique: true},
		"text": {Type: lists.Text},
		"at":   {Type: lists.Time, Indexed: true},
		"done": {Type: lists.Bool},
	},
	Order:   "at",
	Search:  []string{"n.text"},
	Convert: func(r *noteRow) note { return note{r.ID, r.Text} },
}

func ExampleDefinition() {
	ctx := context.Background()
	pool, err := openNotes(ctx)
	if err != nil {
		log.Fatal(err)
	}
	db := lists.NewDB(pool, lists.SQLite) // one for all lists
	page, err := noteList.Page(ctx, db, auth.ListParams{
		Search: "ada", Filters: []auth.Filter{auth.Equal("done", false)}, Descending: true, Size: 2,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d of %d match\n", page.Matches, page.Total)
	for _, n := range page.Items {
		fmt.Println(n.Text)
	}
	_ = pool.Close()
	// Output:
	// 3 of 5 match
	// Write to Ada
	// Meet Ada
}

func openNotes(ctx context.Context) (*bun.DB, error) {
	sqlite, err := sql.Open("sqlite", "file::memory:?_time_format=sqlite")
	if err != nil {
		return nil, err
	}
	sqlite.SetMaxOpenConns(1) // each would have a memory of its own
	pool := bun.NewDB(sqlite, sqlitedialect.New())
	if _, err := pool.ExecContext(ctx, `CREATE TABLE office_note (id integer PRIMARY KEY, text text, at datetime, done bool);
		CREATE INDEX office_note_at ON office_note (at, id)`); err != nil {
		return nil, err
	}
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	var rows []noteRow
	for i, text := range []string{"Call Ada", "Water the plants", "Meet Ada", "Thank Ada", "Write to Ada"} {
		rows = append(rows, noteRow{ID: int64(i + 1), Text: text, At: noon.Add(time.Duration(i) * time.Hour), Done: i == 3})
	}
	_, err = pool.NewInsert().Model(&rows).Exec(ctx)
	return pool, err
}
