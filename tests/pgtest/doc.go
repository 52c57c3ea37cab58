// Package pgtest gives a test a real PostgreSQL database in one line:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
//	func TestStore(t *testing.T) {
//		store := open(t, pgtest.NewDatabase(t))
//		...
//	}
//
// One server serves all tests of a test binary. It is started when the first
// test asks for a database, and is the first of these that can be had:
//
//  1. the server that TEST_DATABASE_URL names, where that is set: the URL of
//     a user who may create databases;
//  2. a container made by testcontainers-go, where a Docker daemon answers,
//     from the image that LATCHKEY_TEST_POSTGRES_IMAGE names, or postgres:17;
//  3. a throw-away cluster made with the PostgreSQL binaries of this machine.
//
// LATCHKEY_TEST_POSTGRES=url, testcontainers or local asks for exactly one of
// them. One line on standard error tells which one it became. Where there is
// none the test fails; it is never skipped, so that a green run always means
// that the tests have met a database.
//
// A local cluster disappears with the test binary, in whatever way that ends.
// A container is removed by Main, or, where the binary did not get that far,
// by the reaper of testcontainers unless that is disabled.
//
//	pgtest.go                      a database for a test
//	command.go                     a database for a command
//	server.go                      the server that they share, and which of the three it is
//	container.go                   the one in a container
//	local.go, binaries.go, supervise.go, port.go, user_unix.go, user_other.go
//	                               the one of this machine's binaries
//	proxy.go, link.go              a way to a server that a test cuts and mends
package pgtest
