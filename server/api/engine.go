package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/gin-gonic/gin"

	"github.com/latchkey-auth/latchkey/gen"
	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/keys"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// Deps are what the operations need.
type Deps struct {
	SignIn   *signin.Service
	Accounts *accounts.Service
	Keys     *keys.Service
	// IntrospectionSecrets are those by which other services may ask about tokens; without
	// one, nobody may.
	IntrospectionSecrets [][]byte
	Ready                Readiness
	Log                  *slog.Logger
}

// New returns the handler of every path below the contract's server URL.
func New(deps Deps) (http.Handler, error) {
	contract, err := gen.GetSpec()
	if err != nil {
		return nil, fmt.Errorf("reading the contract: %w", err)
	}
	g, err := newGuard(contract, deps.schemes(), problems{log: deps.Log})
	if err != nil {
		return nil, fmt.Errorf("reading the contract: %w", err)
	}
	engine := newEngine(g.problems)
	routes := engine.Group(g.base, g.handle)
	gen.RegisterHandlersWithOptions(routes, newStrictHandler(&Server{signin: deps.SignIn, accounts: deps.Accounts, keys: deps.Keys, ready: deps.Ready}, g.problems),
		gen.GinServerOptions{ErrorHandler: func(c *gin.Context, err error, _ int) {
			g.problems.write(c.Writer, c.Request, invalidParameter(err))
		}})
	addOtherSlashes(engine, routes, g.base)
	return engine, nil
}

// ContractJSON returns the contract as JSON, for tools that read it.
func ContractJSON() ([]byte, error) {
	contract, err := gen.GetSpecJSON()
	if err != nil {
		return nil, fmt.Errorf("reading the contract: %w", err)
	}
	return contract, nil
}

func newGuard(contract *openapi3.T, schemes map[string]scheme, p problems) (*guard, error) {
	found, err := operations(contract, schemes)
	if err != nil {
		return nil, err
	}
	return &guard{
		base:       contract.Servers[0].URL,
		operations: found,
		problems:   p,
		large:      newLargeBodies(),
		options: &openapi3filter.Options{
			MultiError: true,
			// Or a second member in another letter case slips past validation.
			KeepValidatedValue: true,
			// The guard has seen to it, before this.
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		},
	}, nil
}

// newEngine sets gin up not to redirect, not to hide 405, and to hang the
// request's context on its own: or a client that hangs up would cancel nothing.
func newEngine(p problems) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.HandleMethodNotAllowed = true
	engine.ContextWithFallback = true
	engine.Use(recoverPanics(p))
	engine.NoRoute(func(c *gin.Context) { p.write(c.Writer, c.Request, errNotFound) })
	engine.NoMethod(func(c *gin.Context) { p.write(c.Writer, c.Request, errMethodNotAllowed) })
	return engine
}

func newStrictHandler(server gen.StrictServerInterface, p problems) gen.ServerInterface {
	write := func(c *gin.Context, err error) { p.write(c.Writer, c.Request, err) }
	return gen.NewStrictHandlerWithOptions(server, []gen.StrictMiddlewareFunc{detach, refuseNothing}, gen.StrictGinServerOptions{
		RequestErrorHandlerFunc:  func(c *gin.Context, err error) { write(c, invalidParameter(err)) },
		HandlerErrorFunc:         write,
		ResponseErrorHandlerFunc: write,
	})
}

// detach returns the handler a context of its own. gin uses its contexts again for
// other requests, while what a handler calls (database/sql, a driver) may look
// at the one it was given a moment longer, from its own goroutines.
func detach(next gen.StrictHandlerFunc, _ string) gen.StrictHandlerFunc {
	return func(c *gin.Context, in any) (any, error) { return next(c.Copy(), in) }
}

// refuseNothing makes an error of a handler that answers nothing at all, which
// would be an empty 200.
func refuseNothing(next gen.StrictHandlerFunc, operationID string) gen.StrictHandlerFunc {
	return func(c *gin.Context, in any) (any, error) {
		out, err := next(c, in)
		if out == nil && err == nil {
			return nil, errors.New(operationID + " answered nothing")
		}
		return out, err
	}
}

// invalidParameter is for what passes the contract and still does not bind,
// which is a gap in the contract. The error's text repeats what was sent.
func invalidParameter(error) error {
	return auth.Invalid(auth.FieldError{Field: "body", Message: "This does not match the contract."})
}

// addOtherSlashes lets every path answer the same with and without the slash at
// its end.
func addOtherSlashes(engine *gin.Engine, routes *gin.RouterGroup, base string) {
	for _, route := range engine.Routes() {
		routes.Handle(route.Method, withOtherSlash(route.Path)[len(base):], route.HandlerFunc)
	}
}

func recoverPanics(p problems) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			switch panicked := recover(); panicked {
			case nil:
			case http.ErrAbortHandler: // net/http's own way to hang up
				panic(panicked)
			default:
				p.write(c.Writer, c.Request, fmt.Errorf("panic: %v\n%s", panicked, debug.Stack()))
				c.Abort()
			}
		}()
		c.Next()
	}
}
