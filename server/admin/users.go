package admin

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
)

// users returns the model of users. A row of the list has no groups: only the page of
// a user reads them.
func (s *Site) users() Model[auth.Account] {
	return Model[auth.Account]{
		Name: "users", Label: "Users", One: "user", Many: "users", Permissions: auth.UserModel, History: auth.TargetUser,
		Key:   func(a auth.Account) string { return strconv.FormatInt(a.ID, 10) },
		Title: func(a auth.Account) string { return a.Email },
		Columns: []Column[auth.Account]{
			{"email", "E-mail address", true, func(a auth.Account) Cell { return Cell{Text: a.Email, Person: true} }},
			{"first_name", "First name", true, func(a auth.Account) Cell { return Text(a.FirstName) }},
			{"last_name", "Last name", true, func(a auth.Account) Cell { return Text(a.LastName) }},
			{"is_active", "Active", true, activeCell},
			{"is_staff", "Staff", true, func(a auth.Account) Cell { return Flag(a.IsStaff) }},
			{"is_superuser", "Superuser", true, func(a auth.Account) Cell { return Flag(a.IsSuperuser) }},
			{"date_joined", "Joined", true, func(a auth.Account) Cell { return At(&a.DateJoined) }},
			{"last_login", "Last login", true, func(a auth.Account) Cell { return At(a.LastLogin) }},
		},
		Sort:   "email",
		Search: "Search by e-mail address or name",
		Filters: []Filter{
			activeFilter(),
			YesNo("is_staff", "Staff", "Staff", "Not staff"),
			YesNo("is_superuser", "Superuser", "Superuser", "Not superuser"),
			{Name: "group", Label: "Group", Choices: s.groupChoices},
			Since("date_joined", "Joined", false),
			Since("last_login", "Last login", true),
		},
		List: s.listUsers,
		Each: func(ctx context.Context, by *auth.Principal, params auth.ListParams, f func(auth.Account) error) error {
			return s.accounts.EachUser(ctx, by, params, func(u auth.User) error { return f(auth.Account{User: u}) })
		},
		Get:      s.getUser,
		Fields:   s.userFields,
		AddNeeds: []auth.Verb{auth.Change}, // as in Django's admin
		Add:      s.addUser,
		Change:   s.changeUser,
		Version:  func(a auth.Account) string { return accounts.UserFormOf(a).Version() },
		Actions:  s.userActions(),
		Panels:   s.userPanels,
	}
}

func (s *Site) listUsers(ctx context.Context, by *auth.Principal, params auth.ListParams) (auth.Page[auth.Account], error) {
	found, err := s.accounts.ListUsers(ctx, by, params)
	page := auth.Page[auth.Account]{Matches: found.Matches, Uncounted: found.Uncounted, Total: found.Total}
	for _, user := range found.Items {
		page.Items = append(page.Items, auth.Account{User: user})
	}
	return page, err
}

func (s *Site) getUser(ctx context.Context, by *auth.Principal, key string) (auth.Account, error) {
	id, err := idOf(key, "user")
	if err != nil {
		return auth.Account{}, err
	}
	return s.accounts.User(ctx, by, id)
}

func (s *Site) groupChoices(ctx context.Context, by *auth.Principal) ([]Choice, error) {
	groups, err := s.accounts.Groups(ctx, by)
	choices := make([]Choice, 0, len(groups))
	for _, group := range groups {
		choices = append(choices, Choice{strconv.FormatInt(group.ID, 10), group.Name, func(time.Time) auth.Filter {
			return auth.Equal("group", group.ID)
		}})
	}
	return choices, err
}

