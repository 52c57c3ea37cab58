package accounts

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// The rules that hold on every channel, whoever comes by it:
//
//   - there is always a superuser who can sign in to the admin site, once there was one
//     ([Service.keepSuperuser]);
//   - nobody grants what they may not do themselves, and so nobody raises their own
//     rights, nor those of a second account of theirs ([checkGrant]);
//   - nobody touches an account that may do what they may not: setting its password
//     would be a way to its rights ([mayTouch]). So who is no superuser touches none.
//     Nor a group whose members may do what they may not: taking that away from them
//     would be the way to touch them ([mayTouchGroup]);
//   - what counts is what the principal may do when the change is made, and not when the
//     request began ([Service.recheck]).

// recheck returns the principal as they are in a transaction, or an error when their
// session is over or they have lost rights. It is the same check on every channel; who is
// in no session (the command line, a job, a one-time link) stays who they are.
func (s *Service) recheck(ctx context.Context, tx Tx, by *auth.Principal) (*auth.Principal, error) {
	if !by.NeedsSession() {
		return by, nil
	}
	session, user, err := tx.Sessions.SessionByID(ctx, by.Session.ID)
	if errors.Is(err, auth.ErrNoRow) {
		return nil, auth.InvalidToken(err)
	}
	if err != nil {
		return nil, err
	}
	if err := session.Check(user, by.Channel, auth.Now(s.clock)); err != nil {
		return nil, auth.InvalidToken(err)
	}
	rights, err := auth.RightsOf(ctx, tx.Users, user)
	if err != nil {
		return nil, err
	}
	if !rights.Include(by.Rights) {
		return nil, auth.Forbidden("Your permissions have just been changed. Nothing was saved.")
	}
	now := *by
	now.Session, now.User, now.Rights = session, user, rights
	return &now, nil
}

// mayTouch returns an error with CodeForbidden when the account may do what the
// principal may not.
func mayTouch(ctx context.Context, tx Tx, by *auth.Principal, account auth.Account) error {
	if by.User.ID == account.ID || by.Rights.Include(auth.Everything()) {
		return nil
	}
	if account.IsSuperuser {
		return auth.Forbidden("Only a superuser can change a superuser.")
	}
	theirs, err := tx.Users.PermissionsOf(ctx, account.ID)
	if err != nil {
		return err
	}
	if !by.Rights.Include(auth.Holding(theirs...)) {
		return auth.Forbidden("This account has permissions that you do not have, so you cannot change it.")
	}
	return nil
}

// mayTouchGroup returns an error with CodeForbidden when a group's members may do by it
// what the principal may not.
func mayTouchGroup(by *auth.Principal, group auth.Group, names names) error {
	if by.Rights.Include(names.rightsOf(group)) {
		return nil
	}
	return auth.Forbidden("Members of “" + group.Name + "” have permissions that you do not have, so you cannot change this group.")
}

// checkGrant holds what an account is to become against the principal's own rights.
func checkGrant(by *auth.Principal, was, is auth.Account, names names, now time.Time) error {
	changesRights := was.IsStaff != is.IsStaff || was.IsSuperuser != is.IsSuperuser ||
		!slices.Equal(was.Groups, is.Groups) || !slices.Equal(was.Permissions, is.Permissions)
	var faults auth.Faults
	if is.IsSuperuser && !was.IsSuperuser && !by.Rights.Include(auth.Everything()) {
		faults.Add("is_superuser", "Only a superuser can make a superuser.")
	}
	for _, id := range added(was.Groups, is.Groups) {
		group, known := names.groups[id]
		switch {
		case !known:
			faults.Add("groups", "One of these groups no longer exists.")
		case !by.Rights.Include(names.rightsOf(group)):
			faults.Add("groups", "Members of “"+group.Name+"” have permissions that you do not have.")
		}
	}
	faults.Add("permissions", names.checkPermissions(by, added(was.Permissions, is.Permissions)))
	if err := faults.Err(); err != nil {
		return err
	}
	// A Django beside us may send a new password to the new address.
	changesAddress := was.ID != 0 && was.Email != is.Email
	if changesRights || changesAddress || was.IsActive && !is.IsActive {
		return by.RequireConfirmed(now)
	}
	return nil
}

// keepSuperuser refuses to take away the last superuser who can sign in to the admin site:
// an inactive one, or one without a way to sign in, helps nobody.
func (s *Service) keepSuperuser(ctx context.Context, tx Tx, was, is auth.Account) error {
	if !was.IsSuperuser || !was.IsActive {
		return nil
	}
	couldSignIn := was.CanSignIn(auth.ChannelAdmin, s.passwords)
	if is.IsSuperuser && is.IsActive && (is.CanSignIn(auth.ChannelAdmin, s.passwords) || !couldSignIn) {
		return nil
	}
	another := false
	err := tx.Users.EachSuperuser(ctx, func(u auth.User) (goOn bool) {
		another = u.ID != was.ID && u.CanSignIn(auth.ChannelAdmin, s.passwords)
		return !another
	})
	if err != nil || another {
		return err
	}
	field := "password"
	switch {
	case !is.IsSuperuser:
		field = "is_superuser"
	case !is.IsActive:
		field = "is_active"
	case !is.IsStaff:
		field = "is_staff"
	}
	refusal := auth.Invalid(auth.FieldError{Field: field, Message: "This is the last active superuser. Create another one first."})
	refusal.Detail = was.Email + " is the last active superuser. Create another one first."
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
	groups      map[int64]auth.Group
	permissions map[int64]auth.Permission
}

func readNames(ctx context.Context, tx Tx) (names, error) {
	found := names{groups: map[int64]auth.Group{}, permissions: map[int64]auth.Permission{}}
	groups, err := tx.Groups.Groups(ctx)
	if err != nil {
		return found, err
	}
	permissions, err := tx.Groups.Permissions(ctx)
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

func (n names) rightsOf(group auth.Group) auth.Rights {
	held := make([]auth.PermissionName, 0, len(group.Permissions))
	for _, id := range group.Permissions {
		held = append(held, n.permissions[id].Name())
	}
	return auth.Holding(held...)
}

// checkPermissions returns what is wrong with granting these, or "".
func (n names) checkPermissions(by *auth.Principal, ids []int64) string {
	for _, id := range ids {
		permission, known := n.permissions[id]
		switch {
		case !known:
			return "One of these permissions no longer exists."
		case !by.Rights.Has(permission.Name()):
			return "You cannot grant " + string(permission.Name()) + ", which you do not have yourself."
		}
	}
	return ""
}

// namesIn reads the names that telling an account from what it was takes: none, where
// neither groups nor permissions differ.
func namesIn(ctx context.Context, tx Tx, was, is auth.Account) (names, error) {
	if slices.Equal(was.Groups, is.Groups) && slices.Equal(was.Permissions, is.Permissions) {
		return names{}, nil
	}
	return readNames(ctx, tx)
}
