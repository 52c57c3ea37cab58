package admin

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-auth/latchkey/server/auth"
)

const (
	// pageSize is how many rows a page has.
	pageSize = 50
	// maxPages keeps the number of the first row within what a database can count.
	maxPages = 1_000_000
	// maxSearch is longer than any address, in characters.
	maxSearch = 300
)

// listing is what somebody asks of a list, as its address says it.
type listing struct {
	query   auth.ListParams
	page    int
	chosen  map[string]string // of each filter
	notices []string          // what of the address could not be understood
}

// listView is what the template of a list sees.
type listView struct {
	One, Many, Path   string
	Here              string // the address, to come back to
	Search, SearchFor string
	Headers           []header
	Rows              []row
	Filters           []filterView
	Actions           []Link // Path holds the name
	CanAdd            bool
	Export            string
	Count             string
	Filtered          bool
	Notices           []string
	Pages             pager
	Hidden            []hidden // what a search keeps
}

type hidden struct{ Name, Value string }

type header struct {
	Label, Path string // Path sorts by it; "" when it cannot be sorted by
	Sorted      string // "ascending", "descending" or ""
}

type row struct {
	Key, Path, Title string
	Cells            []labelled
}

type labelled struct {
	Label string
	Cell
}

type filterView struct {
	Name, Label string
	Choices     []choiceView
	Chosen      bool
}

type choiceView struct {
	Value, Label string
	On           bool
}

type pager struct {
	First, Previous, Next, Last string
	Text                        string
}

func (m *registered[T]) serveList(v *visit) error {
	if err := m.mustMay(v, auth.View); err != nil {
		return err
	}
	asked, filters, err := m.readList(v)
	if err != nil {
		return err
	}
	found, err := m.List(v.r.Context(), asked.query)
	if err != nil {
		return err
	}
	filtered := asked.query.Search != "" || len(asked.query.Filters) > 0
	view := listView{
		One: m.One, Many: m.Many, Path: m.path(), Here: v.r.URL.RequestURI(), Search: asked.query.Search, SearchFor: m.Search,
		Headers: m.headers(v, asked.query), Filters: filters, Actions: m.bulkActions(v),
		CanAdd: m.canAdd(v.staff.Rights), Filtered: filtered,
		Count: countOf(found.Matches, found.Uncounted, found.Total, m.One, m.Many, filtered),
	}
	if m.Each != nil {
		view.Export = strings.TrimSuffix(m.path("export.csv"), "/") + "?" + without(v.r.URL.Query(), "p").Encode()
	}
	view.Hidden = keptBySearch(v.r.URL.Query())
	view.Pages = pagesOf(v.r.URL.Query(), asked.page, found.Matches, found.Uncounted, len(found.Items))
	if len(found.Items) == 0 && asked.page > 1 {
		asked.notices = append(asked.notices, fmt.Sprintf("There is no page %s.", grouped(asked.page)))
	}
	view.Notices = asked.notices
	for _, item := range found.Items {
		view.Rows = append(view.Rows, m.row(item))
	}
	return v.render("list.html", page{Title: m.Many, Crumbs: m.crumbs(), Content: view})
}

func (m *registered[T]) crumbs(more ...Link) []Link {
	return append([]Link{{Label: m.Many, Path: m.path()}}, more...)
}

func (m *registered[T]) row(item T) row {
	key := m.Key(item)
	r := row{Key: key, Path: m.path(url.PathEscape(key)), Title: m.Title(item)}
	for i, column := range m.Columns {
		cell := column.Cell(item)
		if i == 0 && cell.Link == "" {
			cell.Link = r.Path
			if cell.Text == "" {
				cell.Text = r.Title
			}
		}
		r.Cells = append(r.Cells, labelled{column.Label, cell})
	}
	return r
}

// readList reads what the address asks for. What it cannot understand it leaves out
// and says so.
func (m *registered[T]) readList(v *visit) (listing, []filterView, error) {
	values := v.r.URL.Query()
	asked := listing{page: 1, chosen: map[string]string{}}
	asked.query = auth.ListParams{Sort: m.Sort, Descending: m.Descending, Size: pageSize}
	asked.readSearch(values.Get("q"), m.Search != "")
	m.readSort(&asked, values.Get("o"))
	asked.readPage(values.Get("p"))
	filters, err := m.readFilters(v, &asked, values)
	for name := range values {
		known := name == "q" || name == "o" || name == "p" ||
			slices.ContainsFunc(m.Filters, func(f Filter) bool { return f.Name == name })
		if !known {
			asked.notices = append(asked.notices, fmt.Sprintf("There is no filter “%s”.", shortened(name)))
		}
	}
	slices.Sort(asked.notices)
	asked.query.Offset = (asked.page - 1) * pageSize
	return asked, filters, err
}

func (l *listing) readSearch(text string, can bool) {
	text = strings.TrimSpace(text)
	switch {
	case text == "" || !can:
	case !utf8.ValidString(text), strings.ContainsFunc(text, unicode.IsControl):
		l.notices = append(l.notices, "The search has characters that nothing here has.")
	case utf8.RuneCountInString(text) > maxSearch:
		l.notices = append(l.notices, fmt.Sprintf("A search has at most %d characters.", maxSearch))
	default:
		l.query.Search = text
	}
}

