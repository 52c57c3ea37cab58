package app

import (
	"time"

	"github.com/latchkey-auth/latchkey/server/config"
)

// limits bound what clients can hold of the server: connections, requests, bytes and
// time. A test sets its own, short ones.
type limits struct {
	conns     int // connections in all
	perClient int // connections, or requests under way, of one client
	frontend  int // requests that the Next.js server has at once
	upgrades  int // of these, WebSockets

	body         int64 // bytes of one body for the Next.js server
	bodies       int64 // bytes of all bodies that the Next.js server has at once
	clientBodies int64 // of these, those of one client

	bodyStall time.Duration // between two parts of a body
	bodyGrace time.Duration // before a body must keep to bodyRate
	bodyRate  int64         // bytes per second, on average

	response time.Duration // until the Next.js server begins its answer
	upgrade  time.Duration // until it agrees to a WebSocket
	idle     time.Duration // that a WebSocket or an answer may be silent
	write    time.Duration // that a client may take to read a part of an answer
}

const (
	// spareConns are accepted beyond the cap, to be told that the server is full, or
	// that it is alive: one answer each.
	spareConns = 64
	// ownHandles is what the process needs beside connections: the database (32 at
	// the most, with files of SQLite), listener, log, and room for what libraries open.
	ownHandles = 128
	// enoughConns is the cap where handles allow more: a goroutine and its buffers take
	// some 20 KB each.
	enoughConns = 4096
	// freeBody is how much of each body is not counted with the others, so that a form
	// finds its way past those who upload: more than any form of the app has.
	freeBody = 16 << 10
)

// newLimits returns the limits by the settings, for a process that may have so many
// file handles; 0 means that nobody knows.
func newLimits(cfg *config.Config, handles int) limits {
	conns := cfg.MaxConnections
	if conns == 0 {
		conns = enoughConns
	}
	if handles > 0 {
		// Each takes one, and three of four may take another to the Next.js server.
		conns = min(conns, max(1, (handles-ownHandles-spareConns)*4/7))
	}
	return limits{
		conns:        conns,
		perClient:    min(cfg.MaxConnectionsPerClient, max(1, conns/2)), // one client never has all
		frontend:     max(1, conns*3/4),                                 // API and admin site go on
		upgrades:     max(1, conns/2),
		body:         cfg.FrontendMaxBody,
		bodies:       8 * cfg.FrontendMaxBody,
		clientBodies: 2 * cfg.FrontendMaxBody,
		// Apache's RequestReadTimeout has body=20,MinRate=500; a body that stops
		// altogether is known sooner.
		bodyStall: 10 * time.Second,
		bodyGrace: 20 * time.Second,
		bodyRate:  500,
		response:  cfg.FrontendTimeout,
		upgrade:   min(cfg.FrontendTimeout, 10*time.Second), // an app agrees at once, or has nobody who could
		idle:      cfg.FrontendIdleTimeout,
		write:     answerTimeout,
	}
}

// ConnectionCap returns how many connections there may be at once, and whether file
// handles, and not the setting, are what bounds them.
func (a *App) ConnectionCap() (conns int, byHandles bool) {
	return a.Connections.limits.conns, a.byHandles
}
