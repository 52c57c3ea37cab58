package admin

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

const (
	// flushEvery is after how many rows a file is sent on.
	flushEvery = 500
	// exportTimeout is how long a client may take to read that many.
	exportTimeout = 30 * time.Second
	// exportAtMost is how long it may take in all: one that is read slowly holds a
	// place, and keeps the database from tidying up behind it (SQLite's write-ahead log
	// would grow all the while).
	exportAtMost = 10 * time.Minute
)

// serveExport sends the list, as it is filtered, as a CSV file (RFC 4180). It holds
// one row at a time.
func (m *registered[T]) serveExport(v *visit) error {
	if err := m.mustMay(v, auth.View); err != nil {
		return err
	}
	query, err := m.exportable(v)
	if err != nil {
		return err
	}
	select {
	case v.site.exports <- struct{}{}:
		defer func() { <-v.site.exports }()
	default:
		return &auth.Error{Code: auth.CodeBusy, Detail: "Other files are being written just now. Please try again in a moment.", RetryAfter: 10 * time.Second}
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), exportAtMost)
	defer cancel()
	file := &export{writer: csv.NewWriter(v.w), control: http.NewResponseController(v.w), site: v.site}
	header := v.w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.csv"`, m.Name, v.now.Format("2006-01-02")))
	names := make([]string, 0, len(m.Columns))
	for _, column := range m.Columns {
		names = append(names, column.Name)
	}
	err = file.write(names)
	if err == nil {
		cells := make([]string, len(m.Columns))
		err = m.Each(ctx, query, func(item T) error {
			for i, column := range m.Columns {
				cells[i] = harmless(column.Cell(item))
			}
			return file.write(cells)
		})
	}
	if err == nil {
		err = file.flush()
	}
	if err != nil {
		// Half a file must not look like a whole one: the connection is cut.
		v.site.log.WarnContext(v.r.Context(), "a file was not written to its end", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// formula are the characters with which a spreadsheet's formulas begin, in full width
// too (OWASP, "CSV Injection").
const formula = "=+-@\t\r\n＝＋－＠"

// harmless returns a cell as it stands in the file. A spreadsheet would take a text that
// begins like a formula for one; where commas stand in numbers, it takes a semicolon for
// the end of a cell.
func harmless(cell Cell) string {
	if cell.Text == "" {
		return cell.CSV()
	}
	var text strings.Builder
	begins := true
	for _, r := range cell.CSV() {
		if begins && strings.ContainsRune(formula, r) {
			text.WriteByte('\'')
		}
		text.WriteRune(r)
		begins = r == ';' || r == '\t'
	}
	return text.String()
}

// export is a file that is being sent.
type export struct {
	writer  *csv.Writer
	control *http.ResponseController
	site    *Site
	rows    int
}

func (e *export) write(cells []string) error {
	if err := e.writer.Write(cells); err != nil {
		return err
	}
	if e.rows++; e.rows%flushEvery == 0 {
		return e.flush()
	}
	return nil
}

// flush sends what there is, and gives the client time for the next part.
func (e *export) flush() error {
	_ = e.control.SetWriteDeadline(e.site.wallClock().Add(exportTimeout)) // memory, in tests, has none
	e.writer.Flush()
	return e.writer.Error()
}
