package accounts

import (
	"context"
	"strings"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// OwnNames are what people change of themselves; nil leaves a name as it is.
type OwnNames struct {
	FirstName *string
	LastName  *string
}

// tidy trims them.
func (n OwnNames) tidy() OwnNames {
	trimmed := func(name *string) *string {
		if name == nil {
			return nil
		}
		return new(strings.TrimSpace(*name))
	}
	return OwnNames{trimmed(n.FirstName), trimmed(n.LastName)}
}

func (n OwnNames) check() error {
	var faults auth.Faults
	if n.FirstName != nil {
		faults.Add("first_name", checkText(*n.FirstName))
	}
	if n.LastName != nil {
		faults.Add("last_name", checkText(*n.LastName))
	}
	return faults.Err()
}

// apply returns the account as they have it.
func (n OwnNames) apply(to auth.Account) auth.Account {
	if n.FirstName != nil {
		to.FirstName = *n.FirstName
	}
	if n.LastName != nil {
		to.LastName = *n.LastName
	}
	return to
}

// UpdateOwnNames changes a principal's own names, which takes no permission, and returns
// the user as they are then. The error has CodeInvalid and names every field at fault.
func (s *Service) UpdateOwnNames(ctx context.Context, by *auth.Principal, edit OwnNames) (auth.User, error) {
	edit = edit.tidy()
	if err := edit.check(); err != nil {
		return auth.User{}, err
	}
	var is auth.Account
	err := s.change(ctx, by, func(ctx context.Context, tx Tx, by *auth.Principal) error {
		was, err := tx.Users.Account(ctx, by.User.ID)
		if err != nil {
			return noSuchUser(err)
		}
		is = edit.apply(was)
		changes := names{}.differences(was, is)
		if len(changes) == 0 { // sent twice, or as they are
			return nil
		}
		if err := tx.Users.UpdateUser(ctx, was.User, is.User); err != nil {
			return err
		}
		tx.Events.Record(by.Event(auth.Now(s.clock), auth.ActionChanged).OnUser(is.User).With(changes...))
		return nil
	})
	return is.User, err
}