func (m *registered[T]) readSort(asked *listing, text string) {
	if text == "" {
		return
	}
	name, descending := strings.CutPrefix(text, "-")
	for _, column := range m.Columns {
		if column.Sort && column.Name == name {
			asked.query.Sort, asked.query.Descending = name, descending
			return
		}
	}
	asked.notices = append(asked.notices, fmt.Sprintf("The list cannot be sorted by “%s”.", shortened(text)))
}

func (l *listing) readPage(text string) {
	if text == "" {
		return
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxPages {
		l.notices = append(l.notices, fmt.Sprintf("There is no page “%s”. This is the first.", shortened(text)))
		return
	}
	l.page = n
}

func (m *registered[T]) readFilters(v *visit, asked *listing, values url.Values) ([]filterView, error) {
	var views []filterView
	for _, filter := range m.Filters {
		choices, err := filter.Choices(v.r.Context())
		if err != nil {
			return nil, err
		}
		view := filterView{Name: filter.Name, Label: filter.Label}
		value := values.Get(filter.Name)
		for _, choice := range choices {
			on := choice.Value == value && value != ""
			if on {
				asked.query.Filters = append(asked.query.Filters, choice.Where(v.now))
				view.Chosen = true
			}
			view.Choices = append(view.Choices, choiceView{choice.Value, choice.Label, on})
		}
		if value != "" && !view.Chosen {
			asked.notices = append(asked.notices, fmt.Sprintf("“%s” is no choice of the filter “%s”.", shortened(value), filter.Label))
		}
		views = append(views, view)
	}
	return views, nil
}

func (m *registered[T]) headers(v *visit, query auth.ListParams) []header {
	var headers []header
	for _, column := range m.Columns {
		h := header{Label: column.Label}
		if column.Sort {
			order := column.Name
			if query.Sort == column.Name {
				h.Sorted = "ascending"
				order = "-" + order
				if query.Descending {
					h.Sorted, order = "descending", column.Name
				}
			}
			values := without(v.r.URL.Query(), "p")
			values.Set("o", order)
			h.Path = "?" + values.Encode()
		}
		headers = append(headers, h)
	}
	return headers
}

func (m *registered[T]) bulkActions(v *visit) []Link {
	var links []Link
	for _, action := range m.Actions {
		if action.OnSeveral && holds(v.staff.Rights, action.Needs) {
			links = append(links, Link{Label: action.Label, Path: action.Name, Grave: action.Grave})
		}
	}
	return links
}

func holds(rights auth.Rights, needs []auth.PermissionName) bool {
	for _, permission := range needs {
		if !rights.Has(permission) {
			return false
		}
	}
	return true
}

// pagesOf links to the pages around one.
func pagesOf(values url.Values, page, matches int, uncounted bool, shown int) pager {
	to := func(n int) string {
		values.Set("p", strconv.Itoa(n))
		if n == 1 {
			values.Del("p")
		}
		return "?" + values.Encode()
	}
	last := max(1, (matches+pageSize-1)/pageSize)
	var links pager
	if page > 1 {
		links.First, links.Previous = to(1), to(page-1)
		if page > last && !uncounted {
			links.Previous = to(last)
		}
	}
	if page < last || uncounted && shown == pageSize {
		links.Next = to(page + 1)
	}
	if page < last && !uncounted {
		links.Last = to(last)
	}
	from := (page-1)*pageSize + 1
	switch {
	case shown == 0:
	case uncounted:
		links.Text = fmt.Sprintf("%s–%s", grouped(from), grouped(from+shown-1))
	default:
		links.Text = fmt.Sprintf("%s–%s of %s", grouped(from), grouped(from+shown-1), grouped(matches))
	}
	return links
}

// countOf says how many there are.
func countOf(matches int, uncounted bool, total int, one, many string, filtered bool) string {
	all := grouped(total) + " " + strings.ToLower(many)
	if total == 1 {
		all = "1 " + one
	}
	switch {
	case !filtered:
		return all
	case uncounted:
		return fmt.Sprintf("More than %s of %s", grouped(matches), all)
	}
	return fmt.Sprintf("%s of %s", grouped(matches), all)
}

// grouped writes a number with a comma before every three digits.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, parts...), ",")
}

func without(values url.Values, name string) url.Values {
	values.Del(name)
	return values
}

// keptBySearch is what a new search keeps of the address: the order, and no page.
func keptBySearch(values url.Values) []hidden {
	if order := values.Get("o"); order != "" {
		return []hidden{{"o", order}}
	}
	return nil
}

// shortened makes of what an address holds something that can be shown.
func shortened(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return '·'
		}
		return r
	}, text)
	runes := []rune(text)
	if len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}

// exportable is the query of a list without its pages.
func (m *registered[T]) exportable(v *visit) (auth.ListParams, error) {
	asked, _, err := m.readList(v)
	if err == nil && len(asked.notices) > 0 {
		err = &auth.Error{Code: auth.CodeInvalid, Detail: strings.Join(asked.notices, " ")}
	}
	return asked.query, err
}

// total of a list without a search, for the start page.
func totals(ctx context.Context, models []pages, rights auth.Rights) ([]tile, error) {
	var tiles []tile
	for _, m := range models {
		if !m.may(rights, auth.View) {
			continue
		}
		count, err := m.total(ctx)
		if err != nil {
			return nil, err
		}
		t := tile{Label: m.label(), Path: Prefix + m.name() + "/", Count: grouped(count)}
		if m.canAdd(rights) {
			t.Add = t.Path + "add/"
		}
		tiles = append(tiles, t)
	}
	return tiles, nil
}

type tile struct{ Label, Path, Count, Add string }
