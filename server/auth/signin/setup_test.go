package signin_test

import (
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
)

type world struct{ *authtest.World }

func newWorld(t *testing.T, users ...auth.User) *world { return &world{authtest.New(t, users...)} }

// staffed is a world in which people administer others.
func staffed(t *testing.T) *world { return &world{authtest.Staffed(t)} }
