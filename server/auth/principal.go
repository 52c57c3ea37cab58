package auth

import (
	"context"
	"strings"
	"time"
)

// Channel is the way by which somebody reaches the service.
type Channel string

// The channels.
const (
	ChannelAPI        Channel = "api"
	ChannelAdmin      Channel = "admin"
	ChannelCLI        Channel = "cli"
	ChannelBackground Channel = "job"
)

// ConfirmedFor is how long a proof of identity counts: ten minutes. OWASP's Session
// Management Cheat Sheet asks for such a proof before what is dangerous
// ("Reauthentication After Risk Events").
const ConfirmedFor = 10 * time.Minute

// Principal is who acts: a user in a session of the API or the admin site, whoever
// has the command line, or a job in the background. Everything that reads or changes
// something for somebody takes one.
type Principal struct {
	Channel Channel
	User    User    // the zero User: nobody who has an account
	Session Session // the zero Session: acts in none
	Client  Client  // where the request comes from; zero without a request
	// Name is how the audit log calls them: an e-mail address, or who has the command line.
	Name string
	// Rights are what they may do. For a user of the API they are empty until something
	// asks for them: most requests need none, and reading them costs a query.
	Rights Rights
	// Token is the access token that a request of the API came with.
	Token AccessToken

	byLink bool // acts by a one-time link, and is in no session
}

// InSession returns the principal that a user is in one of their sessions.
func InSession(user User, session Session, client Client, rights Rights) *Principal {
	return &Principal{Channel: session.Channel, User: user, Session: session, Client: client, Name: user.Email, Rights: rights}
}

// CommandLine returns who runs a command on the server: they hold the database itself,
// so they may do everything that the rules allow anybody. name is the system's
// name for them.
func CommandLine(name string) *Principal {
	name = strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), "?")
	return &Principal{Channel: ChannelCLI, Name: cutRunes(name, MaxEmailLength), Rights: Everything()}
}

// FirstSuperuser returns who makes the first superuser by a one-time link, from a client.
func FirstSuperuser(client Client) *Principal {
	return &Principal{Channel: ChannelAdmin, Client: client, Rights: Everything(), byLink: true}
}

// Background returns the principal that a job is, by the job's name.
func Background(job string) *Principal {
	return &Principal{Channel: ChannelBackground, Name: job, Rights: Everything()}
}

// Guesser returns who has failed to sign in too often: nobody who has an account, as far
// as can be told.
func Guesser(client Client, channel Channel) *Principal {
	return &Principal{Channel: channel, Client: client, Name: "unknown"}
}

// Require returns an error with [CodeForbidden] unless the principal may do one of these
// with a model. Who may change something may view it.
func (p *Principal) Require(ctx context.Context, from PermissionReader, m Model, verbs ...Verb) error {
	if err := p.loadRights(ctx, from); err != nil {
		return err
	}
	if p.Rights.Any(m, verbs...) {
		return nil
	}
	return Forbidden("You do not have permission to do this. It requires " + string(m.May(verbs[0])) + ".")
}

// RequireEverything returns an error with [CodeForbidden] unless the principal may do
// everything, as superusers may.
func (p *Principal) RequireEverything(ctx context.Context, from PermissionReader) error {
	if err := p.loadRights(ctx, from); err != nil {
		return err
	}
	if p.Rights.Include(Everything()) {
		return nil
	}
	return Forbidden("Only a superuser can do this.")
}

// loadRights reads what a user of the API may do, the first time that something asks.
func (p *Principal) loadRights(ctx context.Context, from PermissionReader) (err error) {
	if p.Channel == ChannelAPI && p.Rights.IsEmpty() {
		p.Rights, err = RightsOf(ctx, from, p.User)
	}
	return err
}

// NeedsSession reports whether the principal is nobody without a session: users of the API
// and the admin site. Others hold something that neither a session nor a proof would add
// to: the machine, or a one-time link.
func (p *Principal) NeedsSession() bool {
	return p.Channel != ChannelCLI && p.Channel != ChannelBackground && !p.byLink
}

// IsConfirmed reports whether the principal has proved to be who they are so lately
// that what is dangerous may be done.
func (p *Principal) IsConfirmed(now time.Time) bool {
	if !p.NeedsSession() {
		return true
	}
	at := p.Session.ConfirmedAt
	return at != nil && now.Sub(*at) < ConfirmedFor
}

// RequireConfirmed returns an error with [CodeConfirmationRequired] unless the principal
// [Principal.IsConfirmed].
func (p *Principal) RequireConfirmed(now time.Time) error {
	if p.IsConfirmed(now) {
		return nil
	}
	return NewError(CodeConfirmationRequired, "", nil)
}

// Proof is what somebody shows to prove that it is them: today a password, later a
// code or a passkey too.
type Proof struct {
	Kind   ProofKind
	Secret string // exactly as received
}

// ProofKind is a kind of proof, and the name of the field that a form or a body has
// it in.
type ProofKind string

// ProofPassword is one's own password.
const ProofPassword ProofKind = "current_password"

// PasswordProof returns the proof that a password is.
func PasswordProof(password string) Proof { return Proof{Kind: ProofPassword, Secret: password} }

func cutRunes(s string, most int) string {
	runes := []rune(s)
	return string(runes[:min(len(runes), most)])
}
