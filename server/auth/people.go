package auth

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

// Form returns what can be edited of the account, as it is.
func (a Account) Form() UserForm {
	return UserForm{
		Email: a.Email, FirstName: a.FirstName, LastName: a.LastName,
		IsActive: a.IsActive, IsStaff: a.IsStaff, IsSuperuser: a.IsSuperuser,
		Groups: a.Groups, Permissions: a.Permissions,
	}
}

// Version tells two states of a form apart: who saves a form says with it which
// state they have seen.
func (f UserForm) Version() string { return versionOf(f.tidy()) }

func versionOf(form any) string {
	text, err := json.Marshal(form)
	if err != nil {
		panic(fmt.Sprintf("a form that is no JSON: %v", err)) // it has strings, flags and numbers
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// tidy trims the names, and puts ids in order, each once.
func (f UserForm) tidy() UserForm {
	f.Email, f.FirstName, f.LastName = strings.TrimSpace(f.Email), strings.TrimSpace(f.FirstName), strings.TrimSpace(f.LastName)
	f.Groups, f.Permissions = inOrder(f.Groups), inOrder(f.Permissions)
	return f
}

func inOrder(ids []int64) []int64 {
	sorted := slices.Sorted(slices.Values(ids))
	if len(sorted) == 0 {
		return []int64{}
	}
	return slices.Compact(sorted)
}

// apply returns the account as the form has it.
func (f UserForm) apply(to Account) Account {
	to.Email, to.FirstName, to.LastName = f.Email, f.FirstName, f.LastName
	to.IsActive, to.IsStaff, to.IsSuperuser = f.IsActive, f.IsStaff, f.IsSuperuser
	to.Groups, to.Permissions = f.Groups, f.Permissions
	return to
}

// check finds what is wrong with the form by itself. An address that stays as it
// is is not judged: a Django may have let it in.
func (f UserForm) check(emailIsNew bool) error {
	var faults faults
	if emailIsNew {
		faults.add("email", checkEmail(f.Email))
	}
	faults.add("first_name", checkText(f.FirstName))
	faults.add("last_name", checkText(f.LastName))
	return faults.err()
}

// checkText returns what is wrong with a name, or "".
func checkText(text string) string {
	switch {
	case !utf8.ValidString(text), strings.ContainsFunc(text, unicode.IsControl):
		return "This has characters that no name has."
	case utf8.RuneCountInString(text) > MaxNameLength:
		return fmt.Sprintf("This must have at most %d characters.", MaxNameLength)
	}
	return ""
}

// AddUser makes an account. Without a password it has one that nothing matches.
// Like Django's admin it asks for the permission to change users too: whoever adds
// one decides what it may do.
func (s *Service) AddUser(ctx context.Context, by Actor, form UserForm, password *string) (User, error) {
	form = form.tidy()
	for _, verb := range []Verb{Add, Change} {
		if err := by.must(UserModel, verb); err != nil {
			return User{}, err
		}
	}
	if err := errorsOf(form.check(true), s.checkPasswordChoice(password, form.Email)); err != nil {
		return User{}, err
	}
	encoded, err := s.encode(ctx, password)
	if err != nil {
		return User{}, err
	}
	now := s.now()
	var made User
	err = s.change(ctx, by, func(ctx context.Context, tx Changes) error {
		account := form.apply(Account{User: User{Password: encoded, DateJoined: now}})
		account.Email = EmailKey(account.Email)
		names, err := readNames(ctx, tx)
		if err != nil {
			return err
		}
		if err := checkGrant(by, Account{}, account, names); err != nil {
			return err
		}
		if err := tx.InsertUser(ctx, &account.User); err != nil {
			return err
		}
		if err := storeRights(ctx, tx, Account{}, account); err != nil {
			return err
		}
		tx.Record(by.event(now, ActionAdded).onUser(account.User).with(names.differences(Account{}, account)...))
		made = account.User
		return nil
	})
	return made, takenAsField(err)
}

// EditUser makes of an account what the form says. version is that of the form
// which the actor has seen ([UserForm.Version]); when the account is no longer so,
// the error has CodeConflict and says who changed what. Who is made inactive is
// signed out everywhere.
func (s *Service) EditUser(ctx context.Context, by Actor, id int64, version string, form UserForm) (Account, error) {
	form = form.tidy()
	if err := by.must(UserModel, Change); err != nil {
		return Account{}, err
	}
	var is Account
	err := s.change(ctx, by, func(ctx context.Context, tx Changes) error {
		was, err := accountFor(ctx, tx, by, id)
		if err != nil {
			return err
		}
		seen := was.Form()
		is = form.apply(was)
		if is.Email != was.Email {
			is.Email = EmailKey(is.Email)
		}
		if is.Form().Version() == seen.Version() { // posted twice, or nothing was changed
			return nil
		}
		if version != seen.Version() {
			names, err := readNames(ctx, tx)
			if err != nil {
				return err
			}
			return changedMeanwhile(ctx, tx, KindUser, id, names.differences(was, is))
		}
		if err := form.check(form.Email != seen.Email); err != nil {
			return err
		}
		return s.saveUser(ctx, tx, by, was, is)
	})
	return is, takenAsField(err)
}

// saveUser stores what was changed of an account, if the rules allow it.
func (s *Service) saveUser(ctx context.Context, tx Changes, by Actor, was, is Account) error {
	names, err := readNames(ctx, tx)
	if err != nil {
		return err
	}
	if err := checkGrant(by, was, is, names); err != nil {
		return err
	}
	if err := keepSuperuser(ctx, tx, was, is); err != nil {
		return err
	}
	if err := tx.UpdateUser(ctx, is.User); err != nil {
		return err
	}
	if err := storeRights(ctx, tx, was, is); err != nil {
		return err
	}
	now := s.now()
	tx.Record(by.event(now, ActionChanged).onUser(is.User).with(names.differences(was, is)...))
	if was.IsActive && !is.IsActive {
		// Else setting them active again would revive their sessions.
		_, err := endSessions(ctx, tx, by, was.User, now, "")
		return err
	}
	return nil
}

// SetActive makes users active or inactive, all of them or none; who is made
// inactive is signed out everywhere. It returns how many were not so already.
func (s *Service) SetActive(ctx context.Context, by Actor, ids []int64, active bool) (changed int, err error) {
	return s.editFlags(ctx, by, ids, func(a *Account) { a.IsActive = active })
}

// SetSuperuser makes a user a superuser and a member of staff, or neither.
func (s *Service) SetSuperuser(ctx context.Context, by Actor, id int64, super bool) (changed int, err error) {
	return s.editFlags(ctx, by, []int64{id}, func(a *Account) { a.IsSuperuser, a.IsStaff = super, super })
}

func (s *Service) editFlags(ctx context.Context, by Actor, ids []int64, edit func(a *Account)) (changed int, err error) {
	if err := by.must(UserModel, Change); err != nil {
		return 0, err
	}
	err = s.change(ctx, by, func(ctx context.Context, tx Changes) error {
		changed = 0
		for _, id := range inOrder(ids) {
			was, err := accountFor(ctx, tx, by, id)
			if err != nil {
				return err
			}
			is := was
			edit(&is)
			if is.Form().Version() == was.Form().Version() {
				continue
			}
			if err := s.saveUser(ctx, tx, by, was, is); err != nil {
				return err
			}
			changed++
		}
		return nil
	})
	return changed, err
}

// DeleteUsers deletes accounts and what is theirs, all of them or none.
func (s *Service) DeleteUsers(ctx context.Context, by Actor, ids []int64) error {
	if err := by.must(UserModel, Delete); err != nil {
		return err
	}
	if err := by.mustConfirm(); err != nil {
		return err
	}
	now := s.now()
	err := s.change(ctx, by, func(ctx context.Context, tx Changes) error {
		names, err := readNames(ctx, tx)
		if err != nil {
			return err
		}
		for _, id := range inOrder(ids) {
			was, err := accountFor(ctx, tx, by, id)
			if err != nil {
				return err
			}
			if was.ID == by.UserID {
				return conflict("This is the account that you are signed in with. Somebody else has to delete it.", nil)
			}
			if err := keepSuperuser(ctx, tx, was, Account{}); err != nil {
				return err
			}
			if err := tx.DeleteUser(ctx, id); err != nil {
				return err
			}
			tx.Record(by.event(now, ActionDeleted).onUser(was.User).with(names.differences(was, Account{})...))
		}
		return nil
	})
	if errors.Is(err, ErrReferred) {
		return conflict("Other tables of this database refer to the user. Make the account inactive instead, or delete those rows first.", err)
	}
	return err
}

// errorsOf returns the fields of several errors in one.
func errorsOf(errs ...error) error {
	var all []FieldError
	for _, err := range errs {
		if e, ok := errors.AsType[*Error](err); ok {
			all = append(all, e.Fields...)
		}
	}
	return faults(all).err()
}

// accountFor reads an account that the actor may touch.
func accountFor(ctx context.Context, tx Changes, by Actor, id int64) (Account, error) {
	account, err := tx.Account(ctx, id)
	if err != nil {
		return Account{}, noSuchUser(err)
	}
	return account, mayTouch(ctx, tx, by, account)
}

func noSuchUser(err error) error {
	if errors.Is(err, ErrNoRow) {
		return NotFound("There is no such user, or no longer.")
	}
	return err
}

func takenAsField(err error) error {
	if errors.Is(err, ErrTaken) {
		return emailTaken()
	}
	return err
}

// storeRights stores the groups and permissions of an account where they differ.
func storeRights(ctx context.Context, tx Changes, was, is Account) error {
	if !slices.Equal(was.Groups, is.Groups) {
		if err := tx.SetGroups(ctx, is.ID, is.Groups); err != nil {
			return err
		}
	}
	if !slices.Equal(was.Permissions, is.Permissions) {
		return tx.SetPermissions(ctx, is.ID, is.Permissions)
	}
	return nil
}

// changedMeanwhile says who changed what last, as far as events tell, and what the
// form would change: that may be more than its sender did, if there was more than one
// change since they opened it.
func changedMeanwhile(ctx context.Context, tx Changes, kind string, id int64, would []FieldChange) error {
	told := "Somebody has changed this since you opened it, in the database or through Django."
	last, err := tx.LastEvent(ctx, kind, strconv.FormatInt(id, 10), ActionChanged)
	if err != nil && !errors.Is(err, ErrNoRow) {
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
	return conflict(told+" What you sent would change "+strings.Join(fields, ", ")+".", nil)
}
