package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// report is the table.
type report struct {
	title string
	parts []*part
}

// part is what belongs together, under one heading.
type part struct {
	heading string
	rows    [][]string
	notes   []string
}

// columns are the same for every part.
var columns = []string{"", "latchkey", "against", "ratio", "target", "met"}

// part begins one.
func (r *report) part(heading string, args ...any) *part {
	p := &part{heading: fmt.Sprintf(heading, args...)}
	r.parts = append(r.parts, p)
	return p
}

// row adds cells, in the order of columns.
func (p *part) row(cells ...string) { p.rows = append(p.rows, cells) }

// note adds a line below the table.
func (p *part) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

// print writes one table, so that the columns of all parts are aligned.
func (r *report) print(w io.Writer) error {
	fmt.Fprintf(w, "\n%s\nMedians; what is compared was measured in turns.\n", r.title)
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, p := range r.parts {
		line(table, append([]string{"\n" + p.heading}, columns[1:]...))
		for _, cells := range p.rows {
			line(table, cells)
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	fmt.Fprintln(w)
	for _, p := range r.parts {
		for _, note := range p.notes {
			fmt.Fprintf(w, "%s: %s\n", p.heading, note)
		}
	}
	return nil
}

func line(w io.Writer, cells []string) {
	for i := range columns {
		cell := ""
		if i < len(cells) {
			cell = cells[i]
		}
		fmt.Fprint(w, cell)
		if i < len(columns)-1 {
			fmt.Fprint(w, "\t")
		}
	}
	fmt.Fprintln(w)
}

// met is the last column.
func met(ok bool) string {
	if ok {
		return "yes"
	}
	return "NO"
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func us(d time.Duration) string { return fmt.Sprintf("%d µs", d.Microseconds()) }

func rate(perSecond float64) string {
	if perSecond < 1000 {
		return fmt.Sprintf("%.1f/s", perSecond)
	}
	return fmt.Sprintf("%.0f/s", perSecond)
}
