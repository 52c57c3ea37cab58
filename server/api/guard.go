package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/gin-gonic/gin"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/problem"
	"github.com/latchkey-auth/latchkey/server/reqctx"
)

// maxBody is more than any body the contract asks for.
const maxBody = 64 << 10

// bodyTimeout is how long a client may take to send its body.
const bodyTimeout = 5 * time.Second

// guard stands before every handler. What it lets through is small enough, from
// somebody who may call the operation, and as the contract wants it – in this
// order, so that a stranger learns nothing about the rest.
type guard struct {
	base       string
	operations map[operationKey]*operation
	problems   problems
	options    *openapi3filter.Options
	large      largeBodies
}

func (g *guard) handle(c *gin.Context) {
	leave, err := g.check(c)
	defer leave()
	if err != nil {
		g.problems.write(c.Writer, c.Request, err)
		c.Abort()
		return
	}
	c.Next()
}

// check returns what to do when the request is answered.
func (g *guard) check(c *gin.Context) (leave func(), err error) {
	leave = func() {}
	op := g.operations[keyOf(c.Request.Method, c.FullPath()[len(g.base):])]
	if op == nil {
		return leave, errors.New("a route that is not in the contract: " + c.FullPath())
	}
	if c.Request.ContentLength > maxBody {
		return leave, errBodyTooLarge
	}
	if err := g.identify(c, op); err != nil {
		return leave, err
	}
	if op.body != nil {
		if leave, err = g.large.enter(c.Request); err != nil {
			return leave, err
		}
	}
	return leave, g.validate(c, op)
}

// identify puts who is signed in where [principal] finds it.
func (g *guard) identify(c *gin.Context, op *operation) error {
	if op.access == public {
		return nil
	}
	token, err := bearer(c.Request.Header)
	if err == nil {
		var by *auth.Principal
		ctx := c.Request.Context()
		if by, err = op.scheme.authenticate(ctx, token, reqctx.From(ctx).Client); err == nil {
			c.Set(principalKey, by)
			return nil
		}
	}
	err = op.scheme.inWords(err)
	if op.access == optional && problem.Status(auth.ErrorCode(err)) == http.StatusUnauthorized {
		return nil
	}
	return err
}

// validate holds the request against the contract.
func (g *guard) validate(c *gin.Context, op *operation) error {
	if op.body == nil && !op.parameters {
		return nil
	}
	r := c.Request
	if op.body != nil {
		if err := prepareBody(c.Writer, r, op.body); err != nil {
			return err
		}
	}
	if op.body == nil {
		// The validator would wait for a body that nobody reads, and read all of it.
		without := *r
		without.Body = http.NoBody
		r = &without
	}
	params := make(map[string]string, len(c.Params))
	for _, p := range c.Params {
		params[p.Key] = p.Value
	}
	return invalid(openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request:    r,
		PathParams: params,
		Route:      op.route,
		Options:    g.options,
	}))
}

// principalKey is a string, since that is what gin's context looks for.
const principalKey = "latchkey.principal"

// principal returns the user who makes the request. It is nil only where the operation's
// `security` lets in anybody, or a service.
func principal(ctx context.Context) *auth.Principal {
	by, _ := ctx.Value(principalKey).(*auth.Principal)
	return by
}
