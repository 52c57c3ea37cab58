package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// UserForm is what can be edited of a user.
type UserForm struct {
	Email       string
	FirstName   string
	LastName    string
	IsActive    bool
	IsStaff     bool
	IsSuperuser bool
	Groups      []int64
	Permissions []int64
}

// UserFormOf returns what can be edited of an account, as it is.
func UserFormOf(a auth.Account) UserForm {
	return UserForm{
		Email: a.Email, FirstName: a.FirstName, LastName: a.LastName,
		IsActive: a.IsActive, IsStaff: a.IsStaff, IsSuperuser: a.IsSuperuser,
		Groups: a.Groups, Permissions: a.Permissions,
	}
}

// Version tells two states of a form apart: who saves a form says with it which
// state they have seen.
func (f UserForm) Version() string { return versionOf(f.tidy()) }

func (f UserForm) clone() UserForm {
	f.Groups, f.Permissions = slices.Clone(f.Groups), slices.Clone(f.Permissions)
	return f
}

// tidy trims the address and the names, and puts ids in order, each once.
func (f UserForm) tidy() UserForm {
	f.Email, f.FirstName, f.LastName = auth.TrimEmail(f.Email), strings.TrimSpace(f.FirstName), strings.TrimSpace(f.LastName)
	f.Groups, f.Permissions = inOrder(f.Groups), inOrder(f.Permissions)
	return f
}

// apply returns the account as the form has it.
func (f UserForm) apply(to auth.Account) auth.Account {
	to.Email, to.FirstName, to.LastName = f.Email, f.FirstName, f.LastName
	to.IsActive, to.IsStaff, to.IsSuperuser = f.IsActive, f.IsStaff, f.IsSuperuser
	to.Groups, to.Permissions = f.Groups, f.Permissions
	return to
}

// check finds what is wrong with the form by itself. An address that stays as it
// is is not judged: a Django may have let it in.
func (f UserForm) check(emailIsNew bool) auth.Faults {
	var faults auth.Faults
	if emailIsNew {
		faults.Add("email", checkEmail(f.Email))
	}
	faults.Add("first_name", checkText(f.FirstName))
	faults.Add("last_name", checkText(f.LastName))
	return faults
}

// GroupForm is what can be edited of a group.
type GroupForm struct {
	Name        string
	Permissions []int64
}

// GroupFormOf returns what can be edited of a group, as it is.
func GroupFormOf(g auth.Group) GroupForm { return GroupForm{Name: g.Name, Permissions: g.Permissions} }

// Version tells two states of a form apart.
func (f GroupForm) Version() string { return versionOf(f.tidy()) }

func (f GroupForm) tidy() GroupForm {
	return GroupForm{Name: strings.TrimSpace(f.Name), Permissions: inOrder(f.Permissions)}
}

func (f GroupForm) check() error {
	var faults auth.Faults
	faults.Add("name", checkText(f.Name))
	if f.Name == "" {
		faults.Add("name", "This is required.")
	}
	return faults.Err()
}

func versionOf(form any) string {
	text, err := json.Marshal(form)
	if err != nil {
		panic(fmt.Sprintf("a form that is no JSON: %v", err)) // it has strings, flags and numbers
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func inOrder(ids []int64) []int64 {
	sorted := slices.Sorted(slices.Values(ids))
	if len(sorted) == 0 {
		return []int64{}
	}
	return slices.Compact(sorted)
}

// checkText returns what is wrong with a name, or "".
func checkText(text string) string {
	switch {
	case !utf8.ValidString(text), strings.ContainsFunc(text, unicode.IsControl):
		return "This contains invalid characters."
	case utf8.RuneCountInString(text) > auth.MaxNameLength:
		return fmt.Sprintf("Use at most %d characters.", auth.MaxNameLength)
	}
	return ""
}

// changedMeanwhile says who changed what last, as far as events tell, and what the
// form would change: that may be more than its sender did, if there was more than one
// change since they opened it.
func changedMeanwhile(ctx context.Context, tx Tx, kind string, id int64, would []auth.FieldChange) error {
	told := "This was changed since you opened it, in the database or by Django."
	last, err := tx.Events.LastEvent(ctx, kind, strconv.FormatInt(id, 10), auth.ActionChanged)
	if err != nil && !errors.Is(err, auth.ErrNoRow) {
		return err
	}
	if err == nil && len(last.Changes) > 0 {
		fields := make([]string, 0, len(last.Changes))
		for _, change := range last.Changes {
			fields = append(fields, fmt.Sprintf("%s is now “%s”", change.Field, change.After))
		}
		told = fmt.Sprintf("%s has changed this since you opened it: %s.", last.Actor, strings.Join(fields, ", "))
	}
	fields := make([]string, 0, len(would))
	for _, change := range would {
		fields = append(fields, fmt.Sprintf("%s from “%s” to “%s”", change.Field, change.Before, change.After))
	}
	return auth.Conflict(told+" Saving would change "+strings.Join(fields, ", ")+".", nil)
}
