package admin

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

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
	_, err = io.WriteString(req.w, byteOrderMark)
	if err == nil {
		err = file.write(names)
	}
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

// byteOrderMark begins the file: Excel takes one without for the machine's own
// encoding, and shows mojibake (RFC 3629, section 6, allows it).
const byteOrderMark = "\uFEFF"

const (
	// formula holds the characters that begin a formula in spreadsheets, in full width
	// too (OWASP, "CSV Injection").
	formula = "=+-@\t\r\n＝＋－＠"
	// separators end a cell in some locale or import dialog, though the file quotes them.
	separators = ",;|\t\r\n"
	// quotes are what a spreadsheet may take off the beginning of a cell.
	quotes = `"'` + "`＂＇“”„‘’«»"
)

// harmless returns a cell for the file, with a quote before what a spreadsheet would
// take for a formula: at the beginning, and behind a separator.
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
		begins = strings.ContainsRune(separators, r) || begins && isTakenOff(r)
	}
	return text.String()
}

// isTakenOff reports whether a spreadsheet may leave a character out that it finds
// before a formula: quotes, white space, and what nobody sees (zero width, byte order
// marks, control characters).
func isTakenOff(r rune) bool {
	return strings.ContainsRune(quotes, r) || unicode.IsSpace(r) || !unicode.IsGraphic(r) ||
		unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
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