// userFields returns the fieldsets of Django's admin: personal info, permissions,
// important dates.
func (s *Site) userFields(ctx context.Context, by *auth.Principal, a *auth.Account) ([]Fieldset, error) {
	isNew := a == nil
	if isNew {
		a = &auth.Account{User: auth.User{IsActive: true}}
	}
	groups, permissions, err := s.grantable(ctx, by, a.Groups, a.Permissions)
	if err != nil {
		return nil, err
	}
	fieldsets := []Fieldset{
		{Title: "Personal info", Fields: []Field{
			{Name: "email", Label: "E-mail address", Kind: EmailField, Value: a.Email, Required: true, MaxLength: auth.MaxEmailLength, Autocomplete: "off"},
			{Name: "first_name", Label: "First name", Kind: TextField, Value: a.FirstName, MaxLength: auth.MaxNameLength, Autocomplete: "off"},
			{Name: "last_name", Label: "Last name", Kind: TextField, Value: a.LastName, MaxLength: auth.MaxNameLength, Autocomplete: "off"},
		}},
		{Title: "Permissions", Fields: []Field{
			{Name: "is_active", Label: "Active", Kind: CheckField, On: a.IsActive, Help: "Inactive users cannot sign in, but their data is kept. Clearing this signs the user out everywhere."},
			{Name: "is_staff", Label: "Staff", Kind: CheckField, On: a.IsStaff, Help: "Can sign in to this admin site."},
			{Name: "is_superuser", Label: "Superuser", Kind: CheckField, On: a.IsSuperuser, ReadOnly: !by.User.IsSuperuser, Help: "Has every permission, whatever is selected below."},
			{Name: "groups", Label: "Groups", Kind: PickField, Options: groups, Help: "The user has every permission of their groups."},
			{Name: "permissions", Label: "User permissions", Kind: PickField, Options: permissions, Help: "In addition to those of the groups."},
		}},
	}
	if isNew {
		password := Fieldset{Title: "Password", Fields: append([]Field{passwordChoice()}, s.passwordFields("password", "Password", false)...)}
		return []Fieldset{fieldsets[0], password, fieldsets[1]}, nil
	}
	if a.Locked {
		fieldsets = append([]Fieldset{lockedFieldset()}, fieldsets...)
	}
	return append(fieldsets, Fieldset{Title: "Important dates", Fields: []Field{
		{Name: "last_login", Label: "Last login", Kind: ShownField, Shown: At(a.LastLogin)},
		{Name: "date_joined", Label: "Joined", Kind: ShownField, Shown: At(&a.DateJoined)},
	}}), nil
}

// activeCell tells who is locked, beside whether they are active: both keep people out.
func activeCell(a auth.Account) Cell {
	cell := Flag(a.IsActive)
	if a.Locked {
		cell.Text, cell.Badge = "Locked", true
	}
	return cell
}

// activeFilter finds who is locked too: it is where one looks for who cannot sign in.
func activeFilter() Filter {
	is := func(column string, on bool) func(time.Time) auth.Filter {
		return func(time.Time) auth.Filter { return auth.Equal(column, on) }
	}
	return Choose("is_active", "Active",
		Choice{"yes", "Active", is("is_active", true)}, Choice{"no", "Inactive", is("is_active", false)}, Choice{"locked", "Locked", is("locked", true)})
}

// lockedFieldset tells why somebody cannot sign in.
func lockedFieldset() Fieldset {
	return Fieldset{Title: "Locked after too many failed attempts", Fields: []Field{
		{Name: "locked", Label: "Sign-in", Kind: ShownField, Shown: Text("Only where the user has signed in lately, if at all.")},
		{Name: "unlocking", Label: "To unlock", Kind: ShownField, Shown: Text("Unlock the account, or set a new password if somebody else may be guessing.")},
	}}
}

// grantable returns all groups and permissions as options.
func (s *Site) grantable(ctx context.Context, by *auth.Principal, groupIDs, permissionIDs []int64) (groups, permissions []Option, err error) {
	all, err := s.accounts.Groups(ctx, by)
	if err != nil {
		return nil, nil, err
	}
	for _, group := range all {
		groups = append(groups, option(group.ID, group.Name, "", "", groupIDs))
	}
	permissions, err = s.permissionOptions(ctx, by, permissionIDs)
	return groups, permissions, err
}

func (s *Site) permissionOptions(ctx context.Context, by *auth.Principal, ids []int64) ([]Option, error) {
	all, err := s.accounts.Permissions(ctx, by)
	options := make([]Option, 0, len(all))
	for _, p := range all {
		options = append(options, option(p.ID, p.Label, p.Model.App+" · "+p.Model.Name, string(p.Name()), ids))
	}
	return options, err
}

func option(id int64, label, group, hint string, on []int64) Option {
	o := Option{Value: strconv.FormatInt(id, 10), Label: label, Group: group, Hint: hint}
	for _, each := range on {
		o.On = o.On || each == id
	}
	return o
}

