package admin

import (
	"context"
	"strconv"

	"github.com/dustin/go-humanize/english"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
)

func (s *Site) groups() Model[auth.Group] {
	return Model[auth.Group]{
		Name: "groups", Label: "Groups", One: "group", Many: "groups", Permissions: auth.GroupModel, History: auth.TargetGroup,
		Key:   func(g auth.Group) string { return strconv.FormatInt(g.ID, 10) },
		Title: func(g auth.Group) string { return g.Name },
		Columns: []Column[auth.Group]{
			{"name", "Name", true, func(g auth.Group) Cell { return Text(g.Name) }},
			{"members", "Members", true, func(g auth.Group) Cell {
				return Cell{Text: comma(g.Members), Link: Prefix + "users/?group=" + strconv.FormatInt(g.ID, 10)}
			}},
		},
		Sort: "name", Search: "Search by name",
		List: s.accounts.ListGroups,
		Get:  s.getGroup,
		Fields: func(ctx context.Context, by *auth.Principal, g *auth.Group) ([]Fieldset, error) {
			if g == nil {
				g = &auth.Group{}
			}
			permissions, err := s.permissionOptions(ctx, by, g.Permissions)
			return []Fieldset{{Fields: []Field{
				{Name: "name", Label: "Name", Kind: TextField, Value: g.Name, Required: true, MaxLength: auth.MaxNameLength, Autocomplete: "off"},
				{Name: "permissions", Label: "Permissions", Kind: PickField, Options: permissions, Help: "What members can do on this admin site and in Django’s."},
			}}}, err
		},
		Add: func(ctx context.Context, by *auth.Principal, form Form) (string, error) {
			group, err := s.accounts.CreateGroup(ctx, by, groupForm(form))
			return strconv.FormatInt(group.ID, 10), err
		},
		Change: func(ctx context.Context, by *auth.Principal, key, version string, form Form) error {
			id, err := idOf(key, "group")
			if err == nil {
				_, err = s.accounts.UpdateGroup(ctx, by, id, version, groupForm(form))
			}
			return err
		},
		Version: func(g auth.Group) string { return accounts.GroupFormOf(g).Version() },
		Actions: []Action[auth.Group]{{
			Name: "delete", Label: "Delete", Needs: []auth.PermissionName{auth.GroupModel.May(auth.Delete)}, OnOne: true, OnSeveral: true, Confirm: true, Destructive: true,
			Explain: func(context.Context, *auth.Principal, []auth.Group) ([]string, error) {
				return []string{"Members keep their accounts, and lose the permissions that they have only through a deleted group. This cannot be undone."}, nil
			},
			Run: func(ctx context.Context, by *auth.Principal, items []auth.Group, _ Form) (string, error) {
				ids := make([]int64, 0, len(items))
				for _, group := range items {
					ids = append(ids, group.ID)
				}
				return english.Plural(len(items), "group", "") + " deleted.", s.accounts.DeleteGroups(ctx, by, ids)
			},
		}},
	}
}

func (s *Site) getGroup(ctx context.Context, by *auth.Principal, key string) (auth.Group, error) {
	id, err := idOf(key, "group")
	if err != nil {
		return auth.Group{}, err
	}
	return s.accounts.Group(ctx, by, id)
}

func groupForm(form Form) accounts.GroupForm {
	return accounts.GroupForm{Name: form.Text("name"), Permissions: form.IDs("permissions")}
}
