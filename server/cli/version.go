package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// version is the release. The linker sets it to something else for builds in
// between: -ldflags "-X …/server/cli.version=…".
var version = "0.1.0"

// Version returns the release that this binary is.
func Version() string { return version }

func newVersion(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(env.Stdout, "latchkey %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
