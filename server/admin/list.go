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

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

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

// listParams is what the query string of a list asks for.
type listParams struct {
	query   auth.ListParams
	page    int
	notices []string // what could not be understood
}

// listView is what the template of a list sees.
type listView struct {
	Label, One, Many  string
	Path              string
	Here              string // the list's own URL, to come back to
	Search, SearchFor string
	Headers           []header
	Rows              []row
	Filters           []filterView
	Actions           []Link // Path holds the action's name
	CanAdd            bool
	Export            string
	Count             string
	Filtered          bool
	Notices           []string
	Pages             pager
	Hidden            []hidden // what a new search keeps
}

type hidden struct{ Name, Value string }

type header struct {
	Label, Path string // Path sorts by the column; "" when that is not possible
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

func (m *registered[T]) serveList(req *request) error {
	if err := m.mustMay(req, auth.View); err != nil {
		return err
	}
	params, filters, err := m.readList(req)
	if err != nil {
		return err
	}
	found, err := m.List(req.Context(), req.by, params.query)
	if err != nil {
		return err
	}
	filtered := params.query.Search != "" || len(params.query.Filters) > 0
	view := listView{
		Label: m.Label, One: m.One, Many: m.Many, Path: m.path(), Here: req.URL.RequestURI(), Search: params.query.Search, SearchFor: m.Search,
		Headers: m.headers(req, params.query), Filters: filters, Actions: m.bulkActions(req),
		CanAdd: m.canAdd(req.by.Rights), Filtered: filtered,
		Count: countOf(found.Matches, found.Uncounted, found.Total, m.One, m.Many, filtered),
	}
	if m.Each != nil {
		view.Export = strings.TrimSuffix(m.path("export.csv"), "/") + "?" + without(req.URL.Query(), "p").Encode()
	}
	view.Hidden = keptBySearch(req.URL.Query())
	view.Pages = pagesOf(req.URL.Query(), params.page, found.Matches, found.Uncounted, len(found.Items))
	if len(found.Items) == 0 && params.page > 1 {
		params.notices = append(params.notices, fmt.Sprintf("Page %s does not exist.", comma(params.page)))
	}
	view.Notices = params.notices
	for _, item := range found.Items {
		view.Rows = append(view.Rows, m.row(item))
	}
	return req.render("list.html", page{Title: m.Label, Crumbs: []Link{{Label: m.Label}}, Content: view})
}

func (m *registered[T]) crumbs(more ...Link) []Link {
	return append([]Link{{Label: m.Label, Path: m.path()}}, more...)
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

// readList reads the query string. It leaves out what it cannot understand, with a
// notice for each.
func (m *registered[T]) readList(req *request) (listParams, []filterView, error) {
	values := req.URL.Query()
	params := listParams{page: 1}
	params.query = auth.ListParams{Sort: m.Sort, Descending: m.Descending, Size: pageSize}
	params.readSearch(values.Get("q"), m.Search != "")
	m.readSort(&params, values.Get("o"))
	params.readPage(values.Get("p"))
	filters, err := m.readFilters(req, &params, values)
	for name := range values {
		known := name == "q" || name == "o" || name == "p" ||
			slices.ContainsFunc(m.Filters, func(f Filter) bool { return f.Name == name })
		if !known {
			params.notices = append(params.notices, fmt.Sprintf("Unknown filter “%s”.", shortened(name)))
		}
	}
	slices.Sort(params.notices)
	params.query.Offset = (params.page - 1) * pageSize
	return params, filters, err
}

func (p *listParams) readSearch(text string, can bool) {
	text = strings.TrimSpace(text)
	switch {
	case text == "" || !can:
	case !utf8.ValidString(text), strings.ContainsFunc(text, unicode.IsControl):
		p.notices = append(p.notices, "The search contains invalid characters.")
	case utf8.RuneCountInString(text) > maxSearch:
		p.notices = append(p.notices, fmt.Sprintf("A search can have at most %d characters.", maxSearch))
	default:
		p.query.Search = text
	}
}

func (m *registered[T]) readSort(params *listParams, text string) {
	if text == "" {
		return
	}
	name, descending := strings.CutPrefix(text, "-")
	for _, column := range m.Columns {
		if column.Sort && column.Name == name {
			params.query.Sort, params.query.Descending = name, descending
			return
		}
	}
	params.notices = append(params.notices, fmt.Sprintf("Cannot sort by “%s”.", shortened(text)))
}

func (p *listParams) readPage(text string) {
	if text == "" {
		return
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxPages {
		p.notices = append(p.notices, fmt.Sprintf("Page “%s” does not exist. This is the first page.", shortened(text)))
		return
	}
	p.page = n
}

func (m *registered[T]) readFilters(req *request, params *listParams, values url.Values) ([]filterView, error) {
	var views []filterView
	for _, filter := range m.Filters {
		choices, err := filter.Choices(req.Context(), req.by)
		if err != nil {
			return nil, err
		}
		view := filterView{Name: filter.Name, Label: filter.Label}
		value := values.Get(filter.Name)
		for _, choice := range choices {
			on := choice.Value == value && value != ""
			if on {
				params.query.Filters = append(params.query.Filters, choice.Where(req.now))
				view.Chosen = true
			}
			view.Choices = append(view.Choices, choiceView{choice.Value, choice.Label, on})
		}
		if value != "" && !view.Chosen {
			params.notices = append(params.notices, fmt.Sprintf("“%s” is not a valid choice for the “%s” filter.", shortened(value), filter.Label))
		}
		views = append(views, view)
	}
	return views, nil
}

func (m *registered[T]) headers(req *request, query auth.ListParams) []header {
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
			values := without(req.URL.Query(), "p")
			values.Set("o", order)
			h.Path = "?" + values.Encode()
		}
		headers = append(headers, h)
	}
	return headers
}

func (m *registered[T]) bulkActions(req *request) []Link {
	var links []Link
	for _, action := range m.Actions {
		if action.OnSeveral && holds(req.by.Rights, action.Needs) {
			links = append(links, Link{Label: action.Label, Path: action.Name, Destructive: action.Destructive})
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

// pagesOf returns the links from a page to those around it.
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
		links.Text = fmt.Sprintf("%s–%s", comma(from), comma(from+shown-1))
	default:
		links.Text = fmt.Sprintf("%s–%s of %s", comma(from), comma(from+shown-1), comma(matches))
	}
	return links
}

// countOf returns how many items there are, in words.
func countOf(matches int, uncounted bool, total int, one, many string, filtered bool) string {
	all := comma(total) + " " + english.PluralWord(total, one, many)
	switch {
	case !filtered:
		return all
	case uncounted:
		return fmt.Sprintf("More than %s of %s", comma(matches), all)
	}
	return fmt.Sprintf("%s of %s", comma(matches), all)
}

// comma returns a number with a comma before every three digits.
func comma(n int) string { return humanize.Comma(int64(n)) }

func without(values url.Values, name string) url.Values {
	values.Del(name)
	return values
}

// keptBySearch returns what a new search keeps of the query string: the order, not the
// page.
func keptBySearch(values url.Values) []hidden {
	if order := values.Get("o"); order != "" {
		return []hidden{{"o", order}}
	}
	return nil
}

// shortened returns text from a URL in a form that can be shown.
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

// exportable returns the parameters of a list for its export, which has no pages.
func (m *registered[T]) exportable(req *request) (auth.ListParams, error) {
	params, _, err := m.readList(req)
	if err == nil && len(params.notices) > 0 {
		err = &auth.Error{Code: auth.CodeInvalid, Detail: strings.Join(params.notices, " ")}
	}
	return params.query, err
}

// totals returns how many items each model has, for the home page.
func totals(ctx context.Context, models []modelHandler, by *auth.Principal) ([]tile, error) {
	var tiles []tile
	for _, m := range models {
		if !m.may(by.Rights, auth.View) {
			continue
		}
		count, err := m.total(ctx, by)
		if err != nil {
			return nil, err
		}
		t := tile{Label: m.label(), One: m.one(), Counted: english.PluralWord(count, m.one(), m.many()), Path: Prefix + m.name() + "/", Count: comma(count)}
		if m.canAdd(by.Rights) {
			t.Add = t.Path + "add/"
		}
		tiles = append(tiles, t)
	}
	return tiles, nil
}

type tile struct{ Label, One, Counted, Path, Count, Add string }
