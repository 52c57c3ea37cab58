// Package cli is the command line, one file per command. A command loads the
// configuration, puts the app together, calls the domain and prints.
//
//	root.go              the program: flags, exit codes, what every command shares
//	serve.go             serve
//	migrate.go           migrate up, down, status
//	createsuperuser.go   createsuperuser
//	changepassword.go    changepassword
//	user.go              user activate, deactivate, promote, demote, delete
//	audit.go             audit verify
//	keys.go              keys list, rotate, revoke
//	healthcheck.go       healthcheck
//	openapi.go           openapi
//	version.go           version
//	prompt.go            asking a person at a terminal
package cli
