package auth

import (
	"context"
	"slices"
	"strings"
	"time"
)

// The rules that hold at every channel, whoever comes in by it:
//
//   - there is always an active superuser who can sign in, once there was one
//     ([keepSuperuser]);
//   - nobody grants what they may not do themselves, and so nobody raises their own
//     rights, nor those of a second account of theirs ([checkGrant]);
//   - nobody touches an account that may do what they may not: setting its password
//     would be a way to its rights ([mayTouch]). So who is no superuser touches none.
//     Nor a group whose members may do what they may not: taking that away from them
//     would be the way to touch them ([mayTouchGroup]);
//   - what counts is what the actor may do when the change is made, and not when the
//     request began ([Service.change]).

// change runs f in one transaction, if its actor is still who they were when the
// request began. A request may wait long for its turn, to hash a password or to
// change something: whoever is signed out, deactivated or demoted meanwhile must not
// get through what they sent before.
func (s *Service) change(ctx context.Context, by Actor, f func(ctx context.Context, tx Changes) error) error {
	return s.store.Change(ctx, func(ctx context.Context, tx Changes) error {
		if err := stillMay(ctx, tx, by, s.now()); err != nil {
			return err
		}
		return f(ctx, tx)
	})
}

// stillMay returns an error when the actor's session is over, or they have lost rights.
func stillMay(ctx context.Context, tx Changes, by Actor, now time.Time) error {
	if by.sessionID == "" {
		return nil // nobody who is signed in at the admin site
	}
	session, user, err := tx.SessionByID(ctx, by.sessionID)
	if err != nil {
		return staffGone(err)
	}
	if err := checkStaff(session, user, now); err != nil {
		return signedOut(err)
	}
	rights, err := rightsOf(ctx, tx, user)
	if err != nil {
		return err
	}
	if !rights.Include(by.Rights) {
		return Forbidden("Your permissions were changed just now. Nothing was saved.")
	}
	return nil
}

// mayTouch returns an error with CodeForbidden when the account may do what the
// actor may not.
func mayTouch(ctx context.Context, tx Changes, by Actor, account Account) error {
	if by.UserID == account.ID {
		return nil
	}
	if account.IsSuperuser && !by.Rights.Include(Everything()) {
		return Forbidden("Only a superuser may do this to a superuser.")
	}
	theirs, err := tx.RightsOf(ctx, account.ID)
	if err != nil {
		return err
	}
	if !by.Rights.Include(Holding(theirs...)) {
		return Forbidden("This account may do what you may not, so it is not yours to change.")
	}
	return nil
}

// mayTouchGroup returns an error with CodeForbidden when a group's members may do by it
// what the actor may not.
func mayTouchGroup(by Actor, group Group, names names) error {
	if by.Rights.Include(names.rightsOf(group)) {
		return nil
	}
	return Forbidden("Members of “" + group.Name + "” may do what you may not, so this group is not yours to change.")
}

// checkGrant holds what an account is to become against the actor's own rights.
func checkGrant(by Actor, was, is Account, names names) error {
	changesRights := was.IsStaff != is.IsStaff || was.IsSuperuser != is.IsSuperuser ||
		!slices.Equal(was.Groups, is.Groups) || !slices.Equal(was.Permissions, is.Permissions)
	var faults faults
	if is.IsSuperuser && !was.IsSuperuser && !by.Rights.Include(Everything()) {
		faults.add("is_superuser", "Only a superuser can make a superuser.")
	}
	for _, id := range added(was.Groups, is.Groups) {
		group, known := names.groups[id]
		switch {
		case !known:
			faults.add("groups", "One of these groups is no longer there.")
		case !by.Rights.Include(names.rightsOf(group)):
			faults.add("groups", "Members of “"+group.Name+"” may do what you may not.")
		}
	}
	faults.add("permissions", names.checkPermissions(by, added(was.Permissions, is.Permissions)))
	if err := faults.err(); err != nil {
		return err
	}
	// A Django beside us may send a new password to the new address.
	changesAddress := was.ID != 0 && was.Email != is.Email
	if changesRights || changesAddress || was.IsActive && !is.IsActive {
		return by.mustConfirm()
	}
	return nil
}

// keepSuperuser refuses to take away the last active superuser, or to keep them out of
// the admin site: one without a password, or who is no member of staff, helps nobody.
func keepSuperuser(ctx context.Context, tx Changes, was, is Account) error {
	if !was.IsSuperuser || !was.IsActive || is.IsSuperuser && is.IsActive && (is.IsStaff || !was.IsStaff) {
		return nil
	}
	others, err := tx.CountActiveSuperusers(ctx, []int64{was.ID})
	if err != nil || others > 0 {
		return err
	}
	field := "is_superuser"
	switch {
	case is.IsSuperuser && !is.IsActive:
		field = "is_active"
	case is.IsSuperuser:
		field = "is_staff"
	}
	refusal := Invalid(FieldError{field, "This is the last active superuser. Make another one first."})
	refusal.Detail = was.Email + " is the last active superuser. Make another one first."
	return refusal
}

// added returns the ids that after has and before has not.
func added(before, after []int64) []int64 {
	var ids []int64
	for _, id := range after {
		if !slices.Contains(before, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// names are what ids of groups and permissions stand for.
type names struct {
	groups      map[int64]Group
	permissions map[int64]Permission
}

func readNames(ctx context.Context, tx Changes) (names, error) {
	found := names{groups: map[int64]Group{}, permissions: map[int64]Permission{}}
	groups, err := tx.Groups(ctx)
	if err != nil {
		return found, err
	}
	permissions, err := tx.Permissions(ctx)
	if err != nil {
		return found, err
	}
	for _, group := range groups {
		found.groups[group.ID] = group
	}
	for _, permission := range permissions {
		found.permissions[permission.ID] = permission
	}
	return found, nil
}

func (n names) rightsOf(group Group) Rights {
	held := make([]PermissionName, 0, len(group.Permissions))
	for _, id := range group.Permissions {
		held = append(held, n.permissions[id].Name())
	}
	return Holding(held...)
}

// checkPermissions returns what is wrong with granting these, or "".
func (n names) checkPermissions(by Actor, ids []int64) string {
	for _, id := range ids {
		permission, known := n.permissions[id]
		switch {
		case !known:
			return "One of these permissions is no longer there."
		case !by.Rights.Has(permission.Name()):
			return "You cannot grant " + string(permission.Name()) + ", which you do not have yourself."
		}
	}
	return ""
}

func (n names) differences(was, is Account) []FieldChange {
	return differences(was.values(n.groups, n.permissions), is.values(n.groups, n.permissions))
}

// values are an account's in words. A password is not among them.
func (a Account) values(groups map[int64]Group, permissions map[int64]Permission) []FieldValue {
	return []FieldValue{
		{"email", a.Email}, {"first_name", a.FirstName}, {"last_name", a.LastName},
		{"is_active", yesNo(a.IsActive)}, {"is_staff", yesNo(a.IsStaff)}, {"is_superuser", yesNo(a.IsSuperuser)},
		{"groups", listed(a.Groups, func(id int64) string { return groups[id].Name })},
		{"permissions", listed(a.Permissions, func(id int64) string { return string(permissions[id].Name()) })},
	}
}

func listed(ids []int64, name func(id int64) string) string {
	all := make([]string, 0, len(ids))
	for _, id := range ids {
		all = append(all, name(id))
	}
	return strings.Join(all, ", ")
}
