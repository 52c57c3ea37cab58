package config

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// MaxUntilLocked is the most that NIST SP 800-63B-4, section 3.2.2, allows: a verifier
// "SHALL limit consecutive failed authentication attempts using a specific authenticator on
// a single subscriber account to no more than 100".
const MaxUntilLocked = 100

// longestWait is what a wait may be set to: failures are remembered for a day after the
// last, and who waits must not find them forgotten.
const longestWait = 12 * time.Hour

// guessingSettings are how often a secret can be guessed. A usage says where its default
// comes from.
func guessingSettings() []setting {
	return []setting{
		{"LATCHKEY_GUESSES_PER_CLIENT", "guesses-per-client", "5", "wrong passwords in a row for an account from one network, device or session before it has to wait: a `NUMBER` that people who mistype seldom reach", assignCount(1, MaxUntilLocked, func(c *Config) *int { return &c.Guessing.PerClient })},
		{"LATCHKEY_GUESSES_PER_ACCOUNT", "guesses-per-account", "20", "the same `NUMBER` for an account from all networks that its user has not signed in from lately: four times as many, as they may be four people", assignCount(1, MaxUntilLocked, func(c *Config) *int { return &c.Guessing.PerAccount })},
		{"LATCHKEY_GUESSES_PER_NETWORK", "guesses-per-network", "100", "wrong passwords in an hour from one network over all accounts before it has to wait: a `NUMBER` that an office of 500 does not reach; 0 for no limit", assignCount(0, 1_000_000, func(c *Config) *int { return &c.Guessing.PerNetwork })},
		{"LATCHKEY_GUESSES_UNTIL_LOCKED", "guesses-until-locked", "100", "wrong passwords in a row, over any time, that lock an account until its password is set or somebody unlocks it: a `NUMBER` of 100 at most (NIST SP 800-63B-4)", assignCount(1, MaxUntilLocked, func(c *Config) *int { return &c.Guessing.UntilLocked })},
		{"LATCHKEY_GUESS_WAIT", "guess-wait", "1m", "the first wait, doubled by each further wrong password, as a `DURATION`: short, since whoever mistyped waits too", assignWait(func(c *Config) *time.Duration { return &c.Guessing.Wait })},
		{"LATCHKEY_GUESS_MAX_WAIT", "guess-max-wait", "1h", "the longest wait of one network, device or session, as a `DURATION`: some 30 guesses a day", assignWait(func(c *Config) *time.Duration { return &c.Guessing.MaxWait })},
		{"LATCHKEY_GUESS_ACCOUNT_MAX_WAIT", "guess-account-max-wait", "15m", "the longest wait that all strangers to an account share, as a `DURATION`: shorter, since its owner on a new device is one of them, and long enough that locking it takes most of a day", assignWait(func(c *Config) *time.Duration { return &c.Guessing.AccountMaxWait })},
		{"LATCHKEY_DEVICE_LIFETIME", "device-lifetime", "4320h", "how long a browser counts apart from strangers after signing in, as a `DURATION`: half a year, so that people who seldom come are known", assignDuration(func(c *Config) *time.Duration { return &c.Guessing.DeviceLifetime })},
		{"LATCHKEY_NETWORK_LIFETIME", "network-lifetime", "720h", "how long a network does, as a `DURATION`: shorter, since addresses change hands", assignDuration(func(c *Config) *time.Duration { return &c.Guessing.NetworkLifetime })},
		{"LATCHKEY_GUESS_COUNTERS", "guess-counters", "1000000", "the largest `NUMBER` of counters that is kept, 100 to 200 MB; beyond it those with the fewest failures go", assignCount(1000, 1_000_000_000, func(c *Config) *int { return &c.Guessing.MaxCounters })},
	}
}

func assignCount(least, most int, field func(*Config) *int) func(*Config, string) error {
	return func(c *Config, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > most {
			return fmt.Errorf("want a number from %d to %d", least, most)
		}
		*field(c) = n
		return nil
	}
}

func assignWait(field func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, value string) error {
		if err := assignDuration(field)(c, value); err != nil {
			return errors.New("want a duration of at least a second, like 90s or 15m")
		}
		if *field(c) > longestWait {
			return errors.New("must not be longer than 12h")
		}
		return nil
	}
}

// checkGuessing finds limits that contradict each other.
func (c *Config) checkGuessing() []error {
	var faults []error
	if c.Guessing.MaxWait < c.Guessing.Wait {
		faults = append(faults, errors.New("LATCHKEY_GUESS_MAX_WAIT: must not be shorter than LATCHKEY_GUESS_WAIT"))
	}
	if c.Guessing.AccountMaxWait < c.Guessing.Wait {
		faults = append(faults, errors.New("LATCHKEY_GUESS_ACCOUNT_MAX_WAIT: must not be shorter than LATCHKEY_GUESS_WAIT"))
	}
	return faults
}
