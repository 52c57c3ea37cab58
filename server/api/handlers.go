package api

import (
	"context"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
	"github.com/latchkey-auth/latchkey/server/reqctx"
)

// Server implements the contract's operations.
type Server struct {
	signin   *signin.Service
	accounts *accounts.Service
	keys     *keys.Service
	ready    Readiness
}

var _ gen.StrictServerInterface = (*Server)(nil)

// Readiness names what keeps the service from serving; nothing when it can.
type Readiness func(ctx context.Context) []auth.FieldError

// Login signs in: POST /users/login/.
func (s *Server) Login(ctx context.Context, in gen.LoginRequestObject) (gen.LoginResponseObject, error) {
	grant, err := s.signin.Login(ctx, signin.Credentials{
		Email:    in.Body.Username,
		Password: in.Body.Password,
		Client:   reqctx.From(ctx).Client,

		DeviceToken: textOf(in.Body.DeviceToken),
	})
	if err != nil {
		return nil, err
	}
	return gen.Login200JSONResponse{TokenJSONResponse: toToken(grant)}, nil
}

// CheckSession renews a token when it is time: POST /users/session/.
func (s *Server) CheckSession(ctx context.Context, _ gen.CheckSessionRequestObject) (gen.CheckSessionResponseObject, error) {
	grant, err := s.signin.Renew(ctx, principal(ctx))
	if err != nil {
		return nil, err
	}
	return gen.CheckSession200JSONResponse{TokenJSONResponse: toToken(grant)}, nil
}

// Logout ends the session: POST /users/logout/.
func (s *Server) Logout(ctx context.Context, _ gen.LogoutRequestObject) (gen.LogoutResponseObject, error) {
	if err := s.signin.Logout(ctx, principal(ctx)); err != nil {
		return nil, err
	}
	return gen.Logout204Response{}, nil
}

// GetCurrentUser returns who is signed in: GET /users/me/.
func (s *Server) GetCurrentUser(ctx context.Context, _ gen.GetCurrentUserRequestObject) (gen.GetCurrentUserResponseObject, error) {
	return gen.GetCurrentUser200JSONResponse(toUser(principal(ctx).User)), nil
}

// UpdateCurrentUser changes one's own names: PATCH /users/me/.
func (s *Server) UpdateCurrentUser(ctx context.Context, in gen.UpdateCurrentUserRequestObject) (gen.UpdateCurrentUserResponseObject, error) {
	user, err := s.accounts.UpdateOwnNames(ctx, principal(ctx), accounts.OwnNames{FirstName: in.Body.FirstName, LastName: in.Body.LastName})
	if err != nil {
		return nil, err
	}
	return gen.UpdateCurrentUser200JSONResponse(toUser(user)), nil
}

// ListOwnSessions lists where one is signed in: GET /users/me/sessions/.
func (s *Server) ListOwnSessions(ctx context.Context, _ gen.ListOwnSessionsRequestObject) (gen.ListOwnSessionsResponseObject, error) {
	by := principal(ctx)
	sessions, err := s.accounts.ListOwnSessions(ctx, by)
	if err != nil {
		return nil, err
	}
	return gen.ListOwnSessions200JSONResponse(toSessionList(sessions, by.Session.ID)), nil
}

// EndOwnSession ends one of one's own sessions: DELETE /users/me/sessions/{id}/.
func (s *Server) EndOwnSession(ctx context.Context, in gen.EndOwnSessionRequestObject) (gen.EndOwnSessionResponseObject, error) {
	if err := s.accounts.EndOwnSession(ctx, principal(ctx), in.ID); err != nil {
		return nil, err
	}
	return gen.EndOwnSession204Response{}, nil
}

// LogoutAll ends all of one's own sessions: POST /users/logout-all/.
func (s *Server) LogoutAll(ctx context.Context, in gen.LogoutAllRequestObject) (gen.LogoutAllResponseObject, error) {
	keepCurrent := in.Params.KeepCurrent != nil && *in.Params.KeepCurrent
	if err := s.accounts.EndOwnSessions(ctx, principal(ctx), keepCurrent); err != nil {
		return nil, err
	}
	return gen.LogoutAll204Response{}, nil
}

// ChangePassword sets one's own password: POST /users/password/.
func (s *Server) ChangePassword(ctx context.Context, in gen.ChangePasswordRequestObject) (gen.ChangePasswordResponseObject, error) {
	err := s.accounts.ChangeOwnPassword(ctx, principal(ctx), auth.PasswordProof(in.Body.CurrentPassword), in.Body.NewPassword)
	if err != nil {
		return nil, err
	}
	return gen.ChangePassword204Response{}, nil
}

// GetPasswordRules returns what a new password must be: GET /users/password/rules/.
func (s *Server) GetPasswordRules(context.Context, gen.GetPasswordRulesRequestObject) (gen.GetPasswordRulesResponseObject, error) {
	rules := s.accounts.PasswordRules()
	return gen.GetPasswordRules200JSONResponse{MinLength: rules.MinLength, MaxLength: rules.MaxLength, Help: rules.Help}, nil
}

// Introspect tells another service about a token: POST /users/introspect/.
func (s *Server) Introspect(ctx context.Context, in gen.IntrospectRequestObject) (gen.IntrospectResponseObject, error) {
	by, err := s.signin.Introspect(ctx, in.Body.Token, reqctx.From(ctx).Client)
	if err != nil {
		return nil, err
	}
	return gen.Introspect200JSONResponse(toIntrospection(by)), nil
}

// GetKeys publishes the keys of access tokens: GET /.well-known/jwks.json.
func (s *Server) GetKeys(ctx context.Context, in gen.GetKeysRequestObject) (gen.GetKeysResponseObject, error) {
	published, err := s.keys.Published(ctx)
	if err != nil {
		return nil, err
	}
	set, etag := toKeySet(published)
	if in.Params.IfNoneMatch != nil && matches(*in.Params.IfNoneMatch, etag) {
		return gen.GetKeys304Response{Headers: gen.GetKeys304ResponseHeaders{CacheControl: keysCacheControl, ETag: etag}}, nil
	}
	return gen.GetKeys200JSONResponse{Body: set, Headers: gen.GetKeys200ResponseHeaders{CacheControl: keysCacheControl, ETag: etag}}, nil
}

// GetHealth reports that the process lives: GET /health.
func (*Server) GetHealth(context.Context, gen.GetHealthRequestObject) (gen.GetHealthResponseObject, error) {
	return gen.GetHealth200JSONResponse{Status: gen.Ok}, nil
}

// GetReadiness reports whether requests can be served: GET /health/ready.
func (s *Server) GetReadiness(ctx context.Context, _ gen.GetReadinessRequestObject) (gen.GetReadinessResponseObject, error) {
	if faults := s.ready(ctx); len(faults) > 0 {
		return nil, notReady(faults)
	}
	return gen.GetReadiness200JSONResponse{Status: gen.Ok}, nil
}
