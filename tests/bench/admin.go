package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

const (
	// adminFew is the size of the database that the large one is compared with.
	adminFew = 10_000
	// adminRounds is how often each page is asked for.
	adminRounds = 15
	// pageTarget is the longest that a page of the list may take, and pageGrowth how
	// much longer than with adminFew users.
	pageTarget = 100 * time.Millisecond
	pageGrowth = 2.0
	// exportTarget is what writing a file of all users may take beside what the idle
	// server has, in MB.
	exportTarget = 64.0
	// perPage is how many users a page of the list has.
	perPage = 50

	adminEmail = "boss@admin.example"
)

// adminPage is a page of the list of users that is asked for. The report has one
// line for all pages of a group.
type adminPage struct{ group, query string }

// adminGroups are in the order of the report.
var adminGroups = []string{"list", "last page", "filter", "filters", "search", "search and filter", "sort", "sort and filter"}

// adminPages are what staff ask of a list of so many users.
func adminPages(users int) []adminPage {
	last := fmt.Sprint("p=", (users+1+perPage-1)/perPage) // with the superuser who asks
	pages := []adminPage{{group: "list"}, {group: "last page", query: last}}
	add := func(group string, queries ...string) {
		for _, query := range queries {
			pages = append(pages, adminPage{group: group, query: query})
		}
	}
	add("list", "p=2", "p=100")
	add("filter", "is_active=yes", "is_active=no", "is_staff=yes", "is_staff=no", "is_superuser=yes", "group=1",
		"date_joined=today", "date_joined=month", "date_joined=year", "last_login=never", "last_login=week", "last_login=year")
	add("filters", "is_staff=yes&is_active=yes", "is_staff=yes&is_active=no", "is_active=no&last_login=never",
		"is_active=yes&date_joined=year&last_login=week", "group=1&is_active=yes&last_login=never")
	// Of a million: a hundred, a hundredth (the names, too), a ninth, all, nobody.
	add("search", "q=user4711", "q=user47", "q=er47", "q=Lovelace", "q=sophie", "q=r9", "q=example", "q=a", "q=nobodyhasthis",
		"q=Ada+Lovelace", "q=user+example", "q=Lovelace&o=-last_login", "q=example&o=date_joined")
	add("search and filter", "q=user47&is_active=no", "q=example&is_staff=yes", "q=Lovelace&last_login=week")
	for _, column := range []string{"email", "first_name", "last_name", "is_active", "is_staff", "is_superuser", "date_joined", "last_login"} {
		add("sort", "o="+column, "o=-"+column)
		add("sort and filter", "o="+column+"&is_active=no", "o=-"+column+"&is_staff=yes")
		add("last page", "o="+column+"&"+last, "o=-"+column+"&"+last)
	}
	return pages
}

// measureAdmin asks for pages of the list of users, and for all users as a file.
func measureAdmin(ctx context.Context, b *bench) error {
	p := b.report.part("The admin site's users: %d, against %d", b.users, adminFew)
	p.note("a page through HTTP as a signed-in superuser, p50 of %d; of each group of pages the one counts that takes longest and, among those with as many rows in both, the one that grows most", adminRounds)
	for _, kind := range kinds {
		if err := compareAdmin(ctx, b, p, kind); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

func compareAdmin(ctx context.Context, b *bench, p *part, kind string) (err error) {
	var sides []*adminSide
	defer func() {
		for _, side := range sides {
			err = errors.Join(err, side.server.stop())
		}
	}()
	for _, users := range []int{b.users, adminFew} {
		database, err := b.database(ctx, kind, users)
		if err != nil {
			return err
		}
		err = b.manage(ctx, database, []string{"createsuperuser", "--noinput"}, "LATCHKEY_SUPERUSER_EMAIL="+adminEmail, "LATCHKEY_SUPERUSER_PASSWORD="+seedPassword)
		if err != nil {
			return err
		}
		side, err := b.startAdmin(ctx, database, users)
		if err != nil {
			return err
		}
		sides = append(sides, side)
	}
	rest(ctx, idleTime) // the start reads all users once
	many, few := sides[0], sides[1]
	for round := range 1 + adminRounds {
		for i := range many.pages {
			if err := errors.Join(many.ask(i, round > 0), few.ask(i, round > 0), ctx.Err()); err != nil {
				return err
			}
			if nobody := many.pages[i].query == "q=nobodyhasthis"; nobody != (many.rows[i] == 0) {
				return fmt.Errorf("/admin/users/?%s has %d rows", many.pages[i].query, many.rows[i])
			}
		}
	}
	for _, group := range adminGroups {
		reportPages(p, kind, group, many, few)
	}
	if err := many.server.stop(); err != nil {
		return err
	}
	return b.measureExport(ctx, p, kind, many)
}

// adminSide is one of the two databases, with the product on it.
type adminSide struct {
	database string
	users    int
	server   *process
	cookie   string
	client   *client
	pages    []adminPage
	rows     []int             // by page
	took     [][]time.Duration // by page
}

func (b *bench) startAdmin(ctx context.Context, database string, users int) (*adminSide, error) {
	server, err := b.serveLatchkey(ctx, database)
	if err != nil {
		return nil, err
	}
	side := &adminSide{database: database, users: users, server: server, client: &client{addr: server.addr}, pages: adminPages(users)}
	side.rows, side.took = make([]int, len(side.pages)), make([][]time.Duration, len(side.pages))
	if side.cookie, err = signIn(ctx, server.addr); err != nil {
		return nil, errors.Join(fmt.Errorf("signing in: %w", err), server.stop())
	}
	return side, nil
}

// signIn signs in at the admin site, as a browser does, and returns the session's cookie.
func signIn(ctx context.Context, addr string) (cookie string, err error) {
	site := &url.URL{Scheme: "http", Host: addr, Path: "/admin/"}
	login := site.JoinPath("login/").String()
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	browser := &http.Client{Jar: jar}
	err = post(ctx, browser, login, url.Values{"email": {adminEmail}, "password": {seedPassword}})
	for _, each := range jar.Cookies(site) {
		cookie += each.String() + "; "
	}
	return strings.TrimSuffix(cookie, "; "), err
}

// post submits a form of the admin site, as its own page does.
func post(ctx context.Context, browser *http.Client, address string, form url.Values) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := browser.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, answer.Status)
	}
	return nil
}

