package apptest

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Browser visits pages as a browser without JavaScript does: it keeps cookies, and
// sends forms with what stands in their hidden fields. It follows no redirect.
type Browser struct {
	app    *App
	client *http.Client
}

// Page is an answer to a [Browser].
type Page struct {
	Status   int
	Header   http.Header
	Body     string
	Location string // where it leads, without the host
}

// NewBrowser returns one without cookies.
func (a *App) NewBrowser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{app: a, client: &http.Client{
		Transport:     a.Transport,
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Staff returns a browser in which a user is signed in at the admin site.
func (a *App) Staff(t testing.TB, u User) *Browser {
	t.Helper()
	b := a.NewBrowser(t)
	if got := b.LogIn(t, u); got.Status != http.StatusSeeOther {
		t.Fatalf("the login of %s answers %d: %s", u.Email, got.Status, got.Text())
	}
	return b
}

// LogIn sends the form of the admin site's login.
func (b *Browser) LogIn(t testing.TB, u User) Page {
	t.Helper()
	return b.Submit(t, "/admin/login/", url.Values{"email": {u.Email}, "password": {u.Password}})
}

// Get asks for a page.
func (b *Browser) Get(t testing.TB, path string) Page {
	t.Helper()
	return b.Do(t, http.MethodGet, path, nil, nil)
}

// Submit opens a page and sends its form, with these values in place of those that
// stand there.
func (b *Browser) Submit(t testing.TB, path string, values url.Values) Page {
	t.Helper()
	opened := b.Get(t, path)
	sent := opened.Hidden()
	for name, value := range values {
		sent[name] = value
	}
	return b.Post(t, path, sent)
}

// Post sends a form.
func (b *Browser) Post(t testing.TB, path string, values url.Values) Page {
	t.Helper()
	return b.Do(t, http.MethodPost, path, values, nil)
}

// Do sends a request as it is.
func (b *Browser) Do(t testing.TB, method, path string, values url.Values, header http.Header) Page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.app.URL+path, strings.NewReader(values.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", b.app.URL)
	}
	for name, each := range header {
		req.Header[name] = each
	}
	return b.Send(t, req)
}

// Send sends a request with the browser's cookies.
func (b *Browser) Send(t testing.TB, req *http.Request) Page {
	t.Helper()
	answer, err := b.client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return Page{Status: answer.StatusCode, Header: answer.Header, Body: string(body), Location: strings.TrimPrefix(answer.Header.Get("Location"), b.app.URL)}
}

var (
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	mainPart    = regexp.MustCompile(`(?s)<main.*</main>`)
	tag         = regexp.MustCompile(`<[^>]*>`)
)

// Hidden returns the hidden fields of the page's own form.
func (p Page) Hidden() url.Values {
	values := url.Values{}
	for _, field := range hiddenField.FindAllStringSubmatch(mainPart.FindString(p.Body), -1) {
		values.Add(field[1], html.UnescapeString(field[2]))
	}
	return values
}

// Text returns the words of the page's main part, as people read them.
func (p Page) Text() string {
	text := tag.ReplaceAllString(mainPart.FindString(p.Body), " ")
	return strings.Join(strings.Fields(html.UnescapeString(text)), " ")
}
