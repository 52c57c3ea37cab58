package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// The contract's security schemes. Both are bearer tokens (RFC 6750).
const (
	bearerScheme        = "bearerAuth"          // a user, by an access token
	introspectionScheme = "introspectionSecret" // another service, by a secret
)

// scheme tells who calls an operation, by what the request carries.
type scheme struct {
	// authenticate returns the user whom a token speaks for; nil where it is a service
	// that calls.
	authenticate func(ctx context.Context, token string, client auth.Client) (*auth.Principal, error)
	// details are for refusals whose usual sentences, which are for people, do not fit.
	details map[auth.Code]string
}

// schemes returns all that the contract may ask for.
func (d Deps) schemes() map[string]scheme {
	return map[string]scheme{
		bearerScheme: {authenticate: d.SignIn.Authenticate},
		introspectionScheme: {
			authenticate: oneOf(d.IntrospectionSecrets),
			details: map[auth.Code]string{
				auth.CodeAuthenticationRequired: "Send the introspection secret as a bearer token.",
				auth.CodeInvalidToken:           "This is not the introspection secret.",
			},
		},
	}
}

// inWords gives a refusal the scheme's own sentence.
func (s scheme) inWords(err error) error {
	if detail, has := s.details[auth.ErrorCode(err)]; has {
		return auth.NewError(auth.ErrorCode(err), detail, errors.Unwrap(err))
	}
	return err
}

// oneOf returns a check that lets in who has one of the secrets. It takes the same time
// whichever it is and wherever a wrong one differs.
func oneOf(secrets [][]byte) func(context.Context, string, auth.Client) (*auth.Principal, error) {
	var digests [][sha256.Size]byte
	for _, each := range secrets {
		digests = append(digests, sha256.Sum256(each))
	}
	return func(_ context.Context, token string, _ auth.Client) (*auth.Principal, error) {
		digest, found := sha256.Sum256([]byte(token)), 0
		for _, each := range digests {
			found |= subtle.ConstantTimeCompare(digest[:], each[:])
		}
		if found != 1 {
			return nil, auth.InvalidToken(errors.New("it is none of the introspection secrets"))
		}
		return nil, nil //nolint:nilnil // a service is no user
	}
}
