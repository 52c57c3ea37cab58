package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// GroupForm is what can be edited of a group.
type GroupForm struct {
	Name        string
	Permissions []int64
}

// Form returns what can be edited of the group, as it is.
func (g Group) Form() GroupForm { return GroupForm{Name: g.Name, Permissions: g.Permissions} }

// Version tells two states of a form apart.
func (f GroupForm) Version() string { return versionOf(f.tidy()) }

func (f GroupForm) tidy() GroupForm {
	return GroupForm{Name: strings.TrimSpace(f.Name), Permissions: inOrder(f.Permissions)}
}

func (f GroupForm) check() error {
	var faults faults
	faults.add("name", checkText(f.Name))
	if f.Name == "" {
		faults.add("name", "This is required.")
	}
	return faults.err()
}

// AddGroup makes a group.
func (s *Service) AddGroup(ctx context.Context, by Actor, form GroupForm) (Group, error) {
	if err := by.must(GroupModel, Add); err != nil {
		return Group{}, err
	}
	return s.saveGroup(ctx, by, 0, "", form.tidy())
}

// EditGroup makes of a group what the form says; version is that of the form which
// the actor has seen.
func (s *Service) EditGroup(ctx context.Context, by Actor, id int64, version string, form GroupForm) (Group, error) {
	if err := by.must(GroupModel, Change); err != nil {
		return Group{}, err
	}
	return s.saveGroup(ctx, by, id, version, form.tidy())
}

func (s *Service) saveGroup(ctx context.Context, by Actor, id int64, version string, form GroupForm) (Group, error) {
	if err := form.check(); err != nil {
		return Group{}, err
	}
	now := s.now()
	group := Group{ID: id, Name: form.Name, Permissions: form.Permissions}
	err := s.change(ctx, by, func(ctx context.Context, tx Changes) error {
		group.ID = id
		was, action := Group{}, ActionAdded
		names, err := readNames(ctx, tx)
		if err != nil {
			return err
		}
		if id != 0 {
			if was, err = tx.Group(ctx, id); err != nil {
				return noSuchGroup(err)
			}
			if form.Version() == was.Form().Version() {
				return nil
			}
			if version != was.Form().Version() {
				return changedMeanwhile(ctx, tx, KindGroup, id, differences(was.values(names), group.values(names)))
			}
			action = ActionChanged
		}
		if err := mayTouchGroup(by, was, names); err != nil {
			return err
		}
		if err := checkGroupGrant(by, was, group, names); err != nil {
			return err
		}
		if err := tx.SaveGroup(ctx, &group); err != nil {
			return err
		}
		tx.Record(by.event(now, action).onGroup(group).with(differences(was.values(names), group.values(names))...))
		return nil
	})
	if errors.Is(err, ErrTaken) {
		return Group{}, Invalid(FieldError{"name", "There is a group with this name already."})
	}
	return group, err
}

func checkGroupGrant(by Actor, was, is Group, names names) error {
	var faults faults
	faults.add("permissions", names.checkPermissions(by, added(was.Permissions, is.Permissions)))
	if err := faults.err(); err != nil {
		return err
	}
	if !slices.Equal(was.Permissions, is.Permissions) {
		return by.mustConfirm()
	}
	return nil
}

// DeleteGroups deletes groups, all of them or none; their members stay.
func (s *Service) DeleteGroups(ctx context.Context, by Actor, ids []int64) error {
	if err := by.must(GroupModel, Delete); err != nil {
		return err
	}
	if err := by.mustConfirm(); err != nil {
		return err
	}
	now := s.now()
	return s.change(ctx, by, func(ctx context.Context, tx Changes) error {
		names, err := readNames(ctx, tx)
		if err != nil {
			return err
		}
		for _, id := range inOrder(ids) {
			was, err := tx.Group(ctx, id)
			if err != nil {
				return noSuchGroup(err)
			}
			if err := mayTouchGroup(by, was, names); err != nil {
				return err
			}
			if err := tx.DeleteGroup(ctx, id); err != nil {
				return err
			}
			tx.Record(by.event(now, ActionDeleted).onGroup(was).with(differences(was.values(names), Group{}.values(names))...))
		}
		return nil
	})
}

func (g Group) values(names names) []FieldValue {
	return []FieldValue{
		{"name", g.Name},
		{"permissions", listed(g.Permissions, func(id int64) string { return string(names.permissions[id].Name()) })},
	}
}

func noSuchGroup(err error) error {
	if errors.Is(err, ErrNoRow) {
		return NotFound("There is no such group, or no longer.")
	}
	return err
}
