package cli

import (
	"github.com/spf13/cobra"

	contract "github.com/latchkey-auth/latchkey/api"
)

func newOpenAPI(env Env) *cobra.Command {
	return &cobra.Command{
		Use:     "openapi",
		Short:   "Print the OpenAPI document",
		Example: "  latchkey openapi > openapi.yaml",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := env.Stdout.Write(contract.YAML)
			return err
		},
	}
}
