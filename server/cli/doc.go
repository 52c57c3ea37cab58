// Package cli is the command line, one file per command. A command loads the
// configuration, puts the app together, calls the domain and prints.
package cli