func passwordChoice() Field {
	return Field{Name: "usable", Label: "Password sign-in", Kind: RadioField, Options: []Option{
		{Value: "yes", Label: "Set a password", On: true},
		{Value: "no", Label: "No password", Hint: "The user cannot sign in until a password is set."},
	}}
}

// chosenPassword returns the password that was typed, or nil for none.
func chosenPassword(form Form) (*string, error) {
	if form.Text("usable") == "no" {
		return nil, nil //nolint:nilnil // no password is a choice
	}
	password, err := newPassword(form, "password")
	return &password, err
}

func userForm(form Form) accounts.UserForm {
	return accounts.UserForm{
		Email: form.Text("email"), FirstName: form.Text("first_name"), LastName: form.Text("last_name"),
		IsActive: form.Flag("is_active"), IsStaff: form.Flag("is_staff"), IsSuperuser: form.Flag("is_superuser"),
		Groups: form.IDs("groups"), Permissions: form.IDs("permissions"),
	}
}

func (s *Site) addUser(ctx context.Context, by *auth.Principal, form Form) (string, error) {
	password, err := chosenPassword(form)
	if err != nil {
		return "", err
	}
	user, err := s.accounts.CreateUser(ctx, by, userForm(form), password)
	return strconv.FormatInt(user.ID, 10), err
}

func (s *Site) changeUser(ctx context.Context, by *auth.Principal, key, version string, form Form) error {
	id, err := idOf(key, "user")
	if err != nil {
		return err
	}
	_, err = s.accounts.UpdateUser(ctx, by, id, version, func(edited *accounts.UserForm) {
		was := *edited
		*edited = userForm(form)
		if !by.Rights.Include(auth.Everything()) {
			edited.IsSuperuser = was.IsSuperuser // the form shows it disabled, so it is not sent
		}
	})
	return err
}

func idsOf(accounts []auth.Account) []int64 {
	ids := make([]int64, 0, len(accounts))
	for _, a := range accounts {
		ids = append(ids, a.ID)
	}
	return ids
}

func (s *Site) userActions() []Action[auth.Account] {
	change := []auth.PermissionName{auth.UserModel.May(auth.Change)}
	return []Action[auth.Account]{
		{
			Name: "password", Label: "Set password", Needs: change, OnOne: true, Confirm: true,
			Explain: func(context.Context, *auth.Principal, []auth.Account) ([]string, error) {
				return []string{"The user is signed out everywhere and has to sign in with the new password. Share it with them securely."}, nil
			},
			Fields: func([]auth.Account) []Fieldset {
				return []Fieldset{{Fields: append([]Field{passwordChoice()}, s.passwordFields("password", "New password", false)...)}}
			},
			Run: func(ctx context.Context, by *auth.Principal, items []auth.Account, form Form) (string, error) {
				password, err := chosenPassword(form)
				if err != nil {
					return "", err
				}
				ended, err := s.accounts.SetPassword(ctx, by, items[0].ID, password)
				return "The password was changed. " + english.Plural(int(ended), "session", "") + " ended.", err
			},
		},
		{
			Name: "activate", Label: "Activate", Needs: change, OnSeveral: true,
			Explain: func(_ context.Context, _ *auth.Principal, items []auth.Account) ([]string, error) {
				return []string{whoseStateChanges(items, false) + " will be able to sign in again."}, nil
			},
			Run: func(ctx context.Context, by *auth.Principal, items []auth.Account, _ Form) (string, error) {
				changed, err := s.accounts.SetActive(ctx, by, idsOf(items), true)
				return english.Plural(changed, "user", "") + " activated.", err
			},
		},
		{
			Name: "deactivate", Label: "Deactivate", Needs: change, OnSeveral: true, Confirm: true,
			Explain: func(_ context.Context, _ *auth.Principal, items []auth.Account) ([]string, error) {
				return []string{whoseStateChanges(items, true) + " will be signed out everywhere and unable to sign in. No data is deleted."}, nil
			},
			Run: func(ctx context.Context, by *auth.Principal, items []auth.Account, _ Form) (string, error) {
				changed, err := s.accounts.SetActive(ctx, by, idsOf(items), false)
				return english.Plural(changed, "user", "") + " deactivated.", err
			},
		},
		{
			Name: "unlock", Label: "Unlock", Needs: change, OnOne: true, OnSeveral: true, Offer: func(a auth.Account) bool { return a.Locked },
			Explain: func(_ context.Context, _ *auth.Principal, items []auth.Account) ([]string, error) {
				return []string{
					english.PluralWord(len(items), "The user", "The users") + " can sign in again from everywhere, with the same password.",
					"Too many wrong passwords were entered. If they were not the user’s own mistakes, somebody may be guessing: set a new password instead, which unlocks the account too.",
				}, nil
			},
			Run: func(ctx context.Context, by *auth.Principal, items []auth.Account, _ Form) (string, error) {
				unlocked, err := s.accounts.Unlock(ctx, by, idsOf(items))
				return english.Plural(unlocked, "user", "") + " unlocked.", err
			},
		},
		{
			Name: "end-sessions", Label: "Sign out everywhere", Needs: []auth.PermissionName{auth.SessionModel.May(auth.Delete)}, OnOne: true, OnSeveral: true, Confirm: true,
			Explain: func(_ context.Context, _ *auth.Principal, items []auth.Account) ([]string, error) {
				return []string{english.PluralWord(len(items), "The user is", "The users are") + " signed out on every device and can sign in again. Your current session stays."}, nil
			},
			Run: func(ctx context.Context, by *auth.Principal, items []auth.Account, _ Form) (string, error) {
				ended, err := s.accounts.EndSessions(ctx, by, idsOf(items))
				return english.Plural(int(ended), "session", "") + " ended.", err
			},
		},
		{
			Name: "delete", Label: "Delete", Needs: []auth.PermissionName{auth.UserModel.May(auth.Delete)}, OnOne: true, OnSeveral: true, Confirm: true, Destructive: true,
			Explain: s.explainDeletion,
			Run: func(ctx context.Context, by *auth.Principal, items []auth.Account, _ Form) (string, error) {
				return english.Plural(len(items), "user", "") + " deleted.", s.accounts.DeleteUsers(ctx, by, idsOf(items))
			},
		},
	}
}

