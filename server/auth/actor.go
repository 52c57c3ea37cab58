package auth

import "strings"

// Channel is where somebody comes in to change something.
type Channel string

// The channels.
const (
	ChannelAPI   Channel = "api"
	ChannelAdmin Channel = "admin"
	ChannelCLI   Channel = "command"
)

// Actor is who changes something, through which channel, and with which rights.
type Actor struct {
	Channel Channel
	UserID  int64  // 0: nobody who has an account
	Name    string // an e-mail address, or who has the command line
	Address string // of the client; empty on the command line
	Rights  Rights
	// Confirmed reports that the password was given just now: what is dangerous asks
	// for it.
	Confirmed bool

	sessionID string // of who is signed in at the admin site
}

// CommandLine is who runs a command on the server: they hold the database itself,
// so they may do everything that the rules allow anybody. name is the system's
// name for them.
func CommandLine(name string) Actor {
	name = strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "?")
	return Actor{Channel: ChannelCLI, Name: cutRunes(name, MaxEmailLength), Rights: Everything(), Confirmed: true}
}

// ownActor is a user who acts on their own account through the API.
func ownActor(user User, client Client) Actor {
	return Actor{Channel: ChannelAPI, UserID: user.ID, Name: user.Email, Address: client.Address}
}

// must returns an error with CodeForbidden unless the actor has a permission.
func (a Actor) must(m Model, verb Verb) error {
	if a.Rights.Has(m.May(verb)) {
		return nil
	}
	return Forbidden("You have no permission to do this. It takes " + string(m.May(verb)) + ".")
}

// mustConfirm returns an error with CodeConfirmationRequired unless the actor has
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
