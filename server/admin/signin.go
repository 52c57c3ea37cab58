package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
	"github.com/latchkey-auth/latchkey/server/problem"
)

// cookieLifetime is at least as long as a session: the server decides when one is over.
const cookieLifetime = 24 * time.Hour

// deviceCookieLifetime is as long as browsers keep any cookie: 400 days (RFC 6265bis,
// section 5.5). The server decides how long a device is known.
const deviceCookieLifetime = 400 * 24 * time.Hour

// askToLogIn redirects to the sign-in page, which leads back. It answers a form whose
// sender's session has ended with that page, and saves nothing.
func (s *Site) askToLogIn(req *request) error {
	if !req.isPost() {
		to := Prefix + "login/"
		if req.URL.Path != Prefix && req.URL.Path != Prefix+"logout/" {
			to += "?" + url.Values{"next": {req.URL.RequestURI()}}.Encode()
		}
		message := ""
		if req.cookie(sessionCookie) != "" {
			message = warning + "You were signed out, because your session expired or was ended."
			s.setCookie(req.w, sessionCookie, "", 0)
		}
		req.seeOther(to, message)
		return nil
	}
	view := loginForm(Prefix)
	view.Fault = "You were signed out, and your changes were not saved. Sign in, go back to the form in your browser, and submit it again."
	problem.Note(req.Context(), auth.AuthenticationRequired())
	req.form = Form{url.Values{}}
	return req.renderForm(http.StatusUnauthorized, view, page{Title: "Sign in", SignedOut: true})
}

func loginForm(next string) formView {
	return formView{
		Heading: "Sign in to the admin site", Submit: "Sign in", Action: Prefix + "login/", Hidden: []hidden{{"next", next}},
		Fieldsets: []Fieldset{{Fields: []Field{
			{Name: "email", Label: "E-mail address", Kind: EmailField, Required: true, Autocomplete: "username", MaxLength: auth.MaxEmailLength},
			{Name: "password", Label: "Password", Kind: PasswordField, Required: true, Autocomplete: "current-password"},
		}}},
	}
}

func (s *Site) serveLogin(req *request) error {
	next := localPath(req.URL.Query().Get("next"))
	if req.isPost() {
		next = localPath(req.form.Text("next"))
	} else if req.by != nil {
		req.seeOther(next, "")
		return nil
	}
	view := loginForm(next)
	status := http.StatusOK
	if req.isPost() {
		err := s.logIn(req, req.form.Text("email"), req.form.Text("password"))
		if err == nil {
			req.seeOther(next, "")
			return nil
		}
		named, ok := errors.AsType[*auth.Error](err)
		if !ok || problem.Status(named.Code) == 0 || named.Code == auth.CodeUnavailable {
			return err
		}
		problem.Note(req.Context(), named)
		problem.SetRetryAfter(req.w.Header(), named)
		view.Fault, status = named.Detail, problem.Status(named.Code)
		if len(named.Fields) > 0 {
			view.Fault, view.Faults = "You are not signed in. Correct the errors below.", named.Fields
		}
	}
	return req.renderForm(status, view, page{Title: "Sign in", SignedOut: true})
}

// logIn begins a new session, and ends the one that the request was sent in.
func (s *Site) logIn(req *request, email, password string) error {
	if err := s.begin(req, email, password); err != nil {
		return err
	}
	if req.by == nil {
		return nil
	}
	return s.signIn.Logout(req.Context(), req.by)
}

// begin begins a new session. The cookie of the device is kept when it ends: it tells this
// browser from strangers who guess at the account.
func (s *Site) begin(req *request, email, password string) error {
	grant, err := s.signIn.LoginAdmin(req.Context(), signin.Credentials{
		Email: email, Password: password, Client: req.client, DeviceToken: req.cookie(deviceCookie),
	})
	if err != nil {
		return err
	}
	s.setCookie(req.w, sessionCookie, grant.Secret, cookieLifetime)
	s.setCookie(req.w, deviceCookie, grant.DeviceToken, deviceCookieLifetime)
	return nil
}

