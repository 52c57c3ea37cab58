package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

const (
	wayVariable = "LATCHKEY_TEST_POSTGRES"
	urlVariable = "TEST_DATABASE_URL"
)

const howToGetOne = `there is no PostgreSQL for the tests. Any one of these is enough:
  - install its binaries (Debian: apt-get install postgresql)
  - start Docker (the image postgres:17 is then run for the tests)
  - set TEST_DATABASE_URL to the postgres:// URL of a user who may create databases`

// server is a running PostgreSQL in which databases can be created.
type server struct {
	admin       *url.URL
	via         string
	description string // for people
	stop        func() error
}

var shared struct {
	once sync.Once
	srv  *server
	err  error
}

func sharedServer() (*server, error) {
	shared.once.Do(func() {
		shared.srv, shared.err = startAndAnnounce(context.Background())
	})
	return shared.srv, shared.err
}

func stopShared() error {
	// Takes the turn of a start that never happened, and makes the result of
	// one that did visible here.
	shared.once.Do(func() {})
	if shared.srv == nil {
		return nil
	}
	var err error
	if template.once.Do(func() {}); template.name != "" { // a server of somebody else's goes on
		err = execWithin(shared.srv, "DROP DATABASE IF EXISTS "+template.name+" WITH (FORCE)")
	}
	return errors.Join(err, shared.srv.stop())
}

func startAndAnnounce(ctx context.Context) (*server, error) {
	srv, err := start(ctx)
	if err != nil {
		return nil, err
	}
	version, err := srv.version(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("PostgreSQL by %s: %w", srv.via, err), srv.stop())
	}
	srv.description = fmt.Sprintf("PostgreSQL %s by %s", version, srv.via)
	fmt.Fprintln(os.Stderr, "pgtest:", srv.description)
	return srv, nil
}

// Server returns which server the databases are on, as "PostgreSQL 17.2 by …", and
// "" when there is none.
func Server() string {
	srv, err := sharedServer()
	if err != nil {
		return ""
	}
	return srv.description
}

func start(ctx context.Context) (*server, error) {
	switch way := os.Getenv(wayVariable); way {
	case "":
		return startFirstPossible(ctx)
	case "url":
		return useURL(os.Getenv(urlVariable))
	case "testcontainers":
		return startContainer(ctx)
	case "local":
		return startLocal()
	default:
		return nil, fmt.Errorf("%s is %q, but may only be url, testcontainers or local", wayVariable, way)
	}
}

func startFirstPossible(ctx context.Context) (*server, error) {
	if admin := os.Getenv(urlVariable); admin != "" {
		return useURL(admin)
	}
	srv, containerErr := startContainer(ctx)
	if containerErr == nil {
		return srv, nil
	}
	// A daemon that answers is what the developer wants the tests to use;
	// one that is not there at all is nothing to complain about.
	if !errors.Is(containerErr, errNoDaemon) {
		fmt.Fprintf(os.Stderr, "pgtest: WARNING: Docker answers, but gave no PostgreSQL: %v\n"+
			"pgtest: WARNING: using the PostgreSQL binaries of this machine instead (%s=testcontainers forbids that)\n",
			containerErr, wayVariable)
	}
	srv, err := startLocal()
	if errors.Is(err, errNoBinaries) {
		return nil, fmt.Errorf("%s\n(tried: %w; %w)", howToGetOne, containerErr, err)
	}
	return srv, err
}

func useURL(admin string) (*server, error) {
	if admin == "" {
		return nil, fmt.Errorf("%s=url needs %s", wayVariable, urlVariable)
	}
	return newServer(admin, urlVariable, func() error { return nil })
}

// newServer promises nothing about the server, only that admin has the form
// of a URL from which those of other databases can be derived.
func newServer(admin, via string, stop func() error) (*server, error) {
	u, err := url.Parse(admin)
	if err != nil {
		// The error of url.Parse quotes its input, which holds a password.
		return nil, fmt.Errorf("the URL of the server (%s) is malformed", via)
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, fmt.Errorf("the URL of the server (%s) does not begin with postgres://", via)
	}
	query := u.Query()
	if !query.Has("sslmode") {
		query.Set("sslmode", "disable")
		u.RawQuery = query.Encode()
	}
	return &server{admin: u, via: via, stop: stop}, nil
}

func (s *server) databaseURL(name string) string {
	u := *s.admin
	u.Path, u.RawPath = "/"+name, ""
	return u.String()
}

func (s *server) exec(ctx context.Context, statement string) error {
	return s.withConn(ctx, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
		return nil
	})
}

// version returns the bare number, without what distributions add to it.
func (s *server) version(ctx context.Context) (version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	err = s.withConn(ctx, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, "SHOW server_version").Scan(&version)
	})
	version, _, _ = strings.Cut(version, " ")
	return version, err
}

func (s *server) withConn(ctx context.Context, use func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return fmt.Errorf("connect to the server: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	return use(conn)
}
