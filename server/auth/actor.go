package auth

import "strings"

// Door is where somebody comes in to change something.
type Door string

// The doors.
const (
	DoorAPI         Door = "api"
	DoorAdmin       Door = "admin"
	DoorCommandLine Door = "command"
)

// Actor is who changes something, through which door, and with which rights.
type Actor struct {
	Door    Door
	UserID  int64  // 0: nobody who has an account
	Name    string // an e-mail address, or who has the command line
	Address string // of the client; empty on the command line
	Rights  Rights
	// Confirmed tells that the password was given just now: what is dangerous asks
	// for it.
	Confirmed bool

	sessionID string // of who is signed in at the admin site
}

// CommandLine is who runs a command on the server: they hold the database itself,
// so they may do everything that the rules allow anybody. name is the system's
// name for them.
func CommandLine(name string) Actor {
	name = strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "?")
	return Actor{Door: DoorCommandLine, Name: cutRunes(name, MaxEmailLength), Rights: Everything(), Confirmed: true}
}

// ownActor is a user who acts on their own account through the API.
func ownActor(user User, client Client) Actor {
	return Actor{Door: DoorAPI, UserID: user.ID, Name: user.Email, Address: client.Address}
}

// must gives an error with CodeForbidden unless the actor has a permission.
func (a Actor) must(m Model, verb Verb) error {
	if a.Rights.Has(m.May(verb)) {
		return nil
	}
	return Forbidden("You have no permission to do this. It takes " + string(m.May(verb)) + ".")
}

// mustConfirm gives an error with CodeConfirmationRequired unless the actor has
// given the password just now.
func (a Actor) mustConfirm() error {
	if a.Confirmed {
		return nil
	}
	return &Error{Code: CodeConfirmationRequired, Detail: "Give your own password to do this."}
}

func cutRunes(s string, most int) string {
	runes := []rune(s)
	return string(runes[:min(len(runes), most)])
}