func (s *Site) serveLogout(req *request) error {
	if !req.isPost() {
		return req.renderForm(http.StatusOK, formView{
			Heading: "Sign out?", Submit: "Sign out", Back: Prefix,
			Intro: []string{"This ends your session on this admin site only."},
		}, page{Title: "Sign out"})
	}
	if err := s.signIn.Logout(req.Context(), req.by); err != nil {
		return err
	}
	s.setCookie(req.w, sessionCookie, "", 0)
	req.seeOther(Prefix+"login/", "You are signed out.")
	return nil
}

func (s *Site) servePassword(req *request) error {
	view := formView{
		Heading: "Change your password", Submit: "Change password", Back: Prefix, Confirm: confirmField(),
		Intro:     []string{"After the change you stay signed in here, and are signed out everywhere else."},
		Fieldsets: []Fieldset{{Fields: s.passwordFields("new_password", "New password", true)}},
	}
	view.Confirm.Label, view.Confirm.Help = "Current password", ""
	status := http.StatusOK
	if req.isPost() {
		err := s.changePassword(req)
		if err == nil {
			req.seeOther(Prefix, "Your password was changed.")
			return nil
		}
		confirm := view.Confirm
		if status, err = view.take(req, err); err != nil {
			return err
		}
		view.Confirm = confirm
	}
	return req.renderForm(status, view, page{Title: view.Heading, Crumbs: []Link{{Label: "Your password"}}})
}

func (s *Site) changePassword(req *request) error {
	password, err := newPassword(req.form, "new_password")
	if err != nil {
		return err
	}
	return s.accounts.ChangeOwnPassword(req.Context(), req.by, auth.PasswordProof(req.form.Text(currentPassword)), password)
}

// passwordFields returns the two fields for a password to be set, and what it must be.
func (s *Site) passwordFields(name, label string, required bool) []Field {
	return []Field{
		{Name: name, Label: label, Kind: PasswordField, Required: required, Autocomplete: "new-password", Help: s.accounts.PasswordRules().Help},
		{Name: "again", Label: "Confirm " + strings.ToLower(label), Kind: PasswordField, Required: required, Autocomplete: "new-password"},
	}
}

// newPassword returns the password that was typed, twice the same.
func newPassword(form Form, name string) (string, error) {
	if form.Text(name) != form.Text("again") {
		return "", auth.Invalid(auth.FieldError{Field: "again", Message: "The passwords do not match."})
	}
	return form.Text(name), nil
}

func (s *Site) serveSetup(req *request) error {
	token := req.URL.Query().Get("token")
	if req.isPost() {
		token = req.form.Text("setup")
	}
	// The URL holds the token, which no other page must learn from a Referer. With
	// no-referrer, though, browsers would send the form with "Origin: null", and it would
	// be refused where they send no Sec-Fetch-Site: on http other than localhost.
	req.w.Header().Set("Referrer-Policy", "strict-origin")
	if err := s.accounts.CheckSetup(req.Context(), token); err != nil {
		return err
	}
	view := formView{
		Heading: "Create the first superuser", Submit: "Create account and sign in", Hidden: []hidden{{"setup", token}},
		Intro:     []string{"The first superuser can do everything here, and can create more users. This link works only once."},
		Fieldsets: []Fieldset{{Fields: append([]Field{{Name: "email", Label: "E-mail address", Kind: EmailField, Required: true, Autocomplete: "username", MaxLength: auth.MaxEmailLength}}, s.passwordFields("password", "Password", true)...)}},
	}
	status := http.StatusOK
	if req.isPost() {
		err := s.setUp(req, token)
		if err == nil {
			req.seeOther(Prefix, "Welcome. Your superuser account is ready.")
			return nil
		}
		if errors.Is(err, errSignInAfter) {
			req.seeOther(Prefix+"login/", "The account was created. Sign in with it.")
			return nil
		}
		if status, err = view.take(req, err); err != nil {
			return err
		}
	}
	return req.renderForm(status, view, page{Title: view.Heading, SignedOut: true})
}

// errSignInAfter says that the account was created, but signing in did not work.
var errSignInAfter = errors.New("created, and not signed in")

func (s *Site) setUp(req *request, token string) error {
	password, err := newPassword(req.form, "password")
	if err != nil {
		return err
	}
	user, err := s.accounts.SetUp(req.Context(), token, accounts.NewUser{Email: req.form.Text("email"), Password: password}, req.client)
	if err != nil {
		return err
	}
	if err := s.begin(req, user.Email, password); err != nil {
		return errSignInAfter
	}
	return nil
}
