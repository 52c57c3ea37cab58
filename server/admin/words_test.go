package admin

import (
	"bytes"
	"encoding/csv"
	"net/url"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestHowLongAgo(t *testing.T) {
	t.Parallel()
	for back, want := range map[time.Duration]string{
		0: "now", 44 * time.Second: "44 seconds ago", 90 * time.Second: "1 minute ago", 2 * time.Hour: "2 hours ago",
		24 * time.Hour: "1 day ago", 20 * 365 * 24 * time.Hour: "20 years ago", -time.Hour: "1 hour from now",
	} {
		if got := ago(noon, noon.Add(-back)); got != want {
			t.Errorf("%s: %q, want %q", back, got, want)
		}
	}
}

func TestInitials(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ada@example.com": "A", "ada.lovelace@example.com": "AL", "Ada Lovelace Byron": "AL", "ünal-öz@example.com": "ÜÖ",
		"42@example.com": "4", "@example.com": "?", "": "?", "<script>": "S", "...": "?", "\xff": "?",
	} {
		if got := initials(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Nobody is led on to another site.
func TestWhereALoginLeadsOnTo(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/admin/users/?q=a&p=2": "/admin/users/?q=a&p=2", "/admin/": "/admin/", "": Prefix, "/": Prefix, "/account": Prefix, "/administrator": Prefix,
		"https://evil.example/admin/": Prefix, "//evil.example/admin/": Prefix, `/\evil.example/admin/`: Prefix, `/admin/\evil`: Prefix,
		"https:/admin/": Prefix, "javascript:alert(1)": Prefix, "/admin/\r\nSet-Cookie: x=1": Prefix, "/admin/\tx": Prefix, "admin/": Prefix,
		"/admin/users/#x": "/admin/users/", "/admin/%zz": Prefix,
	} {
		if got := localPath(path); got != want {
			t.Errorf("%q leads to %q, want %q", path, got, want)
		}
	}
}

func TestTheLinksBetweenPages(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		page, matches, shown int
		uncounted            bool
		want                 pager
	}{
		"nothing":              {1, 0, 0, false, pager{}},
		"one page":             {1, 50, 50, false, pager{Text: "1–50 of 50"}},
		"the first of two":     {1, 51, 50, false, pager{Next: "?p=2", Last: "?p=2", Text: "1–50 of 51"}},
		"the second of two":    {2, 51, 1, false, pager{First: "?", Previous: "?", Text: "51–51 of 51"}},
		"in the middle":        {3, 1_000_000, 50, false, pager{First: "?", Previous: "?p=2", Next: "?p=4", Last: "?p=20000", Text: "101–150 of 1,000,000"}},
		"behind the last":      {9, 51, 0, false, pager{First: "?", Previous: "?p=2"}},
		"more than is counted": {300, 10_000, 50, true, pager{First: "?", Previous: "?p=299", Next: "?p=301", Text: "14,951–15,000"}},
		"the end of those":     {300, 10_000, 49, true, pager{First: "?", Previous: "?p=299", Text: "14,951–14,999"}},
	} {
		if got := pagesOf(url.Values{}, test.page, test.matches, test.uncounted, test.shown); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func TestHowManyThereAre(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"0 users":                             countOf(0, false, 0, "user", "users", false),
		"1 user":                              countOf(1, false, 1, "user", "users", false),
		"1,234,567 users":                     countOf(0, false, 1_234_567, "user", "users", false),
		"2 of 1,000 users":                    countOf(2, false, 1000, "user", "users", true),
		"More than 10,000 of 1,000,000 users": countOf(10_000, true, 1_000_000, "user", "users", true),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestNoCellOfAFileIsAFormula(t *testing.T) {
	t.Parallel()
	on := true
	for want, cell := range map[string]Cell{
		"": {}, "'=1+1": Text("=1+1"), "'+49": Text("+49"), "'-x": Text("-x"), "'@a": Text("@a"), "'\tx": Text("\tx"), "a=b": Text("a=b"),
		"'\nx": Text("\nx"), "'＝1": Text("＝1"), "a;'=1": Text("a;=1"), "a; b;'@c": Text("a; b;@c"),
		"true": Flag(on), "2026-11-24T12:00:00Z": At(&noon),
	} {
		if got := harmless(cell); got != want {
			t.Errorf("%+v: %q, want %q", cell, got, want)
		}
	}
}

// Whatever stands before it that a spreadsheet may leave out or end a cell at.
func TestNoFormulaHidesBehindWhatIsTakenOff(t *testing.T) {
	t.Parallel()
	for _, begin := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
		for _, before := range []string{
			" ", "\u00a0", "\u3000", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202e", "\u180e", "\u034f", "\u3164", "\ufe0f", "\x00", "\x1f", "\x7f", "\u0085",
			`"`, "'", "`", "“", "＂", ",", ";", "|", `" "`, "\u200b \ufeff", ", ", "x;", "x,\u200b", `x|"`,
		} {
			if got, want := harmless(Text(before+begin+"1")), before+"'"+begin+"1"; got != want {
				t.Errorf("%q: %q, want %q", before+begin+"1", got, want)
			}
		}
	}
	for _, plain := range []string{
		"ada@example.com", "Mary-Jane", "a = b", "2026-11-24", "x'=1", "C++", "Mozilla/5.0 (X11; Linux x86_64)", "𝔸=1", "👩‍🚀 - x", "é-è", "«a»",
	} {
		if got := harmless(Text(plain)); got != plain {
			t.Errorf("%q became %q", plain, got)
		}
	}
}

// A reader of CSV finds each cell as it was, but for the quotes.
func FuzzHarmless(f *testing.F) {
	f.Add("a;=1")
	f.Add("\ufeff\"=1\n,-2")
	f.Fuzz(func(t *testing.T, text string) {
		cell := strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\r", "")
		var file bytes.Buffer
		writer := csv.NewWriter(&file)
		if err := writer.Write([]string{harmless(Text(cell)), "next"}); err != nil {
			t.Fatal(err)
		}
		writer.Flush()
		rows, err := csv.NewReader(&file).ReadAll()
		if err != nil || len(rows) != 1 || len(rows[0]) != 2 || rows[0][1] != "next" {
			t.Fatalf("%q is read as %q, %v", cell, rows, err)
		}
		if strings.ReplaceAll(rows[0][0], "'", "") != strings.ReplaceAll(cell, "'", "") {
			t.Errorf("%q became %q", cell, rows[0][0])
		}
	})
}

// Django's periods, which begin at midnight.
func TestPeriodsOfAFilter(t *testing.T) {
	t.Parallel()
	choices, err := Since("date_joined", "Joined", true).Choices(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, choice := range choices {
		condition := choice.Where(noon)
		since, _ := condition.Value().(time.Time)
		got = append(got, choice.Value+" "+string(condition.Operator)+" "+since.Format("2006-01-02 15:04"))
	}
	want := "today at least 2026-11-24 00:00|week at least 2026-11-17 00:00|month at least 2026-11-01 00:00|year at least 2026-01-01 00:00|never missing 0001-01-01 00:00"
	if strings.Join(got, "|") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, "|"), want)
	}
}
