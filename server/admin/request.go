package admin

import (
	"crypto/hmac"
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
	"github.com/latchkey-auth/latchkey/server/problem"
	"github.com/latchkey-auth/latchkey/server/reqctx"
)

// currentPassword is the field in which people prove that it is them.
const currentPassword = string(auth.ProofPassword)

// request is one request to the site, and who it is from.
type request struct {
	*http.Request
	site   *Site
	w      http.ResponseWriter
	now    time.Time
	client auth.Client
	by     *auth.Principal // nil when nobody is signed in
	form   Form            // of a POST
}

func newRequest(s *Site, w http.ResponseWriter, r *http.Request) *request {
	return &request{Request: r, site: s, w: w, now: auth.Now(s.clock), client: reqctx.From(r.Context()).Client}
}

// maxForm is more than any form has, in bytes: a user with every permission.
const maxForm = 256 << 10

// formTimeout is how long a client may take to send a form.
const formTimeout = 5 * time.Second

var (
	errFormTooLarge = auth.NewError(problem.CodeBodyTooLarge, "This form is larger than 256 KiB. Nothing was saved.", nil)
	errFormBroken   = auth.NewError(auth.CodeInvalid, "The form could not be read. Nothing was saved.", nil)
)

// readForm reads the form that was posted. What has not arrived in time is not waited
// for, neither here nor by the server.
func (req *request) readForm() error {
	control := http.NewResponseController(req.w)
	_ = control.SetReadDeadline(req.site.wallClock().Add(formTimeout)) // memory, in tests, has none
	body, err := io.ReadAll(http.MaxBytesReader(req.w, req.Body, maxForm))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return errFormTooLarge
	}
	if err != nil {
		return errFormBroken
	}
	_ = control.SetReadDeadline(time.Time{}) // the server watches for a hang-up from here on
	media, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return errFormBroken
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return errFormBroken
	}
	req.form = Form{values}
	return nil
}

// isPost reports whether the request may change something.
func (req *request) isPost() bool { return req.Method == http.MethodPost }

// confirm checks the current password, if the form has it.
func (req *request) confirm() error {
	password := req.form.Text(currentPassword)
	if password == "" {
		return nil
	}
	return req.site.signIn.Confirm(req.Context(), req.by, auth.PasswordProof(password))
}

// seeOther redirects, with a message for the next page unless it is "".
func (req *request) seeOther(path, message string) {
	if message != "" {
		req.setFlash(message)
	}
	http.Redirect(req.w, req.Request, path, http.StatusSeeOther)
}

// Cookies. On https their names begin with __Host-, so that no other subdomain can set
// them; that requires Secure and the path /.
const (
	sessionCookie = "latchkey_admin"
	deviceCookie  = "latchkey_admin_device"
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

func (req *request) cookie(name string) string {
	cookie, err := req.Cookie(req.site.cookieName(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// identify finds out who is signed in. It is no error when nobody is.
func (req *request) identify() error {
	secret := req.cookie(sessionCookie)
	if secret == "" || len(secret) > 128 {
		return nil
	}
	by, err := req.site.signIn.AuthenticateAdmin(req.Context(), secret, req.client)
	if auth.ErrorCode(err) == auth.CodeInvalidToken {
		return nil
	}
	if err != nil {
		return err
	}
	req.by = by
	return nil
}

// mac returns a code that authenticates a text for a purpose.
func (s *Site) mac(purpose, text string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(purpose + "\x00" + text))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// warning begins a message for the next page that is a warning.
const warning = "! "

// setFlash keeps a message for the next page.
func (req *request) setFlash(message string) {
	text := base64.RawURLEncoding.EncodeToString([]byte(message))
	req.site.setCookie(req.w, flashCookie, text+"."+req.site.mac("flash", text), time.Minute)
}

// takeFlash returns and deletes the message that was kept for this page, or "" when
// there is none of ours.
func (req *request) takeFlash() string {
	value := req.cookie(flashCookie)
	if value == "" {
		return ""
	}
	req.site.setCookie(req.w, flashCookie, "", 0)
	text, mac, _ := strings.Cut(value, ".")
	if !hmac.Equal([]byte(mac), []byte(req.site.mac("flash", text))) {
		return ""
	}
	message, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(message)
}

// localPath returns path if it is one of the site's, that is safe to redirect to, else
// the site's home page.
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