// whoseStateChanges returns how many users an action would activate or deactivate, in
// words.
func whoseStateChanges(items []auth.Account, active bool) string {
	count := 0
	for _, a := range items {
		if a.IsActive == active {
			count++
		}
	}
	return english.Plural(count, "user", "")
}

func (s *Site) explainDeletion(ctx context.Context, by *auth.Principal, items []auth.Account) ([]string, error) {
	related, err := s.accounts.RelatedRows(ctx, by, idsOf(items))
	if err != nil {
		return nil, err
	}
	var with []string
	for _, each := range related {
		if each.Count > 0 {
			with = append(with, fmt.Sprintf("%s (%s)", each.Name, comma(each.Count)))
		}
	}
	lines := []string{"This cannot be undone. What the audit log has recorded stays there."}
	if len(with) > 0 {
		lines = append(lines, "Also deleted: "+strings.Join(with, ", ")+".")
	}
	return append(lines, "To block a user and keep their data, deactivate them instead."), nil
}

// shownSessions is how many of a user's sessions their page shows.
const shownSessions = 10

func (s *Site) userPanels(ctx context.Context, by *auth.Principal, a auth.Account) ([]Panel, error) {
	if !by.Rights.Any(auth.SessionModel, auth.View) {
		return nil, nil
	}
	now := auth.Now(s.clock)
	found, err := s.accounts.ListSessions(ctx, by, auth.ListParams{
		Filters: []auth.Filter{auth.Equal("user", a.ID), auth.Equal("open", now)},
		Sort:    "renewed_at", Descending: true, Size: shownSessions,
	})
	if err != nil {
		return nil, err
	}
	panel := Panel{
		Title: "Sessions", Empty: "No active sessions.",
		Labels: []string{"Browser", "IP address", "Signed in", "Last renewed"},
		Links:  []Link{{Label: "View all sessions", Path: sessionsOf(a.Email)}},
	}
	for _, session := range found.Items {
		row := PanelRow{Cells: []Cell{
			{Text: session.Device(), Link: Prefix + "sessions/" + session.ID + "/"}, Text(session.Address), At(&session.CreatedAt), At(&session.RenewedAt),
		}}
		if by.Rights.Has(auth.SessionModel.May(auth.Delete)) {
			row.Links = []Link{{Label: "End session", Path: Prefix + "sessions/" + session.ID + "/end/", Destructive: true}}
		}
		panel.Rows = append(panel.Rows, row)
	}
	return []Panel{panel}, nil
}
