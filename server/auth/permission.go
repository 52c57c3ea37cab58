package auth

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// PermissionName names one as Django does: users.change_user.
type PermissionName string

// Verb is what a permission lets somebody do with a model: Django's four.
type Verb string

// Django's four verbs.
const (
	View   Verb = "view"
	Add    Verb = "add"
	Change Verb = "change"
	Delete Verb = "delete"
)

// Model is what permissions are about, in Django's words: the app's label and the
// model's name, both in small letters.
type Model struct {
	App, Name string
}

// The models that the domain itself asks about. Sessions and events go by Django's
// names for its own: whoever may see those may see ours.
var (
	UserModel    = Model{"users", "user"}
	GroupModel   = Model{"auth", "group"}
	SessionModel = Model{"sessions", "session"}
	EventModel   = Model{"admin", "logentry"}
)

// May names the permission to do something with a model.
func (m Model) May(verb Verb) PermissionName {
	return PermissionName(m.App + "." + string(verb) + "_" + m.Name)
}

// Rights are what somebody may do: everything, or what they and their groups have
// been permitted. The zero value is nothing.
type Rights struct {
	everything bool
	held       map[PermissionName]struct{}
}

// Everything is the rights of a superuser, and of who has the command line.
func Everything() Rights { return Rights{everything: true} }

// Holding returns the rights to do what the permissions say.
func Holding(permissions ...PermissionName) Rights {
	held := make(map[PermissionName]struct{}, len(permissions))
	for _, p := range permissions {
		held[p] = struct{}{}
	}
	return Rights{held: held}
}

// IsEmpty reports whether the rights are to do nothing.
func (r Rights) IsEmpty() bool { return !r.everything && len(r.held) == 0 }

// Has reports whether the rights include a permission.
func (r Rights) Has(p PermissionName) bool {
	_, held := r.held[p]
	return r.everything || held
}

// Any reports whether the rights include one of the verbs for a model. Who may
// change something may view it, as in Django's admin.
func (r Rights) Any(m Model, verbs ...Verb) bool {
	for _, verb := range verbs {
		if r.Has(m.May(verb)) || verb == View && r.Has(m.May(Change)) {
			return true
		}
	}
	return false
}

// Include reports whether the rights reach as far as others.
func (r Rights) Include(others Rights) bool {
	if r.everything || others.everything {
		return r.everything
	}
	for p := range others.held {
		if !r.Has(p) && !r.impliedByChange(p) {
			return false
		}
	}
	return true
}

// impliedByChange reports whether p lets somebody view what the rights let them change.
func (r Rights) impliedByChange(p PermissionName) bool {
	app, model, isView := strings.Cut(string(p), ".view_")
	return isView && r.Has(Model{app, model}.May(Change))
}

// Permissions lists what is held, in order; nothing for who may do everything.
func (r Rights) Permissions() []PermissionName { return slices.Sorted(maps.Keys(r.held)) }

// Permission is a row of Django's auth_permission.
type Permission struct {
	ID    int64
	Model Model
	Code  string // "change_user"
	Label string // "Can change user"
}

// Name returns the name that code asks for.
func (p Permission) Name() PermissionName {
	return PermissionName(p.Model.App + "." + p.Code)
}

// Group is one of Django's groups. Permissions are ids, in order.
type Group struct {
	ID          int64
	Name        string
	Permissions []int64
	Members     int // filled in by lists
}

// PermissionReader reads what users have been permitted.
type PermissionReader interface {
	// PermissionsOf lists what a user may do, themselves or by a group.
	PermissionsOf(ctx context.Context, userID int64) ([]PermissionName, error)
}

// RightsOf returns what a user may do: everything, or what they have been permitted.
func RightsOf(ctx context.Context, from PermissionReader, user User) (Rights, error) {
	if user.IsSuperuser {
		return Everything(), nil
	}
	held, err := from.PermissionsOf(ctx, user.ID)
	return Holding(held...), err
}