// ask asks for a page. The first time it looks whether that is the page it should be.
func (s *adminSide) ask(i int, counted bool) error {
	page := s.pages[i]
	request := fmt.Appendf(nil, "GET /admin/users/?%s HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: %s\r\n\r\n", page.query, s.cookie)
	began := time.Now()
	status, body, err := s.client.exchange(request, !counted)
	took := time.Since(began)
	if err != nil {
		return fmt.Errorf("/admin/users/?%s: %w", page.query, err)
	}
	if status != http.StatusOK {
		return fmt.Errorf("/admin/users/?%s answers %d", page.query, status)
	}
	if counted {
		s.took[i] = append(s.took[i], took)
		return nil
	}
	s.rows[i] = bytes.Count(body, []byte(`name="key"`))
	if !bytes.Contains(body, []byte("<h1>Users</h1>")) || bytes.Contains(body, []byte(`role="alert"`)) {
		return fmt.Errorf("/admin/users/?%s is not the page it should be", page.query)
	}
	return nil
}

// reportPages adds a row for the page of a group that takes longest, and one for the
// page that has grown most.
func reportPages(p *part, kind, group string, many, few *adminSide) {
	longest, grown := -1, -1
	growth := func(i int) float64 { return float64(median(many.took[i])) / float64(median(few.took[i])) }
	for i, page := range many.pages {
		if page.group != group {
			continue
		}
		if longest < 0 || median(many.took[i]) > median(many.took[longest]) {
			longest = i
		}
		if many.rows[i] == few.rows[i] && (grown < 0 || growth(i) > growth(grown)) {
			grown = i
		}
	}
	row := func(head string, i int, target string, ok bool) {
		p.row(head+" ?"+many.pages[i].query, ms(median(many.took[i])), ms(median(few.took[i])), fmt.Sprintf("%.2f", growth(i)), target, met(ok))
	}
	row(fmt.Sprintf("  %s: %s, longest:", kind, group), longest, "≤ "+ms(pageTarget), median(many.took[longest]) <= pageTarget)
	row("    grown most:", grown, fmt.Sprintf("≤ %.0f", pageGrowth), growth(grown) <= pageGrowth)
}

// measureExport writes all users into a file, by a server that has done nothing else.
func (b *bench) measureExport(ctx context.Context, p *part, kind string, of *adminSide) (err error) {
	server, err := b.serveLatchkey(ctx, of.database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	rest(ctx, idleTime)
	idle, _, err := server.memory()
	if err != nil {
		return err
	}
	watched, ended := context.WithCancel(ctx)
	peak := make(chan float64, 1)
	go func() { peak <- server.peak(watched) }()
	began := time.Now()
	rows, err := countLines(ctx, "http://"+server.addr+"/admin/users/export.csv", of.cookie)
	took := time.Since(began)
	ended()
	more := <-peak - idle
	if err != nil {
		return err
	}
	if want := 1 + of.users + 1; rows != want {
		return fmt.Errorf("the file has %d lines, want %d", rows, want)
	}
	p.row(fmt.Sprintf("  %s: all as CSV, memory above idle", kind), fmt.Sprintf("%.1f MB", more), fmt.Sprintf("%.1f MB idle", idle), "", fmt.Sprintf("≤ %.0f MB", exportTarget), met(more <= exportTarget))
	p.row("    its time", fmt.Sprintf("%.1f s", took.Seconds()))
	return nil
}

// peak returns the most resident memory, in MB, that a process is seen with until ctx
// ends.
func (p *process) peak(ctx context.Context) (most float64) {
	for ctx.Err() == nil {
		if now, _, err := p.memory(); err == nil {
			most = max(most, now)
		}
		rest(ctx, 5*time.Millisecond)
	}
	return most
}

// countLines reads a file and keeps nothing of it.
func countLines(ctx context.Context, address, cookie string) (lines int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Cookie", cookie)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s answers %s", address, answer.Status)
	}
	scanner := bufio.NewScanner(answer.Body)
	for scanner.Scan() {
		lines++
	}
	return lines, scanner.Err()
}
