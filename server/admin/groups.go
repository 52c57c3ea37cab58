package admin

import (
	"context"
	"errors"
	"strconv"

	"github.com/dustin/go-humanize/english"

	"github.com/latchkey-auth/latchkey/server/auth"
)

func (s *Site) groups() Model[auth.Group] {
	return Model[auth.Group]{
		Name: "groups", Label: "Groups", One: "group", Many: "groups", Permissions: auth.GroupModel, History: auth.KindGroup,
		Key:   func(g auth.Group) string { return strconv.FormatInt(g.ID, 10) },
		Title: func(g auth.Group) string { return g.Name },
		Columns: []Column[auth.Group]{
			{"name", "Name", true, func(g auth.Group) Cell { return Text(g.Name) }},
			{"members", "Members", true, func(g auth.Group) Cell {
				return Cell{Text: comma(g.Members), Link: Prefix + "users/?group=" + strconv.FormatInt(g.ID, 10)}
			}},
		},
		Sort: "name", Search: "Search by name",
		List: s.reader.ListGroups,
		Get:  s.getGroup,
		Fields: func(ctx context.Context, _ *auth.Staff, g *auth.Group) ([]Fieldset, error) {
			if g == nil {
				g = &auth.Group{}
			}
			permissions, err := s.permissionOptions(ctx, g.Permissions)
			return []Fieldset{{Fields: []Field{
				{Name: "name", Label: "Name", Kind: TextField, Value: g.Name, Required: true, MaxLength: auth.MaxNameLength, Autocomplete: "off"},
				{Name: "permissions", Label: "Permissions", Kind: PickField, Options: permissions, Help: "What members can do on this admin site and in Django’s."},
			}}}, err
		},
		Add: func(ctx context.Context, by auth.Actor, form Form) (string, error) {
			group, err := s.auth.AddGroup(ctx, by, groupForm(form))
			return strconv.FormatInt(group.ID, 10), err
		},
		Change: func(ctx context.Context, by auth.Actor, key, version string, form Form) error {
			id, err := idOf(key, "group")
			if err == nil {
				_, err = s.auth.EditGroup(ctx, by, id, version, groupForm(form))
			}
			return err
		},
		Version: func(g auth.Group) string { return g.Form().Version() },
		Actions: []Action[auth.Group]{{
			Name: "delete", Label: "Delete", Needs: []auth.PermissionName{auth.GroupModel.May(auth.Delete)}, OnOne: true, OnSeveral: true, Confirm: true, Destructive: true,
			Explain: func(context.Context, []auth.Group) ([]string, error) {
				return []string{"Members keep their accounts, and lose the permissions that they have only through a deleted group. This cannot be undone."}, nil
			},
			Run: func(ctx context.Context, _ *auth.Staff, by auth.Actor, items []auth.Group, _ Form) (string, error) {
				ids := make([]int64, 0, len(items))
				for _, group := range items {
					ids = append(ids, group.ID)
				}
				return english.Plural(len(items), "group", "") + " deleted.", s.auth.DeleteGroups(ctx, by, ids)
			},
		}},
	}
}

func (s *Site) getGroup(ctx context.Context, key string) (auth.Group, error) {
	id, err := idOf(key, "group")
	if err != nil {
		return auth.Group{}, err
	}
	group, err := s.reader.Group(ctx, id)
	if errors.Is(err, auth.ErrNoRow) {
		return group, doesNotExist("group")
	}
	return group, err
}

func groupForm(form Form) auth.GroupForm {
	return auth.GroupForm{Name: form.Text("name"), Permissions: form.IDs("permissions")}
}
