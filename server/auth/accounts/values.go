package accounts

import (
	"strings"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// differences lists what became of an account, field by field, in words. A password is
// not among them.
func (n names) differences(was, is auth.Account) []auth.FieldChange {
	return differences(n.valuesOf(was), n.valuesOf(is))
}

func (n names) groupDifferences(was, is auth.Group) []auth.FieldChange {
	return differences(n.groupValuesOf(was), n.groupValuesOf(is))
}

// value is a field's value in words.
type value struct{ field, text string }

func (n names) valuesOf(a auth.Account) []value {
	return []value{
		{"email", a.Email}, {"first_name", a.FirstName}, {"last_name", a.LastName},
		{"is_active", yesNo(a.IsActive)}, {"is_staff", yesNo(a.IsStaff)}, {"is_superuser", yesNo(a.IsSuperuser)},
		{"groups", listed(a.Groups, func(id int64) string { return n.groups[id].Name })},
		{"permissions", n.permissionsOf(a.Permissions)},
	}
}

func (n names) groupValuesOf(g auth.Group) []value {
	return []value{{"name", g.Name}, {"permissions", n.permissionsOf(g.Permissions)}}
}

func (n names) permissionsOf(ids []int64) string {
	return listed(ids, func(id int64) string { return string(n.permissions[id].Name()) })
}

// differences lists the fields that differ, in order.
func differences(before, after []value) []auth.FieldChange {
	var changes []auth.FieldChange
	for i := range after {
		if before[i].text != after[i].text {
			changes = append(changes, auth.FieldChange{Field: after[i].field, Before: before[i].text, After: after[i].text})
		}
	}
	return changes
}

func listed(ids []int64, name func(id int64) string) string {
	all := make([]string, 0, len(ids))
	for _, id := range ids {
		all = append(all, name(id))
	}
	return strings.Join(all, ", ")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
