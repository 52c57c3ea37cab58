package auth

import (
	"context"
	"slices"
	"strings"
)

// The rules that hold at every door, whoever comes in by it:
//
//   - there is always an active superuser, once there was one ([keepSuperuser]);
//   - nobody grants what they may not do themselves, and so nobody raises their own
//     rights, nor those of a second account of theirs ([checkGrant]);
//   - nobody touches an account that may do what they may not: setting its password
//     would be a way to its rights ([mayTouch]). So who is no superuser touches none.

// mayTouch gives an error with CodeForbidden when the account may do what the
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
	if changesRights || was.IsActive && !is.IsActive {
		return by.mustConfirm()
	}
	return nil
}

// keepSuperuser refuses to take away the last active superuser.
func keepSuperuser(ctx context.Context, tx Changes, was, is Account) error {
	if !was.IsSuperuser || !was.IsActive || is.IsSuperuser && is.IsActive {
		return nil
	}
	others, err := tx.CountActiveSuperusers(ctx, []int64{was.ID})
	if err != nil || others > 0 {
		return err
	}
	field := "is_superuser"
	if is.IsSuperuser {
		field = "is_active"
	}
	refusal := Invalid(FieldError{field, "This is the last active superuser. Make another one first."})
	refusal.Detail = was.Email + " is the last active superuser. Make another one first."
	return refusal
}

// added gives the ids that after has and before has not.
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
	permissions map[int64]GrantedPermission
}

func readNames(ctx context.Context, tx Changes) (names, error) {
	found := names{groups: map[int64]Group{}, permissions: map[int64]GrantedPermission{}}
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
	held := make([]Permission, 0, len(group.Permissions))
	for _, id := range group.Permissions {
		held = append(held, n.permissions[id].Permission())
	}
	return Holding(held...)
}

// checkPermissions gives what is wrong with granting these, or "".
func (n names) checkPermissions(by Actor, ids []int64) string {
	for _, id := range ids {
		permission, known := n.permissions[id]
		switch {
		case !known:
			return "One of these permissions is no longer there."
		case !by.Rights.Has(permission.Permission()):
			return "You cannot grant " + string(permission.Permission()) + ", which you do not have yourself."
		}
	}
	return ""
}

func (n names) differences(was, is Account) []FieldChange {
	return differences(was.values(n.groups, n.permissions), is.values(n.groups, n.permissions))
}

// values are an account's in words. A password is not among them.
func (a Account) values(groups map[int64]Group, permissions map[int64]GrantedPermission) []FieldValue {
	return []FieldValue{
		{"email", a.Email}, {"first_name", a.FirstName}, {"last_name", a.LastName},
		{"is_active", yesNo(a.IsActive)}, {"is_staff", yesNo(a.IsStaff)}, {"is_superuser", yesNo(a.IsSuperuser)},
		{"groups", listed(a.Groups, func(id int64) string { return groups[id].Name })},
		{"permissions", listed(a.Permissions, func(id int64) string { return string(permissions[id].Permission()) })},
	}
}

func listed(ids []int64, name func(id int64) string) string {
	all := make([]string, 0, len(ids))
	for _, id := range ids {
		all = append(all, name(id))
	}
	return strings.Join(all, ", ")
}
