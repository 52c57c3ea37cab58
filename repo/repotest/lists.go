package repotest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// person stores one past the store, as a Django does, and returns it as it is read.
func (f fixture) person(t testing.TB, user auth.User) auth.User {
	t.Helper()
	user.Password, user.DateJoined = cmp.Or(user.Password, "x"), cmp.Or(user.DateJoined, noon)
	const times = "2006-01-02 15:04:05.000000-07:00"
	var lastLogin any
	if user.LastLogin != nil {
		lastLogin = user.LastLogin.Format(times)
	}
	f.exec(t, `INSERT INTO users_user (password, last_login, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		user.Password, lastLogin, user.IsSuperuser, user.FirstName, user.LastName, user.IsStaff, user.IsActive, user.DateJoined.Format(times), user.Email)
	user.ID = int64(f.count(t, "SELECT id FROM users_user WHERE email = $1", user.Email))
	return user
}

// population stores people who differ in all columns, and are alike in many. No
// locale sorts their texts in another way.
func (f fixture) population(t testing.TB) []auth.User {
	t.Helper()
	var people []auth.User
	for i := range 41 {
		user := auth.User{
			Email: fmt.Sprintf("user%03d@example.com", (i*17)%41), FirstName: []string{"", "ada", "bob"}[i%3], LastName: []string{"xx", "yy"}[i%2],
			IsActive: i%4 != 0, IsStaff: i%5 == 0, IsSuperuser: i%20 == 0, DateJoined: noon.Add(time.Duration(i%7) * time.Microsecond),
		}
		if i%3 != 0 {
			at := noon.Add(time.Duration(i%6) * time.Hour)
			user.LastLogin = &at
		}
		people = append(people, f.person(t, user))
	}
	return people
}

// filterUsers returns the users for whom keep is true.
func filterUsers(users []auth.User, keep func(u auth.User) bool) []auth.User {
	return slices.DeleteFunc(slices.Clone(users), func(u auth.User) bool { return !keep(u) })
}

func emails(users []auth.User) string {
	all := make([]string, 0, len(users))
	for _, user := range users {
		all = append(all, user.Email)
	}
	return strings.Join(all, " ")
}

// mustFind asks for users, and wants these, by address, on one page.
func (f fixture) mustFind(t testing.TB, q auth.ListParams, want []auth.User) {
	t.Helper()
	q.Size = 100
	found, err := f.ListUsers(t.Context(), q)
	if err != nil {
		t.Errorf("%+v: %v", q, err)
		return
	}
	want = slices.SortedFunc(slices.Values(want), func(a, b auth.User) int { return strings.Compare(a.Email, b.Email) })
	if q.Sort == "" && emails(found.Items) != emails(want) {
		t.Errorf("%+v finds %s, want %s", q, emails(found.Items), emails(want))
	}
	if total := f.count(t, "SELECT count(*) FROM users_user"); found.Matches != len(want) || found.Uncounted || found.Total != total {
		t.Errorf("%+v finds %d (uncounted: %v) of %d, want %d of %d", q, found.Matches, found.Uncounted, found.Total, len(want), total)
	}
}

// sorters compare two users by a column.
var sorters = map[string]func(a, b auth.User) int{
	"id":           func(a, b auth.User) int { return cmp.Compare(a.ID, b.ID) },
	"email":        func(a, b auth.User) int { return strings.Compare(a.Email, b.Email) },
	"first_name":   func(a, b auth.User) int { return strings.Compare(a.FirstName, b.FirstName) },
	"last_name":    func(a, b auth.User) int { return strings.Compare(a.LastName, b.LastName) },
	"is_staff":     func(a, b auth.User) int { return flags(a.IsStaff, b.IsStaff) },
	"is_superuser": func(a, b auth.User) int { return flags(a.IsSuperuser, b.IsSuperuser) },
	"is_active":    func(a, b auth.User) int { return flags(a.IsActive, b.IsActive) },
	"date_joined":  func(a, b auth.User) int { return a.DateJoined.Compare(b.DateJoined) },
	"last_login": func(a, b auth.User) int {
		switch {
		case a.LastLogin == nil || b.LastLogin == nil:
			return flags(a.LastLogin != nil, b.LastLogin != nil)
		default:
			return a.LastLogin.Compare(*b.LastLogin)
		}
	},
}

// flags puts no before yes.
func flags(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// mustPage walks all pages of a query, and wants these rows in the order of its sort.
func (f fixture) mustPage(t testing.TB, q auth.ListParams, people []auth.User) {
	t.Helper()
	want := slices.SortedFunc(slices.Values(people), func(a, b auth.User) int {
		order := cmp.Or(sorters[q.Sort](a, b), cmp.Compare(a.ID, b.ID))
		if q.Descending {
			order = -order
		}
		return order
	})
	q.Size = 9
	var got []auth.User
	for q.Offset = 0; q.Offset < len(want); q.Offset += q.Size {
		found, err := f.ListUsers(t.Context(), q)
		must(t, err)
		if found.Matches != len(want) || len(found.Items) != min(q.Size, len(want)-q.Offset) {
			t.Fatalf("%+v has %d of %d rows", q, len(found.Items), found.Matches)
		}
		got = append(got, found.Items...)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("sorted by %s (descending: %v) where %v they are\n%s, want\n%s", q.Sort, q.Descending, q.Filters, emails(got), emails(want))
	}
}

var lists = []contractTest{
	{"users are sorted by every column, both ways, and all pages together have each once", func(t *testing.T, f fixture) {
		people := f.population(t)
		for sort := range sorters {
			for _, descending := range []bool{false, true} {
				f.mustPage(t, auth.ListParams{Sort: sort, Descending: descending}, people)
			}
		}
	}},
	{"users who match are sorted by every column too", func(t *testing.T, f fixture) {
		active := filterUsers(f.population(t), func(u auth.User) bool { return u.IsActive })
		for sort := range sorters {
			for _, descending := range []bool{false, true} {
				f.mustPage(t, auth.ListParams{Sort: sort, Descending: descending, Filters: []auth.Filter{auth.Equal("is_active", true)}}, active)
			}
		}
	}},
	{"users are filtered by each condition, and by several", func(t *testing.T, f fixture) {
		people := f.population(t)
		abroad := time.FixedZone("", -8*3600)
		for _, test := range []struct {
			where []auth.Filter
			is    func(u auth.User) bool
		}{
			{nil, func(auth.User) bool { return true }},
			{where(auth.Equal("is_staff", true)), func(u auth.User) bool { return u.IsStaff }},
			{where(auth.Equal("is_staff", false)), func(u auth.User) bool { return !u.IsStaff }},
			{where(auth.Equal("is_superuser", true)), func(u auth.User) bool { return u.IsSuperuser }},
			{where(auth.Equal("is_active", false)), func(u auth.User) bool { return !u.IsActive }},
			{where(auth.Equal("first_name", "ada")), func(u auth.User) bool { return u.FirstName == "ada" }},
			{where(auth.Equal("id", people[3].ID)), func(u auth.User) bool { return u.ID == people[3].ID }},
			{where(auth.AtLeast("date_joined", noon.Add(4*time.Microsecond))), func(u auth.User) bool { return !u.DateJoined.Before(noon.Add(4 * time.Microsecond)) }},
			{where(auth.AtLeast("date_joined", noon.Add(5*time.Microsecond).In(abroad))), func(u auth.User) bool { return !u.DateJoined.Before(noon.Add(5 * time.Microsecond)) }},
			{where(auth.AtLeast("last_login", noon.Add(2*time.Hour))), func(u auth.User) bool { return u.LastLogin != nil && !u.LastLogin.Before(noon.Add(2*time.Hour)) }},
			{where(auth.AtLeast("last_login", noon.Add(1000*time.Hour))), func(auth.User) bool { return false }},
			{where(auth.Missing("last_login")), func(u auth.User) bool { return u.LastLogin == nil }},
			{
				[]auth.Filter{auth.Equal("is_staff", false), auth.Equal("is_active", false), auth.Missing("last_login")},
				func(u auth.User) bool { return !u.IsStaff && !u.IsActive && u.LastLogin == nil },
			},
			{
				[]auth.Filter{auth.AtLeast("date_joined", noon.Add(3*time.Microsecond)), auth.Equal("is_active", true), auth.Equal("last_name", "yy")},
				func(u auth.User) bool {
					return !u.DateJoined.Before(noon.Add(3*time.Microsecond)) && u.IsActive && u.LastName == "yy"
				},
			},
		} {
			f.mustFind(t, auth.ListParams{Filters: test.where}, filterUsers(people, test.is))
			f.mustRead(t, auth.ListParams{Filters: test.where}, filterUsers(people, test.is))
			f.mustFind(t, auth.ListParams{Filters: test.where, Search: "bob"}, filterUsers(people, func(u auth.User) bool { return test.is(u) && u.FirstName == "bob" }))
			if len(filterUsers(people, test.is)) > 0 {
				f.mustPage(t, auth.ListParams{Filters: test.where, Sort: "last_login", Descending: true}, filterUsers(people, test.is))
			}
		}
	}},
	{"users are filtered by a group", func(t *testing.T, f fixture) {
		people := f.population(t)
		support, editors := f.group(t, "support"), f.group(t, "editors")
		f.join(t, people[4], support.ID, editors.ID)
		f.join(t, people[9], support.ID)
		f.join(t, people[10], editors.ID)
		f.mustFind(t, auth.ListParams{Filters: where(auth.Equal("group", support.ID))}, []auth.User{people[4], people[9]})
		f.mustFind(t, auth.ListParams{Filters: []auth.Filter{auth.Equal("group", support.ID), auth.Equal("is_active", true)}}, []auth.User{people[9]})
		f.mustFind(t, auth.ListParams{Search: "user", Filters: where(auth.Equal("group", editors.ID))}, []auth.User{people[4], people[10]})
		f.mustFind(t, auth.ListParams{Filters: where(auth.Equal("group", int64(4711)))}, nil)
		f.mustRead(t, auth.ListParams{Filters: where(auth.Equal("group", support.ID))}, []auth.User{people[4], people[9]})
	}},
	{"a page beyond the last has nothing, and says how many there are", func(t *testing.T, f fixture) {
		f.population(t)
		for _, q := range []auth.ListParams{
			{Offset: 41, Size: 10}, {Offset: 1_000_000, Size: 10}, {Offset: 1e18, Size: 10}, {Offset: 0, Size: 0},
			{Offset: 1e18, Size: 10, Search: "user"}, {Offset: 41, Size: 10, Sort: "last_login", Descending: true},
		} {
			if found, err := f.ListUsers(t.Context(), q); err != nil || len(found.Items) != 0 || found.Matches != 41 || found.Total != 41 {
				t.Errorf("%+v: %d rows, %d match of %d, %v", q, len(found.Items), found.Matches, found.Total, err)
			}
		}
	}},
	{"an unknown column is an error, and nothing is asked of the database in its name", func(t *testing.T, f fixture) {
		f.create(t, "alice@example.com")
		for _, name := range []string{"password", "nothing", "u.id", "id; DROP TABLE users_user", "Email", " "} {
			sorted, filtered := auth.ListParams{Size: 1, Sort: name}, auth.ListParams{Size: 1, Filters: where(auth.Equal(name, "x"))}
			for _, q := range []auth.ListParams{sorted, filtered} {
				for list, err := range f.ask(t, q) {
					if err == nil || auth.ErrorCode(err) == auth.CodeUnavailable {
						t.Errorf("%s with %+v: %v", list, q, err)
					}
				}
			}
		}
		// A condition is no column to sort by.
		if _, err := f.ListUsers(t.Context(), auth.ListParams{Size: 1, Sort: "group"}); err == nil {
			t.Error("users are sorted by a condition")
		}
	}},
	{"a filter whose value is of another type than its column is an error", func(t *testing.T, f fixture) {
		f.create(t, "alice@example.com")
		for _, filter := range []auth.Filter{
			auth.Equal("is_staff", "true"), auth.Equal("is_active", int64(1)), auth.Equal("id", "1"), auth.Equal("email", true),
			auth.AtLeast("date_joined", "2026-11-24"), auth.AtLeast("last_login", int64(0)), auth.Equal("group", "1"), auth.Missing("group"),
		} {
			q := auth.ListParams{Size: 1, Filters: where(filter)}
			if _, err := f.ListUsers(t.Context(), q); err == nil || auth.ErrorCode(err) == auth.CodeUnavailable {
				t.Errorf("%+v: %v", filter, err)
			}
			if err := f.EachUser(t.Context(), q, func(auth.User) error { return nil }); err == nil {
				t.Errorf("%+v is read one by one", filter)
			}
		}
		if _, err := f.ListSessions(t.Context(), auth.ListParams{Filters: where(auth.Equal("open", true))}); err == nil {
			t.Error("sessions are open at no time")
		}
		if _, err := f.ListEvents(t.Context(), auth.ListParams{Filters: where(auth.Equal("user", int64(1)))}); err == nil {
			t.Error("an event's subject is a number")
		}
	}},
	{"users whom the store adds or deletes are counted at once", func(t *testing.T, f fixture) {
		f.population(t)
		f.mustFind(t, auth.ListParams{Search: "nobody"}, nil)
		alice := f.create(t, "alice@example.com")
		f.mustFind(t, auth.ListParams{Search: "alice"}, []auth.User{alice})
		must(t, f.remove(t.Context(), alice))
		f.mustFind(t, auth.ListParams{Search: "alice"}, nil)
	}},
	{"whoever reads users one by one can stop", func(t *testing.T, f fixture) {
		f.population(t)
		read := 0
		mustBe(t, f.EachUser(t.Context(), auth.ListParams{}, func(auth.User) error {
			read++
			if read == 3 {
				return errBoom
			}
			return nil
		}), errBoom)
		if read != 3 {
			t.Errorf("read %d", read)
		}
	}},
	{"users are read one by one while others are written", func(t *testing.T, f fixture) {
		people := f.population(t)
		read := 0
		must(t, f.EachUser(t.Context(), auth.ListParams{}, func(user auth.User) error {
			read++
			if read == 1 {
				f.create(t, "late@example.com")
			}
			return nil
		}))
		if read < len(people) {
			t.Errorf("read %d, want %d", read, len(people))
		}
	}},
}

// ask asks every list.
func (f fixture) ask(t testing.TB, q auth.ListParams) map[string]error {
	t.Helper()
	answers := map[string]error{}
	_, answers["Users"] = f.ListUsers(t.Context(), q)
	_, answers["ListGroups"] = f.ListGroups(t.Context(), q)
	_, answers["Sessions"] = f.ListSessions(t.Context(), q)
	_, answers["Events"] = f.ListEvents(t.Context(), q)
	answers["EachUser"] = f.EachUser(t.Context(), q, func(auth.User) error { return nil })
	answers["EachEvent"] = f.EachEvent(t.Context(), q, func(auth.Event) error { return nil })
	return answers
}

// mustRead reads users one by one, and wants these in the order of their ids.
func (f fixture) mustRead(t testing.TB, q auth.ListParams, want []auth.User) {
	t.Helper()
	got := []auth.User{}
	must(t, f.EachUser(t.Context(), q, func(user auth.User) error {
		got = append(got, user)
		return nil
	}))
	want = slices.SortedFunc(slices.Values(want), sorters["id"])
	if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("%+v reads %s, want %s", q, emails(got), emails(want))
	}
}

// searched are people whom a search must tell apart.
var searched = []auth.User{
	{Email: "ada.lovelace@example.com", FirstName: "Ada", LastName: "Lovelace"},
	{Email: "grace@navy.example", FirstName: "Grace", LastName: "Hopper"},
	{Email: "ada2@navy.example", FirstName: "Adam", LastName: "Smith"},
	{Email: "p1@example.org", FirstName: "100%", LastName: "Sure"},
	{Email: "p2@example.org", FirstName: "1000", LastName: "sure_thing"},
	{Email: "p3@example.org", FirstName: `back\slash`, LastName: `\`},
	{Email: "p4@example.org", FirstName: `say "hello"`, LastName: "O'Brien"},
	{Email: "p5@example.org", FirstName: "Žofie", LastName: "李小龙"},
	{Email: "p6@example.org", FirstName: "👩‍👩‍👧", LastName: "🗝️ key"},
	{Email: "p7@example.org", FirstName: "AND", LastName: "NOT OR NEAR(x) ab* ^col:val"},
	{Email: "p8@example.org", FirstName: "a_b", LastName: "aXb"},
}

// searches say who is found by what.
var searches = map[string]string{
	"lovelace":               "ada.lovelace@example.com",
	"LOVE":                   "ada.lovelace@example.com",
	"ada":                    "ada.lovelace@example.com ada2@navy.example",
	"  lace \t ada\u00a0":    "ada.lovelace@example.com",
	"Lovelace Ada":           "ada.lovelace@example.com",
	"navy grace":             "grace@navy.example",
	"navy a":                 "ada2@navy.example grace@navy.example",
	"navy 2":                 "ada2@navy.example",
	"hopper smith":           "",
	"AdaLovelace":            "",
	"example.com@":           "",
	"@navy.example":          "ada2@navy.example grace@navy.example",
	"2":                      "ada2@navy.example p2@example.org",
	"p2":                     "p2@example.org",
	"100":                    "p1@example.org p2@example.org",
	"100%":                   "p1@example.org",
	"%":                      "p1@example.org",
	"%%%":                    "",
	"_":                      "p2@example.org p8@example.org",
	"a_b":                    "p8@example.org",
	"axb":                    "p8@example.org",
	"sure_":                  "p2@example.org",
	"___":                    "",
	`\`:                      "p3@example.org",
	`k\sl`:                   "p3@example.org",
	`\\`:                     "",
	`"`:                      "p4@example.org",
	`"hello"`:                "p4@example.org",
	`"hello`:                 "p4@example.org",
	`'`:                      "p4@example.org",
	`O'Br`:                   "p4@example.org",
	`''`:                     "",
	`'; DROP TABLE x; --`:    "",
	"Žof":                    "p5@example.org",
	"Ž":                      "p5@example.org",
	"李小龙":                    "p5@example.org",
	"小":                      "p5@example.org",
	"👩":                      "p6@example.org",
	"👩‍👩‍👧":                  "p6@example.org",
	"🗝️ key":                 "p6@example.org",
	"NEAR(x)":                "p7@example.org",
	"NOT NEAR":               "p7@example.org",
	"AND OR NOT":             "p7@example.org",
	"ab*":                    "p7@example.org",
	"^col:val":               "p7@example.org",
	"col ; val":              "",
	"example.org -p1":        "",
	"?":                      "",
	"?0 $1 :name":            "",
	"\u202e":                 "",
	strings.Repeat("x", 300): "",
}

func (f fixture) mustSearch(t testing.TB) {
	t.Helper()
	for search, want := range searches {
		var people []auth.User
		for _, email := range strings.Fields(want) {
			people = append(people, auth.User{Email: email})
		}
		f.mustFind(t, auth.ListParams{Search: search}, people)
		if read := f.read(t, auth.ListParams{Search: search}); read != want {
			t.Errorf("one by one, %q finds %s, want %s", search, read, want)
		}
	}
}

// read returns the addresses of users who are read one by one, in order.
func (f fixture) read(t testing.TB, q auth.ListParams) string {
	t.Helper()
	var all []string
	must(t, f.EachUser(t.Context(), q, func(user auth.User) error {
		all = append(all, user.Email)
		return nil
	}))
	slices.Sort(all)
	return strings.Join(all, " ")
}

// withoutSearchIndex takes away what makes a search fast, as a Django does that makes
// the table anew.
func (f fixture) withoutSearchIndex(t testing.TB) {
	t.Helper()
	if !f.isSQLite(t) {
		f.exec(t, "DROP INDEX IF EXISTS latchkey_user_search_text")
		return
	}
	for _, event := range []string{"added", "changed", "deleted"} {
		f.exec(t, "DROP TRIGGER latchkey_user_search_"+event)
	}
}

func (f fixture) isSQLite(t testing.TB) bool {
	t.Helper()
	_, err := f.DB.ExecContext(t.Context(), "SELECT sqlite_version()")
	return err == nil
}

var searching = []contractTest{
	{"a search finds users who have each of its words, as it is, in any column", func(t *testing.T, f fixture) {
		for _, user := range searched {
			f.person(t, user)
		}
		f.mustSearch(t)
	}},
	{"a search finds the same without its index", func(t *testing.T, f fixture) {
		for _, user := range searched[:4] {
			f.person(t, user)
		}
		f.withoutSearchIndex(t)
		for _, user := range searched[4:] {
			f.person(t, user)
		}
		f.mustSearch(t)
	}},
	{"what was changed or deleted past the store is found as it is now", func(t *testing.T, f fixture) {
		ada := f.person(t, searched[0])
		grace := f.person(t, searched[1])
		f.exec(t, "UPDATE users_user SET first_name = 'Augusta' WHERE id = $1", ada.ID)
		f.exec(t, "DELETE FROM users_user WHERE id = $1", grace.ID)
		f.mustFind(t, auth.ListParams{Search: "augusta"}, []auth.User{ada})
		f.mustFind(t, auth.ListParams{Search: "grace"}, nil)
		f.exec(t, "UPDATE users_user SET email = 'countess@example.com' WHERE id = $1", ada.ID)
		f.mustFind(t, auth.ListParams{Search: "countess"}, []auth.User{{Email: "countess@example.com"}})
		f.mustFind(t, auth.ListParams{Search: "ada.lovelace"}, nil)
	}},
	{"an id that is used again is found by its new user's name", func(t *testing.T, f fixture) {
		ada := f.person(t, searched[0])
		f.exec(t, "DELETE FROM users_user WHERE id = $1", ada.ID)
		f.exec(t, `INSERT INTO users_user (id, password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
			VALUES ($1, 'x', false, 'Grace', 'Hopper', false, true, '2024-06-26 08:45:00+00:00', 'grace@navy.example')`, ada.ID)
		f.mustFind(t, auth.ListParams{Search: "hopper"}, []auth.User{{Email: "grace@navy.example"}})
		f.mustFind(t, auth.ListParams{Search: "lovelace"}, nil)
	}},
	{"a search of very many words is answered", func(t *testing.T, f fixture) {
		ada := f.person(t, searched[0])
		f.mustFind(t, auth.ListParams{Search: strings.Repeat("a ", 100) + strings.Repeat("ada ", 100)}, []auth.User{ada})
	}},
	{"of more than are counted it is said that there are more, and they are sorted and paged all the same", func(t *testing.T, f fixture) {
		const many = auth.MaxCounted + 50
		f.exec(t, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO users_user (password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
			SELECT 'x', false, 'Many', '', false, true, '2024-06-26 08:45:00+00:00', 'user' || (100000 + i) || '@example.com' FROM n`, many)
		f.person(t, auth.User{Email: "zoe@example.com", FirstName: "Zoe"})
		active := where(auth.Equal("is_active", true))
		for name, test := range map[string]struct {
			q             auth.ListParams
			matches, rows int
			uncounted     bool
			first, last   string
		}{
			"all":                  {auth.ListParams{Size: 2}, many + 1, 2, false, "user100001", "user100002"},
			"the last page of all": {auth.ListParams{Size: 2, Offset: many - 1}, many + 1, 2, false, fmt.Sprint("user1", many), "zoe"},
			"few of many":          {auth.ListParams{Size: 9, Filters: where(auth.Equal("is_active", false))}, 1, 1, false, "zoe", "zoe"},
			"many":                 {auth.ListParams{Size: 2, Filters: active}, auth.MaxCounted, 2, true, "user100001", "user100002"},
			"many, from the end":   {auth.ListParams{Size: 2, Filters: active, Descending: true}, auth.MaxCounted, 2, true, fmt.Sprint("user1", many), fmt.Sprint("user1", many-1)},
			"many, by another column, which they are alike in":  {auth.ListParams{Size: 2, Filters: active, Sort: "last_login", Descending: true}, auth.MaxCounted, 2, true, fmt.Sprint("user1", many), fmt.Sprint("user1", many-1)},
			"many, beyond what is counted":                      {auth.ListParams{Size: 90, Filters: active, Offset: many - 5}, auth.MaxCounted, 5, true, fmt.Sprint("user1", many-4), fmt.Sprint("user1", many)},
			"a search that many match":                          {auth.ListParams{Size: 2, Search: "many", Offset: 4}, auth.MaxCounted, 2, true, "user100005", "user100006"},
			"a short search that many match":                    {auth.ListParams{Size: 2, Search: "u"}, auth.MaxCounted, 2, true, "user100001", "user100002"},
			"a search that many and a condition that few match": {auth.ListParams{Size: 9, Search: "example", Filters: where(auth.Equal("is_active", false))}, 1, 1, false, "zoe", "zoe"},
			"a search that ten match":                           {auth.ListParams{Size: 99, Search: "user10555"}, 10, 10, false, "user105550", "user105559"},
			"exactly as many as are counted":                    {auth.ListParams{Size: 1, Filters: where(auth.AtLeast("id", int64(f.count(t, "SELECT max(id) FROM users_user")-auth.MaxCounted+1)))}, auth.MaxCounted, 1, false, "user100052", "user100052"},
		} {
			found, err := f.ListUsers(t.Context(), test.q)
			if err != nil || found.Matches != test.matches || found.Uncounted != test.uncounted || found.Total != many+1 || len(found.Items) != test.rows {
				t.Errorf("%s: %d rows, %d match (uncounted: %v) of %d, %v", name, len(found.Items), found.Matches, found.Uncounted, found.Total, err)
				continue
			}
			if first, last := found.Items[0].Email, found.Items[test.rows-1].Email; !strings.HasPrefix(first, test.first+"@") || !strings.HasPrefix(last, test.last+"@") {
				t.Errorf("%s: from %s to %s, want %s to %s", name, first, last, test.first, test.last)
			}
		}
		read := 0
		must(t, f.EachUser(t.Context(), auth.ListParams{Filters: active}, func(auth.User) error { read++; return nil }))
		if read != many {
			t.Errorf("one by one, there are %d, want %d", read, many)
		}
	}},
}
