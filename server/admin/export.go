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
	// flushEvery is how many rows are sent at a time.
	flushEvery = 500
	// exportTimeout is how long a client may take to read that many rows.
	exportTimeout = 30 * time.Second
	// exportAtMost is how long an export may take in all: a slow one holds a place, and
	// a read transaction that keeps SQLite's write-ahead log from being truncated.
	exportAtMost = 10 * time.Minute
)

// serveExport sends the filtered list as a CSV file (RFC 4180). It holds one row at a
// time.
func (m *registered[T]) serveExport(req *request) error {
	if err := m.mustMay(req, auth.View); err != nil {
		return err
	}
	query, err := m.exportable(req)
	if err != nil {
		return err
	}
	select {
	case req.site.exports <- struct{}{}:
		defer func() { <-req.site.exports }()
	default:
		return &auth.Error{Code: auth.CodeBusy, Detail: "Other exports are running. Try again in a moment.", RetryAfter: 10 * time.Second}
	}
	ctx, cancel := context.WithTimeout(req.Context(), exportAtMost)
	defer cancel()
	file := &export{writer: csv.NewWriter(req.w), control: http.NewResponseController(req.w), site: req.site}
	header := req.w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8")
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.csv"`, m.Name, req.now.Format("2006-01-02")))
	names := make([]string, 0, len(m.Columns))
	for _, column := range m.Columns {
		names = append(names, column.Name)
	}
	err = file.write(names)
	if err == nil {
		cells := make([]string, len(m.Columns))
		err = m.Each(ctx, req.by, query, func(item T) error {
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
		// The connection is cut: half a file must not look like a whole one.
		req.site.log.WarnContext(req.Context(), "an export was cut off", "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// formula holds the characters that begin a formula in spreadsheets, in full width too
// (OWASP, "CSV Injection").
const formula = "=+-@\t\r\n＝＋－＠"

// harmless returns a cell for the file, with a quote before what a spreadsheet would
// take for a formula. In locales with decimal commas a semicolon ends a cell, so what
// follows one is quoted too.
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

// export is a CSV file that is being sent.
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

// flush sends the buffered rows, and extends the deadline for the next ones.
func (e *export) flush() error {
	_ = e.control.SetWriteDeadline(e.site.wallClock().Add(exportTimeout)) // memory, in tests, has none
	e.writer.Flush()
	return e.writer.Error()
}
