package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// settings are the flags.
type settings struct {
	seconds  float64
	rounds   int
	only     string
	users    int
	conns    int
	flooders int
	pause    time.Duration
	soak     time.Duration
	bareLog  bool
	postgres string
	binary   string
	profile  string
}

// slice is how long one of A B A B … lasts.
func (s *settings) slice() time.Duration { return time.Duration(s.seconds * float64(time.Second)) }

func main() {
	if len(os.Args) > 1 {
		if child := children[os.Args[1]]; child != nil {
			os.Exit(child(os.Args[2:]))
		}
	}
	set := parseFlags()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, set)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parseFlags() *settings {
	s := &settings{}
	flag.Float64Var(&s.seconds, "seconds", 1.5, "length of a slice, in `seconds`")
	flag.IntVar(&s.rounds, "rounds", 7, "how often each slice is measured")
	flag.StringVar(&s.only, "only", "session,alg,login,flood,guess,start,admin,rowcost,app", "which `parts` to run; soak is one more")
	flag.IntVar(&s.users, "users", 1_000_000, "users in the large database")
	flag.IntVar(&s.conns, "conns", 32, "connections that ask for /users/session/")
	flag.IntVar(&s.flooders, "flooders", 200, "clients that flood the login")
	flag.DurationVar(&s.pause, "pause", 0, "what a flooding client waits between two requests")
	flag.DurationVar(&s.soak, "soak", time.Minute, "how `long` logins flood a small container (part soak)")
	flag.BoolVar(&s.bareLog, "bare-log", true, "let the bare handler log each request, as latchkey does")
	flag.StringVar(&s.postgres, "postgres", "", "`URL` of a PostgreSQL user who may create databases (default: a throw-away cluster)")
	flag.StringVar(&s.binary, "binary", "", "the latchkey to measure (default: the one of this tree, built now)")
	flag.StringVar(&s.profile, "profile", "", "write CPU profiles into this `directory`; latchkey then runs inside this binary")
	flag.Parse()
	return s
}

// run prepares, measures part by part, and prints the table, also of what was
// measured before something failed.
func run(ctx context.Context, set *settings) (err error) {
	b, err := newBench(set)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.prepare(ctx); err != nil {
		return err
	}
	parts := []struct {
		name    string
		measure func(ctx context.Context, b *bench) error
	}{
		{"session", measureSession}, {"alg", measureAlgs}, {"login", measureLogins}, {"flood", measureFlood}, {"guess", measureGuesses}, {"start", measureStart},
		{"admin", measureAdmin}, {"rowcost", measureRowCost}, {"app", measureApp}, {"soak", measureSoak},
	}
	for _, part := range parts {
		if !strings.Contains(","+set.only+",", ","+part.name+",") {
			continue
		}
		b.progress("%s …", part.name)
		if err := part.measure(ctx, b); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", part.name, err), b.report.print(os.Stdout))
		}
	}
	return b.report.print(os.Stdout)
}

// machine says where the figures come from.
func (b *bench) machine() string {
	return fmt.Sprintf("%d cores (%s), %s, %s/%s; %s", runtime.NumCPU(), cpuModel(), runtime.Version(), runtime.GOOS, runtime.GOARCH, b.postgres.facts)
}

// cpuModel returns what Linux says, or "unknown".
func cpuModel() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // elsewhere there is none
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
