package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/modules/postgres"
)

const (
	imageVariable = "LATCHKEY_TEST_POSTGRES_IMAGE"
	defaultImage  = "postgres:17"

	daemonTimeout    = 10 * time.Second
	registryTimeout  = 20 * time.Second
	containerTimeout = 5 * time.Minute
)

var errNoDaemon = errors.New("no Docker daemon answers")

// unsafeSettings trade the safety of the data, which no test needs, for speed.
var unsafeSettings = []string{
	"-c", "fsync=off",
	"-c", "synchronous_commit=off",
	"-c", "full_page_writes=off",
	"-c", "max_connections=200",
}

// startContainer returns an error that is errNoDaemon where there is no Docker.
func startContainer(ctx context.Context) (*server, error) {
	image := os.Getenv(imageVariable)
	if image == "" {
		image = defaultImage
	}
	// What testcontainers has to tell goes into the errors it returns.
	log.SetDefault(log.NewNoopLogger())
	if err := checkDaemon(ctx, image); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, containerTimeout)
	defer cancel()
	container, err := postgres.Run(ctx, image,
		postgres.WithPassword(rand.Text()),
		testcontainers.WithCmdArgs(unsafeSettings...),
		postgres.BasicWaitStrategies())
	// Nothing in the container is worth an orderly end.
	stop := func() error { return testcontainers.TerminateContainer(container, testcontainers.StopTimeout(0)) }
	if err != nil {
		return nil, errors.Join(fmt.Errorf("container of the image %s: %w", image, err), stop())
	}
	admin, err := container.ConnectionString(ctx, "sslmode=disable")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("address of the container: %w", err), stop())
	}
	return newServer(admin, fmt.Sprintf("testcontainers (image %s)", image), stop)
}

// checkDaemon finds out in seconds what testcontainers would find out in many
// minutes: it asks a registry that cannot be reached again and again.
func checkDaemon(ctx context.Context, image string) (err error) {
	// testcontainers panics where it finds no socket to connect to.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errNoDaemon, r)
		}
	}()
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return fmt.Errorf("%w: %w", errNoDaemon, err)
	}
	defer func() { _ = provider.Close() }()

	daemonCtx, cancel := context.WithTimeout(ctx, daemonTimeout)
	defer cancel()
	if err := provider.Health(daemonCtx); err != nil {
		return fmt.Errorf("%w: %w", errNoDaemon, err)
	}
	return checkImage(ctx, provider.Client(), image)
}

// checkImage asks the registry without credentials: an image that needs them
// must have been pulled before.
func checkImage(ctx context.Context, docker client.APIClient, image string) error {
	ctx, cancel := context.WithTimeout(ctx, registryTimeout)
	defer cancel()
	if _, err := docker.ImageInspect(ctx, image); err == nil {
		return nil
	}
	if _, err := docker.DistributionInspect(ctx, image, client.DistributionInspectOptions{}); err != nil {
		return fmt.Errorf("image %s is not on this machine, and its registry did not answer for it: %w", image, err)
	}
	return nil
}
