package admin

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// cookieLifetime is longer than any session: the server decides when one is over.
const cookieLifetime = 24 * time.Hour

// askToLogIn leads to the login, and back afterwards. A form that was sent by
// somebody whose session has ended is not saved.
func (s *Site) askToLogIn(v *visit) error {
	if !v.isPost() {
		to := Prefix + "login/"
		if v.r.URL.Path != Prefix && v.r.URL.Path != Prefix+"logout/" {
			to += "?" + url.Values{"next": {v.r.URL.RequestURI()}}.Encode()
		}
		message := ""
		if v.cookie(sessionCookie) != "" {
			message = warning + "You were signed out: nothing was done for an hour, or the session was ended."
			s.setCookie(v.w, sessionCookie, "", 0)
		}
		v.seeOther(to, message)
		return nil
	}
	view := loginForm(Prefix)
	view.Fault = "You were signed out, and what you sent was not saved. Sign in here, go back in your browser to the form, and send it again."
	v.note(auth.AuthenticationRequired())
	v.form = Form{url.Values{}}
	return v.renderForm(http.StatusUnauthorized, view, page{Title: "Sign in", SignedOut: true})
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

func (s *Site) serveLogin(v *visit) error {
	next := localPath(v.r.URL.Query().Get("next"))
	if v.isPost() {
		next = localPath(v.form.Text("next"))
	} else if v.staff != nil {
		v.seeOther(next, "")
		return nil
	}
	view := loginForm(next)
	status := http.StatusOK
	if v.isPost() {
		err := s.logIn(v, v.form.Text("email"), v.form.Text("password"))
		if err == nil {
			v.seeOther(next, "")
			return nil
		}
		named, ok := errors.AsType[*auth.Error](err)
		if !ok || statusOf[named.Code] == 0 || named.Code == auth.CodeUnavailable {
			return err
		}
		v.note(named)
		view.Fault, status = named.Detail, statusOf[named.Code]
	}
	return v.renderForm(status, view, page{Title: "Sign in", SignedOut: true})
}

// logIn begins a session, a new one whatever cookie came along.
func (s *Site) logIn(v *visit, email, password string) error {
	if err := v.checkToken(); err != nil {
		return err
	}
	secret, err := s.auth.LoginStaff(v.r.Context(), auth.Credentials{Email: email, Password: password, Client: v.client})
	if err != nil {
		return err
	}
	s.begin(v, secret)
	if v.staff == nil {
		return nil
	}
	return s.auth.LogoutStaff(v.r.Context(), v.staff, v.client) // nobody has its cookie any more
}

func (s *Site) begin(v *visit, secret string) {
	s.setCookie(v.w, sessionCookie, secret, cookieLifetime)
	s.setCookie(v.w, visitorCookie, "", 0)
}

func (s *Site) serveLogout(v *visit) error {
	if !v.isPost() {
		return v.renderForm(http.StatusOK, formView{
			Heading: "Sign out?", Submit: "Sign out", Back: Prefix,
			Intro: []string{"This ends your session on the admin site, and no other."},
		}, page{Title: "Sign out"})
	}
	if err := v.checkToken(); err != nil {
		return err
	}
	if err := s.auth.LogoutStaff(v.r.Context(), v.staff, v.client); err != nil {
		return err
	}
	s.setCookie(v.w, sessionCookie, "", 0)
	v.seeOther(Prefix+"login/", "You are signed out.")
	return nil
}

func (s *Site) servePassword(v *visit) error {
	view := formView{
		Heading: "Change your password", Submit: "Change the password", Back: Prefix, Confirm: confirmField(),
		Intro:     []string{"You stay signed in here. Everywhere else you are signed out."},
		Fieldsets: []Fieldset{{Fields: newPasswordFields()}},
	}
	view.Confirm.Label, view.Confirm.Help = "Your password until now", ""
	status := http.StatusOK
	if v.isPost() {
		err := s.changePassword(v)
		if err == nil {
			v.seeOther(Prefix, "Your password was changed.")
			return nil
		}
		confirm := view.Confirm
		if status, err = view.take(v, err); err != nil {
			return err
		}
		view.Confirm = confirm
	}
	return v.renderForm(status, view, page{Title: view.Heading, Crumbs: []Link{{Label: "Your password"}}})
}

func (s *Site) changePassword(v *visit) error {
	if err := v.checkToken(); err != nil {
		return err
	}
	if v.form.Text("confirm") == "" {
		return auth.Invalid(auth.FieldError{Field: "confirm", Message: "This is required."})
	}
	password, err := newPassword(v.form)
	if err != nil {
		return err
	}
	if err := v.confirm(); err != nil {
		return err
	}
	return s.auth.SetOwnPassword(v.r.Context(), v.staff, v.client, password)
}

func newPasswordFields() []Field {
	return []Field{
		{Name: "password", Label: "New password", Kind: PasswordField, Autocomplete: "new-password", Help: "At least 8 characters, not all digits, and none that everybody tries."},
		{Name: "again", Label: "New password, again", Kind: PasswordField, Autocomplete: "new-password"},
	}
}

// newPassword returns the password that was typed twice.
func newPassword(form Form) (string, error) {
	if form.Text("password") != form.Text("again") {
		return "", auth.Invalid(auth.FieldError{Field: "again", Message: "The two were not the same."})
	}
	return form.Text("password"), nil
}

func (s *Site) serveSetup(v *visit) error {
	token := v.r.URL.Query().Get("token")
	if v.isPost() {
		token = v.form.Text("setup")
	}
	// The address holds the token. With no-referrer browsers would call the form's
	// origin null, and it would look like another site's where they send no
	// Sec-Fetch-Site: on http, elsewhere than on localhost.
	v.w.Header().Set("Referrer-Policy", "strict-origin")
	if err := s.auth.CheckSetup(v.r.Context(), token); err != nil {
		return err
	}
	view := formView{
		Heading: "Make the first superuser", Submit: "Make the account and sign in", Hidden: []hidden{{"setup", token}},
		Intro:     []string{"The first superuser may do everything here, and makes the others. This link works once."},
		Fieldsets: []Fieldset{{Fields: append([]Field{{Name: "email", Label: "E-mail address", Kind: EmailField, Required: true, Autocomplete: "username", MaxLength: auth.MaxEmailLength}}, newPasswordFields()...)}},
	}
	status := http.StatusOK
	if v.isPost() {
		err := s.setUp(v, token)
		if err == nil {
			v.seeOther(Prefix, "Welcome. This is your account, and you may do everything.")
			return nil
		}
		if errors.Is(err, errSignInAfter) {
			v.seeOther(Prefix+"login/", "The account was made. Sign in with it.")
			return nil
		}
		if status, err = view.take(v, err); err != nil {
			return err
		}
	}
	return v.renderForm(status, view, page{Title: view.Heading, SignedOut: true})
}

// errSignInAfter reports that the account is there, though signing in did not work.
var errSignInAfter = errors.New("made, and not signed in")

func (s *Site) setUp(v *visit, token string) error {
	if err := v.checkToken(); err != nil {
		return err
	}
	password, err := newPassword(v.form)
	if err != nil {
		return err
	}
	user, err := s.auth.SetUp(v.r.Context(), token, auth.NewUser{Email: v.form.Text("email"), Password: password}, v.client)
	if err != nil {
		return err
	}
	secret, err := s.auth.LoginStaff(v.r.Context(), auth.Credentials{Email: user.Email, Password: password, Client: v.client})
	if err != nil {
		return errSignInAfter
	}
	s.begin(v, secret)
	return nil
}
