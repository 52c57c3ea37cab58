package admin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	pathpkg "path"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/request"
)

// visit is a request to the site.
type visit struct {
	site   *Site
	w      http.ResponseWriter
	r      *http.Request
	now    time.Time
	client auth.Client
	staff  *auth.Staff // nil: nobody is signed in
	secret string      // what forms are bound to: the session's, or a visitor's
	form   Form
}

// maxForm is more than any form has, in bytes: a user with every permission.
const maxForm = 256 << 10

// formTimeout is how long a client may take to send a form.
const formTimeout = 5 * time.Second

var (
	errFormTooLarge = &auth.Error{Code: codeTooLarge, Detail: "This form holds more than 256 KiB. Nothing was saved."}
	errFormBroken   = &auth.Error{Code: codeBroken, Detail: "The form did not arrive whole. Nothing was saved."}
	errForeignForm  = auth.Forbidden("This form was sent from another site. Nothing was saved.")
	// errStaleForm is shown on the form itself, so that nothing typed is lost.
	errStaleForm = &auth.Error{Code: auth.CodeForbidden, Detail: "This form was opened before you signed in, or in another window. Nothing was saved yet: look it over and send it again."}
)

// readForm reads what was posted, all of it and in time. What has not come by then is
// waited for no more, neither here nor by the server.
func (v *visit) readForm() error {
	control := http.NewResponseController(v.w)
	_ = control.SetReadDeadline(v.site.wallClock().Add(formTimeout)) // memory, in tests, has none
	body, err := io.ReadAll(http.MaxBytesReader(v.w, v.r.Body, maxForm))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return errFormTooLarge
	}
	if err != nil {
		return errFormBroken
	}
	_ = control.SetReadDeadline(time.Time{}) // the server watches for a hang-up from here on
	media, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return errFormBroken
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return errFormBroken
	}
	v.form = Form{values}
	return nil
}

// isPost reports whether something is to be changed.
func (v *visit) isPost() bool { return v.r.Method == http.MethodPost }

// token is what a form must bring along: whoever cannot read our pages cannot know
// it (OWASP Cross-Site Request Forgery Prevention Cheat Sheet, "HMAC-based").
func (v *visit) token() string { return v.site.mac("form", v.secret) }

// checkToken returns an error unless the form is one that was shown in this session.
func (v *visit) checkToken() error {
	if hmac.Equal([]byte(v.form.Text("token")), []byte(v.token())) {
		return nil
	}
	return errStaleForm
}

// actor returns who acts.
func (v *visit) actor() auth.Actor { return v.staff.Actor(v.now, v.client) }

// confirm checks the password that a form brings along for what is dangerous.
func (v *visit) confirm() error {
	if password := v.form.Text("confirm"); password != "" {
		return v.site.auth.Confirm(v.r.Context(), v.staff, password, v.client)
	}
	return nil
}

// ready checks that a form is one of ours and, if it brings one along, the password.
func (v *visit) ready() error {
	if err := v.checkToken(); err != nil {
		return err
	}
	return v.confirm()
}

// seeOther leads on after a form, with a message for the next page.
func (v *visit) seeOther(path, message string) {
	if message != "" {
		v.setFlash(message)
	}
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
}

// The cookies. With __Host- no sister domain can set them, but that takes https and
// a path of /.
const (
	sessionCookie = "latchkey_admin"
	visitorCookie = "latchkey_admin_visitor"
	flashCookie   = "latchkey_admin_flash"
)

func (s *Site) setCookie(w http.ResponseWriter, name, value string, maxAge time.Duration) {
	cookie := &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: Prefix, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		MaxAge: int(maxAge.Seconds()),
	}
	if s.secure {
		cookie.Path, cookie.Secure = "/", true
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}

func (s *Site) cookieName(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return name
}

func (v *visit) cookie(name string) string {
	cookie, err := v.r.Cookie(v.site.cookieName(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// identify finds out who this is. Not to know is no error.
func (v *visit) identify() error {
	secret := v.cookie(sessionCookie)
	if secret == "" || len(secret) > 128 {
		return nil
	}
	staff, err := v.site.auth.AuthenticateStaff(v.r.Context(), secret)
	if auth.ErrorCode(err) == auth.CodeAuthenticationRequired {
		return nil
	}
	if err != nil {
		return err
	}
	v.staff, v.secret = staff, secret
	return nil
}

// visitor returns whoever is not signed in a secret for the form of the login.
func (v *visit) visitor() {
	v.secret = v.cookie(visitorCookie)
	if len(v.secret) != 26 {
		v.secret = rand.Text()
		v.site.setCookie(v.w, visitorCookie, v.secret, time.Hour)
	}
}

// mac authenticates a text for a purpose.
func (s *Site) mac(purpose, text string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(purpose + "\x00" + text))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// warning begins a message for the next page that is no good news.
const warning = "! "

// setFlash keeps a message for the next page.
func (v *visit) setFlash(message string) {
	text := base64.RawURLEncoding.EncodeToString([]byte(message))
	v.site.setCookie(v.w, flashCookie, text+"."+v.site.mac("flash", text), time.Minute)
}

// takeFlash returns the message that was kept for this page, if it is one of ours.
func (v *visit) takeFlash() string {
	value := v.cookie(flashCookie)
	if value == "" {
		return ""
	}
	v.site.setCookie(v.w, flashCookie, "", 0)
	text, mac, _ := strings.Cut(value, ".")
	if !hmac.Equal([]byte(mac), []byte(v.site.mac("flash", text))) {
		return ""
	}
	message, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(message)
}

// localPath returns a path of the site that somebody may be led on to, or its start.
func localPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, Prefix) ||
		strings.ContainsAny(path, "\\\r\n\t") {
		return Prefix
	}
	if !strings.HasPrefix(pathpkg.Clean(u.Path)+"/", Prefix) {
		return Prefix
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}

func newVisit(s *Site, w http.ResponseWriter, r *http.Request) *visit {
	return &visit{site: s, w: w, r: r, now: s.auth.Now(), client: request.From(r.Context()).Client}
}
