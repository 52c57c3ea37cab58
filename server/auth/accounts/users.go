package accounts

import (
	"context"
	"errors"
	"slices"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// ListUsers returns a page of the users, for who may view them.
func (s *Service) ListUsers(ctx context.Context, by *auth.Principal, params auth.ListParams) (auth.Page[auth.User], error) {
	if err := s.require(ctx, by, auth.UserModel, auth.View); err != nil {
		return auth.Page[auth.User]{}, err
	}
	return s.users.ListUsers(ctx, params)
}

// EachUser calls f for every user who matches, in the order of ids, for who may view
// them; it ends with f's first error.
func (s *Service) EachUser(ctx context.Context, by *auth.Principal, params auth.ListParams, f func(auth.User) error) error {
	if err := s.require(ctx, by, auth.UserModel, auth.View); err != nil {
		return err
	}
	return s.users.EachUser(ctx, params, f)
}

// User returns an account, for who may view, change or delete users.
func (s *Service) User(ctx context.Context, by *auth.Principal, id int64) (auth.Account, error) {
	if err := s.require(ctx, by, auth.UserModel, auth.View, auth.Delete); err != nil {
		return auth.Account{}, err
	}
	account, err := s.users.Account(ctx, id)
	return account, noSuchUser(err)
}

// RelatedRows counts what a deletion of users would take along, for who may delete them.
func (s *Service) RelatedRows(ctx context.Context, by *auth.Principal, userIDs []int64) ([]RelatedRows, error) {
	if err := s.require(ctx, by, auth.UserModel, auth.Delete); err != nil {
		return nil, err
	}
	return s.users.RelatedRows(ctx, userIDs)
}

// FindUser returns the user with this address, for who may view users.
func (s *Service) FindUser(ctx context.Context, by *auth.Principal, email string) (auth.User, error) {
	if err := s.require(ctx, by, auth.UserModel, auth.View); err != nil {
		return auth.User{}, err
	}
	email = auth.TrimEmail(email)
	user, err := auth.User{}, auth.ErrNoRow
	if auth.IsPossibleEmail(email) {
		user, err = s.users.UserByEmail(ctx, email)
	}
	if errors.Is(err, auth.ErrNoRow) {
		return auth.User{}, auth.NotFound("No user has this e-mail address.")
	}
	return user, err
}

// CreateUser makes an account. Without a password it has one that nothing matches.
// Like Django's admin it asks for the permission to change users too: whoever adds
// one decides what it may do. The error has CodeInvalid and names every field at fault.
func (s *Service) CreateUser(ctx context.Context, by *auth.Principal, form UserForm, password *string) (auth.User, error) {
	form = form.tidy()
	for _, verb := range []auth.Verb{auth.Add, auth.Change} {
		if err := s.require(ctx, by, auth.UserModel, verb); err != nil {
			return auth.User{}, err
		}
	}
	faults := form.check(true)
	faults.Add("password", s.checkPasswordChoice(ctx, password, form.apply(auth.Account{}).User))
	if err := faults.Err(); err != nil {
		return auth.User{}, err
	}
	encoded, err := s.encode(ctx, by, password)
	if err != nil {
		return auth.User{}, err
	}
	now := auth.Now(s.clock)
	var made auth.User
	err = s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		account := form.apply(auth.Account{User: auth.User{Password: encoded, DateJoined: now}})
		account.Email = auth.EmailKey(account.Email)
		names, err := namesIn(ctx, tx, auth.Account{}, account)
		if err != nil {
			return err
		}
		if err := checkGrant(by, auth.Account{}, account, names, now); err != nil {
			return err
		}
		if err := tx.Users.InsertUser(ctx, &account.User); err != nil {
			return err
		}
		// Somebody may have guessed at the address while nobody had it.
		if _, err := tx.Users.Unlock(ctx, account.ID, s.attempts.AccountKey(account.Email)); err != nil {
			return err
		}
		if err := storeRights(ctx, tx, auth.Account{}, account); err != nil {
			return err
		}
		tx.Events.Record(by.Event(now, auth.ActionCreated).OnUser(account.User).With(names.differences(auth.Account{}, account)...))
		made = account.User
		return nil
	})
	return made, takenAsField(err)
}

// UpdateUser makes of an account what edit makes of its form. version is that of the form
// which the principal has seen ([UserForm.Version]); when the account is no longer so,
// the error has CodeConflict and says who changed what. Who is made inactive is
// signed out everywhere.
func (s *Service) UpdateUser(ctx context.Context, by *auth.Principal, id int64, version string, edit func(form *UserForm)) (auth.Account, error) {
	if err := s.require(ctx, by, auth.UserModel, auth.Change); err != nil {
		return auth.Account{}, err
	}
	var is auth.Account
	err := s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		was, err := accountFor(ctx, tx, by, id)
		if err != nil {
			return err
		}
		seen := UserFormOf(was)
		form := seen.clone()
		edit(&form)
		form = form.tidy()
		is = form.apply(was)
		if is.Email != was.Email {
			is.Email = auth.EmailKey(is.Email)
		}
		if UserFormOf(is).Version() == seen.Version() { // posted twice, or nothing was changed
			return nil
		}
		if version != seen.Version() {
			names, err := namesIn(ctx, tx, was, is)
			if err != nil {
				return err
			}
			return changedMeanwhile(ctx, tx, auth.TargetUser, id, names.differences(was, is))
		}
		faults := form.check(form.Email != seen.Email)
		if err := faults.Err(); err != nil {
			return err
		}
		return s.saveUser(ctx, tx, by, was, is)
	})
	return is, takenAsField(err)
}

