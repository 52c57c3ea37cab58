package app

import (
	"testing"
	"time"

	"github.com/latchkey-auth/latchkey/server/config"
)

// forever is for what must not be the bound that a test sees.
const forever = time.Hour

// testLimits are wide ones; a test narrows the one that it is about.
func testLimits() limits {
	return limits{
		conns: 1000, perClient: 1000, frontend: 1000, upgrades: 1000,
		body: 1 << 20, bodies: 1 << 30, clientBodies: 1 << 30,
		bodyStall: forever, bodyGrace: forever, bodyRate: 1,
		response: forever, upgrade: forever, idle: forever, write: forever,
	}
}

// Whatever is set, connections, those to the app behind and what we need ourselves
// have handles, and no client has all connections.
func TestLimitsFitTheFileHandles(t *testing.T) {
	t.Parallel()
	for _, handles := range []int{0, 64, 256, 1024, 4096, 1 << 20} {
		for _, set := range []int{0, 10, 100_000} {
			cfg := &config.Config{MaxConnections: set, MaxConnectionsPerClient: 256, FrontendMaxBody: 4 << 20, FrontendTimeout: time.Minute, FrontendIdleTimeout: time.Minute}
			l := newLimits(cfg, handles)
			if need := l.conns + l.frontend + spareConns + ownHandles; handles >= 256 && need > handles {
				t.Errorf("%d set, %d handles: %d are needed", set, handles, need)
			}
			if l.conns < 1 || l.perClient < 1 || l.perClient > l.conns || l.conns > 2 && (l.perClient >= l.conns || l.frontend >= l.conns || l.upgrades >= l.frontend) {
				t.Errorf("%d set, %d handles: %+v", set, handles, l)
			}
			if handles == 0 && set > 0 && l.conns != set {
				t.Errorf("%d set: %d", set, l.conns)
			}
		}
	}
}

func TestTheSoftLimitIsTheHardOne(t *testing.T) {
	t.Parallel()
	first := raiseHandles()
	if second := raiseHandles(); first != second || first == 0 {
		t.Errorf("%d handles, then %d", first, second)
	}
}
