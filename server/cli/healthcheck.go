package cli

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-auth/latchkey/server/config"
)

// healthcheckTime is less than container engines wait by default.
const healthcheckTime = 8 * time.Second

func newHealthcheck(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Check whether the server is ready",
		Long: `Checks whether the server that runs on this machine with the same settings is ready.
The exit code is 0 if it is, for HEALTHCHECK in a container.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), env.LookupEnv)
			if err != nil {
				return usageError{err}
			}
			return checkHealth(cmd, env, cfg.Addr)
		},
	}
	config.AddFlags(cmd.Flags(), "addr")
	return cmd
}

func checkHealth(cmd *cobra.Command, env Env, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return usageError{err}
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/api/v1/health/ready", nil)
	if err != nil {
		return usageError{err}
	}
	// Not through the proxy that HTTP_PROXY may name: it is this machine.
	client := &http.Client{
		Timeout:       healthcheckTime,
		Transport:     &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // we never redirect
	}
	answer, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("not healthy: %w", err)
	}
	_ = answer.Body.Close() // nothing of it is read
	if answer.StatusCode != http.StatusOK {
		return errors.New("not healthy: the server answered " + answer.Status)
	}
	fmt.Fprintln(env.Stdout, "healthy")
	return nil
}
