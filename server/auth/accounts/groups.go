package accounts

import (
	"context"
	"errors"
	"slices"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// ListGroups returns a page of the groups, for who may view them.
func (s *Service) ListGroups(ctx context.Context, by *auth.Principal, params auth.ListParams) (auth.Page[auth.Group], error) {
	if err := s.require(ctx, by, auth.GroupModel, auth.View); err != nil {
		return auth.Page[auth.Group]{}, err
	}
	return s.groups.ListGroups(ctx, params)
}

// Group returns one group, for who may view, change or delete groups.
func (s *Service) Group(ctx context.Context, by *auth.Principal, id int64) (auth.Group, error) {
	if err := s.require(ctx, by, auth.GroupModel, auth.View, auth.Delete); err != nil {
		return auth.Group{}, err
	}
	group, err := s.groups.Group(ctx, id)
	return group, noSuchGroup(err)
}

// Groups lists all groups by name, and Permissions all that can be permitted, in Django's
// order: what an account or a group can be given. They are for who may see or add either.
func (s *Service) Groups(ctx context.Context, by *auth.Principal) ([]auth.Group, error) {
	if err := s.requireEither(ctx, by); err != nil {
		return nil, err
	}
	return s.groups.Groups(ctx)
}

// Permissions is described at [Service.Groups].
func (s *Service) Permissions(ctx context.Context, by *auth.Principal) ([]auth.Permission, error) {
	if err := s.requireEither(ctx, by); err != nil {
		return nil, err
	}
	return s.groups.Permissions(ctx)
}

func (s *Service) requireEither(ctx context.Context, by *auth.Principal) error {
	err := s.require(ctx, by, auth.UserModel, auth.View, auth.Add)
	if auth.ErrorCode(err) == auth.CodeForbidden {
		return s.require(ctx, by, auth.GroupModel, auth.View, auth.Add)
	}
	return err
}

// CreateGroup makes a group.
func (s *Service) CreateGroup(ctx context.Context, by *auth.Principal, form GroupForm) (auth.Group, error) {
	if err := s.require(ctx, by, auth.GroupModel, auth.Add); err != nil {
		return auth.Group{}, err
	}
	return s.saveGroup(ctx, by, 0, "", form.tidy())
}

// UpdateGroup makes of a group what the form says; version is that of the form which
// the principal has seen.
func (s *Service) UpdateGroup(ctx context.Context, by *auth.Principal, id int64, version string, form GroupForm) (auth.Group, error) {
	if err := s.require(ctx, by, auth.GroupModel, auth.Change); err != nil {
		return auth.Group{}, err
	}
	return s.saveGroup(ctx, by, id, version, form.tidy())
}

func (s *Service) saveGroup(ctx context.Context, by *auth.Principal, id int64, version string, form GroupForm) (auth.Group, error) {
	if err := form.check(); err != nil {
		return auth.Group{}, err
	}
	now := auth.Now(s.clock)
	group := auth.Group{ID: id, Name: form.Name, Permissions: form.Permissions}
	err := s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		group.ID = id
		was, action := auth.Group{}, auth.ActionCreated
		names, err := readNames(ctx, tx)
		if err != nil {
			return err
		}
		if id != 0 {
			if was, err = tx.Groups.Group(ctx, id); err != nil {
				return noSuchGroup(err)
			}
			if form.Version() == GroupFormOf(was).Version() {
				return nil
			}
			if version != GroupFormOf(was).Version() {
				return changedMeanwhile(ctx, tx, auth.TargetGroup, id, names.groupDifferences(was, group))
			}
			action = auth.ActionChanged
		}
		if err := mayTouchGroup(by, was, names); err != nil {
			return err
		}
		var faults auth.Faults
		faults.Add("permissions", names.checkPermissions(by, added(was.Permissions, group.Permissions)))
		if err := faults.Err(); err != nil {
			return err
		}
		if !slices.Equal(was.Permissions, group.Permissions) {
			if err := by.RequireConfirmed(now); err != nil {
				return err
			}
		}
		if err := tx.Groups.SaveGroup(ctx, &group); err != nil {
			return err
		}
		tx.Events.Record(by.Event(now, action).OnGroup(group).With(names.groupDifferences(was, group)...))
		return nil
	})
	if errors.Is(err, auth.ErrTaken) {
		return auth.Group{}, auth.Invalid(auth.FieldError{Field: "name", Message: "A group with this name already exists."})
	}
	return group, err
}

// DeleteGroups deletes groups, all of them or none; their members stay.
func (s *Service) DeleteGroups(ctx context.Context, by *auth.Principal, ids []int64) error {
	if err := s.require(ctx, by, auth.GroupModel, auth.Delete); err != nil {
		return err
	}
	now := auth.Now(s.clock)
	if err := by.RequireConfirmed(now); err != nil {
		return err
	}
	return s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		names, err := readNames(ctx, tx)
		if err != nil {
			return err
		}
		for _, id := range inOrder(ids) {
			was, err := tx.Groups.Group(ctx, id)
			if err != nil {
				return noSuchGroup(err)
			}
			if err := mayTouchGroup(by, was, names); err != nil {
				return err
			}
			if err := tx.Groups.DeleteGroup(ctx, id); err != nil {
				return err
			}
			tx.Events.Record(by.Event(now, auth.ActionDeleted).OnGroup(was).With(names.groupDifferences(was, auth.Group{})...))
		}
		return nil
	})
}

func noSuchGroup(err error) error {
	if errors.Is(err, auth.ErrNoRow) {
		return auth.NotFound("This group does not exist, or was deleted.")
	}
	return err
}
