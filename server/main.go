// Command latchkey is the sign-in backend for a Next.js app.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/latchkey-auth/latchkey/server/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Whoever is told to end twice ends at once.
	context.AfterFunc(ctx, stop)
	code := cli.Run(ctx, os.Args[1:], cli.System())
	stop()
	os.Exit(code)
}
