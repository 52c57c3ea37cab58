package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/latchkey-auth/latchkey/server/cli"
)

// children are what this program is when it starts itself again.
var children = map[string]func(args []string) int{
	"child-bare":     bareServer,
	"child-latchkey": latchkeyServer,
	"child-hash":     hashChild,
	"child-flood":    floodChild,
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "bench:", err)
	return 1
}

// latchkeyServer is the product in this binary, so that it can be profiled.
func latchkeyServer(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go obey(stop)
	defer endProfile()
	return cli.Run(ctx, append([]string{"serve"}, args...), cli.System())
}

// serveUntilTold serves until SIGTERM or the end of standard input.
func serveUntilTold(serve, end func() error) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go obey(stop)
	go func() { _ = serve(); stop() }()
	<-ctx.Done()
	endProfile()
	_ = end() // the process ends anyway
	return 0
}

// obey reads standard input: a line names the file of a CPU profile to be begun
// now, and the end of it means to end.
func obey(end func()) {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		file, err := os.Create(strings.TrimSpace(lines.Text()))
		if err == nil {
			err = pprof.StartCPUProfile(file)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}
	end()
}

func endProfile() { pprof.StopCPUProfile() }

// hashChild prints how many argon2id hashes a second this machine makes, in as
// many goroutines as there are cores.
func hashChild(args []string) int {
	flags := flag.NewFlagSet("hash", flag.ExitOnError)
	during := flags.Duration("for", time.Second, "how long")
	_ = flags.Parse(args) // exits
	var count atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	end := began.Add(*during)
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for time.Now().Before(end) {
				argon2.IDKey([]byte(seedPassword), []byte("a salt of 22 character"), 2, 19456, 1, 32)
				count.Add(1)
			}
		})
	}
	all.Wait()
	return answer(float64(count.Load()) / time.Since(began).Seconds())
}

// floodChild floods the login from a process of its own, so that its clients
// and those who are measured do not wait for each other.
func floodChild(args []string) int {
	flags := flag.NewFlagSet("flood", flag.ExitOnError)
	l := load{}
	flags.StringVar(&l.addr, "addr", "", "whom to flood")
	flags.IntVar(&l.clients, "clients", 200, "how many clients")
	addresses := flags.Int("addresses", 1, "from how many addresses")
	flags.DurationVar(&l.during, "for", time.Second, "how long")
	flags.DurationVar(&l.warm, "warm", 0, "how long before that")
	flags.DurationVar(&l.pause, "pause", 0, "between two requests of a client")
	_ = flags.Parse(args) // exits
	l.requests = loginRequests(l.clients)
	for i := range *addresses {
		l.from = append(l.from, fmt.Sprintf("127.0.1.%d", 1+i))
	}
	return answer(l.run(context.Background()))
}

// answer prints what the parent reads.
func answer(value any) int {
	if err := json.NewEncoder(os.Stdout).Encode(value); err != nil {
		return fail(err)
	}
	return 0
}