// saveUser stores what was changed of an account, if the rules allow it.
func (s *Service) saveUser(ctx context.Context, tx Tx, by *auth.Principal, was, is auth.Account) error {
	now := auth.Now(s.clock)
	names, err := namesIn(ctx, tx, was, is)
	if err != nil {
		return err
	}
	if err := checkGrant(by, was, is, names, now); err != nil {
		return err
	}
	if err := s.keepSuperuser(ctx, tx, was, is); err != nil {
		return err
	}
	if err := tx.Users.UpdateUser(ctx, was.User, is.User); err != nil {
		return err
	}
	if err := storeRights(ctx, tx, was, is); err != nil {
		return err
	}
	tx.Events.Record(by.Event(now, auth.ActionChanged).OnUser(is.User).With(names.differences(was, is)...))
	if was.IsActive && !is.IsActive {
		// Else setting them active again would revive their sessions, the one too in which
		// somebody has deactivated themselves.
		_, err := endSessions(ctx, tx, by, was.User, now, "")
		return err
	}
	return nil
}

// SetActive makes users active or inactive, all of them or none; who is made
// inactive is signed out everywhere. It returns how many were not so already.
func (s *Service) SetActive(ctx context.Context, by *auth.Principal, ids []int64, active bool) (changed int, err error) {
	return s.editFlags(ctx, by, ids, func(a *auth.Account) { a.IsActive = active })
}

// Unlock lets users sign in again who were locked by failed attempts, all of them or none,
// and lets all counters of theirs begin anew. It returns how many had any failures.
func (s *Service) Unlock(ctx context.Context, by *auth.Principal, ids []int64) (unlocked int, err error) {
	if err := s.require(ctx, by, auth.UserModel, auth.Change); err != nil {
		return 0, err
	}
	now := auth.Now(s.clock)
	err = s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		unlocked = 0
		for _, id := range inOrder(ids) {
			account, err := accountFor(ctx, tx, by, id)
			if err != nil {
				return err
			}
			had, err := tx.Users.Unlock(ctx, id, s.attempts.AccountKey(account.Email))
			if err != nil {
				return err
			}
			if had {
				unlocked++
				tx.Events.Record(by.Event(now, auth.ActionUnlocked).OnUser(account.User))
			}
		}
		return nil
	})
	return unlocked, err
}

// SetSuperuser makes a user a superuser and a member of staff, or neither.
func (s *Service) SetSuperuser(ctx context.Context, by *auth.Principal, id int64, super bool) (changed int, err error) {
	return s.editFlags(ctx, by, []int64{id}, func(a *auth.Account) { a.IsSuperuser, a.IsStaff = super, super })
}

func (s *Service) editFlags(ctx context.Context, by *auth.Principal, ids []int64, edit func(a *auth.Account)) (changed int, err error) {
	if err := s.require(ctx, by, auth.UserModel, auth.Change); err != nil {
		return 0, err
	}
	err = s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		changed = 0
		for _, id := range inOrder(ids) {
			was, err := accountFor(ctx, tx, by, id)
			if err != nil {
				return err
			}
			is := was
			edit(&is)
			if UserFormOf(is).Version() == UserFormOf(was).Version() {
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
func (s *Service) DeleteUsers(ctx context.Context, by *auth.Principal, ids []int64) error {
	if err := s.require(ctx, by, auth.UserModel, auth.Delete); err != nil {
		return err
	}
	now := auth.Now(s.clock)
	if err := by.RequireConfirmed(now); err != nil {
		return err
	}
	err := s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		names, err := readNames(ctx, tx)
		if err != nil {
			return err
		}
		for _, id := range inOrder(ids) {
			was, err := accountFor(ctx, tx, by, id)
			if err != nil {
				return err
			}
			if was.ID == by.User.ID {
				return auth.Conflict("You cannot delete your own account.", nil)
			}
			if err := s.keepSuperuser(ctx, tx, was, auth.Account{}); err != nil {
				return err
			}
			if err := tx.Users.DeleteUser(ctx, id); err != nil {
				return err
			}
			tx.Events.Record(by.Event(now, auth.ActionDeleted).OnUser(was.User).With(names.differences(was, auth.Account{})...))
		}
		return nil
	})
	if errors.Is(err, auth.ErrReferred) {
		return auth.Conflict("Other tables of this database refer to the user. Make the account inactive instead, or delete those rows first.", err)
	}
	return err
}

// accountFor reads an account that the principal may touch.
func accountFor(ctx context.Context, tx Tx, by *auth.Principal, id int64) (auth.Account, error) {
	account, err := tx.Users.Account(ctx, id)
	if err != nil {
		return auth.Account{}, noSuchUser(err)
	}
	return account, mayTouch(ctx, tx, by, account)
}

func noSuchUser(err error) error {
	if errors.Is(err, auth.ErrNoRow) {
		return auth.NotFound("This user does not exist, or was deleted.")
	}
	return err
}

func takenAsField(err error) error {
	if errors.Is(err, auth.ErrTaken) {
		return emailTaken()
	}
	return err
}

func emailTaken() *auth.Error {
	return auth.Invalid(auth.FieldError{Field: "email", Message: "A user with this e-mail address already exists."})
}

// storeRights stores the groups and permissions of an account where they differ.
func storeRights(ctx context.Context, tx Tx, was, is auth.Account) error {
	if !slices.Equal(was.Groups, is.Groups) {
		if err := tx.Users.SetGroups(ctx, is.ID, is.Groups); err != nil {
			return err
		}
	}
	if !slices.Equal(was.Permissions, is.Permissions) {
		return tx.Users.SetPermissions(ctx, is.ID, is.Permissions)
	}
	return nil
}
