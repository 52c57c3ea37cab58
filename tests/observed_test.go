package tests

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/latchkey-auth/latchkey/server/config"
	"github.com/latchkey-auth/latchkey/tests/apptest"
)

// observation is one line of testdata/observed.jsonl: what the tutorial's stack
// answered. Tokens stand in it as <JWT {claims}>.
type observation struct {
	Case    string            `json:"case"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Headers [][2]string       `json:"request_headers"`
	Sent    string            `json:"request_body"`
	Status  int               `json:"status"`
	Answer  map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

// difference is an answer of ours that is not the reference's, and why.
type difference struct {
	status int
	code   string
	reason string
}

// differences are all there are: one that is not needed fails, and so does one
// that is missing. "design" is the table "Where we differ from the tutorial, on
// purpose"; the numbers are those of docs/decisions.md.
var differences = map[string]difference{
	"login: email domain upper case": {200, "", "letter case is ignored when just one user matches (design, E-mail addresses)"},
	"login: email trailing newline":  {200, "", "what surrounds an address is ignored at every door (issue 10, 1.8a)"},
	"login: NUL in username":         {422, "invalid_request", "a NUL in a name is the client's fault, not a 500 (design)"},

	"body: username NaN":                    {422, "invalid_request", "NaN is no JSON; not a 500 (design)"},
	"body: lone surrogate username":         {422, "invalid_request", "half a character is the client's fault, not a 500 (design)"},
	"body: invalid UTF-8":                   {422, "invalid_request", "one status for what cannot be read as JSON (9)"},
	"body: form-encoded":                    {415, "unsupported_media_type", "what is not declared as JSON is 415 (design, the operations' table)"},
	"body: JSON as text/plain":              {415, "unsupported_media_type", "what is not declared as JSON is 415 (design, the operations' table)"},
	"body: content-type octet-stream":       {415, "unsupported_media_type", "what is not declared as JSON is 415 (design, the operations' table)"},
	"body: 5 MB password":                   {413, "body_too_large", "no body is over 64 KiB (design, the operations' table)"},
	"path: POST /users/session":             {401, "authentication_required", "same answer, no redirect (design): here that of a request without a token"},
	"path: redirect uses Host header":       {200, "", "same answer, no redirect, and nothing built from Host (design)"},
	"session: exp string digits":            {401, "invalid_token", "a malformed token is a 401, not a 500 (design)"},
	"session: exp 1e300":                    {401, "invalid_token", "a malformed token is a 401, not a 500 (design)"},
	"session: exp null":                     {401, "invalid_token", "a malformed token is a 401, not a 500 (design)"},
	"session: sub non-numeric":              {401, "invalid_token", "a malformed token is a 401, not a 500 (design)"},
	"session: sub 5000 digits":              {401, "invalid_token", "a malformed token is a 401, not a 500 (design)"},
	"session: sub 03":                       {401, "invalid_token", "sub names the session's user, in the one spelling that we issue"},
	"session: sub 1_1":                      {401, "invalid_token", "sub names the session's user, in the one spelling that we issue"},
	"session: token after password changed": {401, "invalid_token", "a password change ends sessions (design)"},
	"authz: no header":                      {401, "authentication_required", "no token is 401, not 403 (design)"},
	"authz: 'Bearer '":                      {401, "authentication_required", "no token is 401, not 403 (design)"},
	"authz: Token scheme":                   {401, "authentication_required", "no token is 401, not 403 (design)"},
	"authz: tab separator":                  {401, "authentication_required", "no token is 401, not 403 (design)"},
	"authz: token in query":                 {401, "authentication_required", "no token is 401, not 403 (design)"},
	"sample: no exp claim":                  {401, "invalid_token", "a token without an end is none of ours (design: no exp → 401)"},
}

// testedElsewhere are for an operation that anybody may call, which the contract
// has none of yet: server/api tests them on a contract of its own.
var testedElsewhere = map[string]string{
	"optional: no header":       "TestOptionalUser",
	"optional: expired":         "TestOptionalUser",
	"optional: sub non-numeric": "TestOptionalUser",
}

// codes is what the reference's details mean here.
var codes = map[string][]string{
	"Could not validate credentials":     {"invalid_credentials", "invalid_token"},
	"Not authenticated":                  {"authentication_required"},
	"Invalid authentication credentials": {"authentication_required"},
	"Method Not Allowed":                 {"method_not_allowed"},
	"Not Found":                          {"not_found"},
}

// observedAt is when the reference was asked: its token with 23 hours left ends
// at 1795561000.
var observedAt = time.Unix(1795561000, 0).Add(-23 * time.Hour)

func TestTheReferencesOwnCases(t *testing.T) {
	t.Parallel()
	apptest.OnEachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Parallel()
		r := newReplay(t, databaseURL)
		met := map[string]bool{}
		for _, o := range readObservations(t) {
			met[o.Case] = true
			t.Run(o.Case, func(t *testing.T) {
				if where, ok := testedElsewhere[o.Case]; ok {
					t.Logf("tested by %s in server/api", where)
					return
				}
				if o.Path == "/docs" || o.Path == "/openapi.json" {
					r.checkPage(t, o)
					return
				}
				r.check(t, o)
			})
		}
		for name := range differences {
			if !met[name] {
				t.Errorf("%q is no case of the reference's", name)
			}
		}
		for name := range testedElsewhere {
			if !met[name] {
				t.Errorf("%q is no case of the reference's", name)
			}
		}
	})
}

func readObservations(t *testing.T) []observation {
	t.Helper()
	file, err := os.Open("testdata/observed.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []observation
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var o observation
		if err := json.Unmarshal(scanner.Bytes(), &o); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	if err := scanner.Err(); err != nil || len(all) < 90 {
		t.Fatalf("%d observations, %v", len(all), err)
	}
	return all
}

// replay is our app with the reference's users and settings, at its time.
type replay struct {
	*apptest.App
	forger
	sids map[string]string // of a session that lives, by the user's id
}

func newReplay(t *testing.T, databaseURL string) *replay {
	t.Helper()
	app := apptest.Start(t, databaseURL, func(cfg *config.Config) {
		cfg.AccessTokenLifetime, cfg.RenewBefore = 7*24*time.Hour, 24*time.Hour // the reference's
	})
	app.Clock.Advance(observedAt.Sub(app.Clock.Now()))
	r := &replay{App: app, forger: newForger(t, apptest.Secret), sids: map[string]string{}}
	for id, user := range map[string]apptest.User{
		"2":  {Email: "staff@example.com", Password: "Staff-pass-1", FirstName: "Stan", LastName: "Staff", IsStaff: true},
		"3":  {Email: "alice@example.com", Password: "wonderland-42", FirstName: "Alice", LastName: "Liddell"},
		"5":  {Email: "inactive@example.com", Password: "sleeping-99"},
		"8":  {Email: "dupcase@example.com", Password: "lower-case-1"},
		"9":  {Email: "DupCase@example.com", Password: "upper-case-1"},
		"10": {Email: "todelete@example.com", Password: "to-delete-1"},
		"11": {Email: "changepw@example.com", Password: "change-me-1"},
	} {
		app.Exec(t, `INSERT INTO users_user (id, password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
			VALUES ($1, $2, false, $3, $4, $5, true, $6, $7)`,
			id, apptest.Weak(user.Password), user.FirstName, user.LastName, user.IsStaff, joined(id), user.Email)
		r.sids[id] = sidOf(t, app.Login(t, user))
	}
	app.Exec(t, "UPDATE users_user SET is_active = false WHERE id = 5")
	return r
}

func joined(id string) time.Time {
	if id == "2" {
		return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return time.Date(2024, 6, 26, 8, 45, 0, 123456000, time.UTC)
}

// check sends what the reference was sent, and compares.
func (r *replay) check(t *testing.T, o observation) {
	t.Helper()
	in := r.request(t, o)
	got := r.Do(t, in)
	want, differs := differences[o.Case]
	if !differs {
		want = difference{status: o.Status}
	}
	if got.Status != want.status {
		t.Fatalf("answers %d, want %d: %.300s", got.Status, want.status, got.Body)
	}
	if differs && want.status == o.Status {
		t.Fatalf("answers as the reference does: take it out of the differences")
	}
	switch {
	case got.Status >= http.StatusBadRequest && o.Method != http.MethodHead:
		r.checkFailure(t, o, got, want.code)
	case got.Status == http.StatusOK && o.Status == http.StatusOK:
		r.checkSuccess(t, o, in, got)
	}
}

func (r *replay) checkFailure(t *testing.T, o observation, got apptest.Response, code string) {
	t.Helper()
	problem := got.Problem(t)
	if code != "" {
		if string(problem.Code) != code {
			t.Errorf("code %s, want %s", problem.Code, code)
		}
		return
	}
	var reference struct{ Detail any }
	if err := json.Unmarshal([]byte(o.Body), &reference); err != nil {
		t.Fatalf("the reference's body: %v", err)
	}
	switch detail := reference.Detail.(type) {
	case string:
		if !slices.Contains(codes[detail], string(problem.Code)) {
			t.Errorf("code %s for the reference's %q", problem.Code, detail)
		}
	case []any:
		checkFields(t, detail, got)
	}
	if allow := o.Answer["allow"]; got.Header.Get("Allow") != allow {
		t.Errorf("Allow is %q, the reference's is %q", got.Header.Get("Allow"), allow)
	}
}

// checkFields compares where the fault is: ["body", "username"] is our username.
func checkFields(t *testing.T, detail []any, got apptest.Response) {
	t.Helper()
	where := detail[0].(map[string]any)["loc"].([]any)
	want, isName := where[len(where)-1].(string)
	if !isName { // a position in text that is no JSON
		want = "body"
	}
	if problem := got.Problem(t); problem.Code != "invalid_request" || problem.Errors == nil || (*problem.Errors)[0].Field != want {
		t.Errorf("the reference finds fault with %s, we answer %s", want, got.Body)
	}
}

// checkSuccess compares user and token. Our name is the full name, last_login is
// set, and token_type is always Bearer (design); all else is the same.
func (r *replay) checkSuccess(t *testing.T, o observation, in apptest.Request, got apptest.Response) {
	t.Helper()
	if o.Path == "/my-api-route/" {
		if !strings.Contains(got.Body, `"id":3,"email":"alice@example.com"`) {
			t.Errorf("we answer %s", got.Body)
		}
		return
	}
	var reference apptest.Token
	if err := json.Unmarshal([]byte(withoutToken(o.Body)), &reference); err != nil {
		t.Fatalf("the reference's body: %v", err)
	}
	token := got.Token(t)
	for _, member := range []string{"id", "email", "first_name", "last_name", "is_staff", "is_active", "is_superuser", "date_joined"} {
		if token.User[member] != reference.User[member] {
			t.Errorf("%s is %v, the reference's %v", member, token.User[member], reference.User[member])
		}
	}
	if token.TokenType != "Bearer" {
		t.Errorf("token_type is %s", token.TokenType)
	}
	if sent := in.Header.Get("Authorization"); sent != "" {
		kept, keptThere := strings.HasSuffix(sent, token.AccessToken), claimsIn(o.Body) == claimsIn(o.Headers[0][1])
		if kept != keptThere {
			t.Errorf("the token is kept: %t, by the reference: %t", kept, keptThere)
		}
	}
}

func (r *replay) checkPage(t *testing.T, o observation) {
	t.Helper()
	got, err := http.Get(r.URL + o.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if kind, _, _ := strings.Cut(o.Answer["content-type"], ";"); got.StatusCode != o.Status || !strings.HasPrefix(got.Header.Get("Content-Type"), kind) {
		t.Errorf("%s answers %d %s", o.Path, got.StatusCode, got.Header.Get("Content-Type"))
	}
}

// request is what the reference was sent, with a token of ours for its.
func (r *replay) request(t *testing.T, o observation) apptest.Request {
	t.Helper()
	in := apptest.Request{Method: o.Method, Path: o.Path, Body: bodyOf(o), Header: http.Header{"Content-Type": nil}}
	if o.Path == "/my-api-route/" { // the tutorial's sample of a protected route
		in.Method, in.Path = http.MethodGet, "/users/me/"
	}
	r.arrange(t, o.Case)
	for _, header := range o.Headers {
		in.Header.Set(header[0], r.withOurToken(t, o.Case, header[1]))
	}
	return in
}

// arrange does to the users what the reference's were done to before the case.
func (r *replay) arrange(t *testing.T, name string) {
	t.Helper()
	switch name {
	case "session: token after password changed":
		r.Exec(t, "UPDATE users_user SET password = $1 WHERE id = 11", apptest.Weak("another-1"))
	case "session: token after re-activation":
		r.sids["11"] = sidOf(t, r.Login(t, apptest.User{Email: "changepw@example.com", Password: "another-1"}))
		r.Exec(t, "UPDATE users_user SET is_active = false WHERE id = 11")
		r.Exec(t, "UPDATE users_user SET is_active = true WHERE id = 11")
	}
}

// bodyOf restores what the recording writes otherwise: bytes and long texts.
func bodyOf(o observation) string {
	if strings.HasSuffix(o.Sent, "...(5000049 bytes)") {
		return `{"username": "alice@example.com", "password": "` + strings.Repeat("x", 5_000_000) + `"}`
	}
	return strings.ReplaceAll(o.Sent, `\xff`, "\xff")
}

// claimsIn returns what stands in <JWT …>.
func claimsIn(text string) string {
	_, rest, found := strings.Cut(text, "<JWT ")
	if !found {
		return ""
	}
	claims, _, closed := cutLastOf(rest, ">")
	if !closed {
		return rest
	}
	return claims
}

// withoutToken makes JSON of a recorded body: the claims stand in it unescaped.
func withoutToken(body string) string {
	return strings.Replace(body, "<JWT "+claimsIn(body)+">", "token", 1)
}

func cutLastOf(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// withOurToken replaces the placeholder by a token of ours with the recorded
// claims, for a session of the user it names.
func (r *replay) withOurToken(t *testing.T, name, value string) string {
	t.Helper()
	if !strings.Contains(value, "<JWT ") {
		return value
	}
	claims := claimsIn(value)
	placeholder := "<JWT " + claims + ">"
	if name == "session: sub 5000 digits" { // the recording cuts it off
		placeholder, claims = "<JWT "+claims, `{"sub":"`+strings.Repeat("9", 5000)+`","exp":1795737400}`
	}
	return strings.Replace(value, placeholder, r.ourToken(t, name, claims), 1)
}

func (r *replay) ourToken(t *testing.T, name, recorded string) string {
	t.Helper()
	changes := []change{withoutClaim("exp")}
	said := map[string]any{}
	if json.Unmarshal([]byte(recorded), &said) != nil {
		changes = append(changes, withPayload(recorded))
	}
	for claimName, value := range said {
		changes = append(changes, claim(claimName, value))
	}
	switch name {
	case "session: signature tampered":
		changes = append(changes, afterSigning(inSegment(2, flip)))
	case "session: payload tampered":
		changes = append(changes, claim("sub", "3"), afterSigning(inSegment(1, func(string) string {
			return encodeSegment(recorded)
		})))
	case "session: alg HS512":
		changes = append(changes, signedBy(jwt.SigningMethodHS512))
	case "session: alg missing":
		changes = append(changes, withoutJoseHeader("alg"))
	case "session: typ missing":
		changes = append(changes, withoutJoseHeader("typ"))
	}
	sub, _ := said["sub"].(string)
	sid := r.sids[sub]
	if sid == "" { // no user's id: the session is alice's, or that of whom the reference took it for
		sid = r.sids[map[string]string{"1_1": "11"}[sub]]
	}
	if sid == "" {
		sid = r.sids["3"]
	}
	return r.forge(t, 3, sid, observedAt, changes...)
}
