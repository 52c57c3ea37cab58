package signin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// Limits are the settings of how often a secret can be guessed. server/config says where
// each default comes from.
type Limits struct {
	// PerClient and PerAccount are how many failures in a row an account has before the
	// first wait: from one network, device or session, and over all networks.
	PerClient, PerAccount int
	// PerNetwork is how many failures a network has in an hour, over all accounts, before
	// the first wait. 0: any number.
	PerNetwork int
	// UntilLocked is how many failures in a row, over any time, lock an account.
	UntilLocked int
	// Wait is the first wait, which is doubled by each further failure up to MaxWait;
	// AccountMaxWait bounds the waits that all networks share.
	Wait, MaxWait, AccountMaxWait time.Duration
	// DeviceLifetime is how long a device is told from a stranger's after a login on it,
	// and NetworkLifetime a network.
	DeviceLifetime, NetworkLifetime time.Duration
}

const (
	// forgetAfter is after how long without a failure waits begin anew: longer than any
	// wait, or who waits would be rewarded with more free guesses.
	forgetAfter = 24 * time.Hour
	// rememberTotal is how long without a failure the way to a locked account is remembered.
	// NIST SP 800-63B-4, section 3.2.2, counts consecutive failures whatever lies between
	// them; a year keeps what is stored bounded by what is guessed in one.
	rememberTotal = 365 * 24 * time.Hour
	// networkWindow is what a network's failures are counted in.
	networkWindow = time.Hour
)

// The kinds of counter: the part of a key after its account's.
const (
	kindAccount = "a" // an account, for strangers from all networks
	kindClient  = "c" // an account, for strangers from one network
	kindKnown   = "k" // an account, from a network that its user signed in from lately
	kindDevice  = "d" // an account, on a device that its user signed in on
	kindSession = "s" // an account, in one of its user's sessions
	kindNetwork = "n" // a network, over all accounts
)

// AccountKey returns what the keys of an account's counters begin with. It is the same
// for all spellings of an address, and for one that nobody has.
func (s *Service) AccountKey(email string) string { return s.mac("account", auth.EmailKey(email)) }

// loginCounters returns what a login without a device is counted under. Of the two ways
// to count, the store takes one: where the network is known, strangers' failures count for
// nothing. It is known for the exact address alone: of two users whose addresses differ in
// letter case, the one could otherwise make a network known for the other.
func (s *Service) loginCounters(in Credentials, now time.Time) []Counter {
	account, network := s.AccountKey(in.Email), in.Client.Network()
	counters := []Counter{
		{account + kindClient + s.mac("client", network.String()), RoleStranger, s.limit(s.cfg.Limits.PerClient, forgetAfter)},
		{account + kindAccount, RoleStranger, s.accountLimit()},
	}
	if network.IsValid() {
		known := s.limit(s.cfg.Limits.PerClient, 0) // kept as long as the login has said
		known.Stop = s.cfg.Limits.UntilLocked
		counters = append(counters, Counter{s.knownNetworkKey(in.Email, network), RoleKnown, known})
	}
	if s.cfg.Limits.PerNetwork > 0 {
		// Failures count within whole hours, so that an office with many people starts anew
		// although somebody mistypes a password at every hour of the day.
		key := s.mac("network", network.String(), now.Truncate(networkWindow).Format(time.RFC3339)) + kindNetwork
		counters = append(counters, Counter{key, RoleAny, s.limit(s.cfg.Limits.PerNetwork, networkWindow)})
	}
	return counters
}

// deviceCounters returns what a login with a good device token is counted under.
func (s *Service) deviceCounters(email string, d device) []Counter {
	return s.ownCounters(email, kindDevice, d.id, s.cfg.Limits.DeviceLifetime)
}

// sessionCounters returns what a proof within a session is counted under. Whoever has
// stolen a session guesses within it alone, and keeps nobody from another.
func (s *Service) sessionCounters(by *auth.Principal) []Counter {
	return s.ownCounters(by.User.Email, kindSession, by.Session.ID, s.cfg.SessionLifetime)
}

// ownCounters returns the one counter of what a stranger has not.
func (s *Service) ownCounters(email, kind, id string, keep time.Duration) []Counter {
	limit := s.limit(s.cfg.Limits.PerClient, keep)
	limit.Stop = s.cfg.Limits.UntilLocked
	return []Counter{{s.AccountKey(email) + kind + s.mac(kind, id), RoleAny, limit}}
}

func (s *Service) knownNetworkKey(email string, network netip.Prefix) string {
	return s.AccountKey(email) + kindKnown + s.mac("known", email, network.String())
}

func (s *Service) limit(free int, keep time.Duration) Limit {
	return Limit{Free: free, Wait: s.cfg.Limits.Wait, MaxWait: s.cfg.Limits.MaxWait, Forget: forgetAfter, Keep: keep}
}

func (s *Service) accountLimit() Limit {
	limit := s.limit(s.cfg.Limits.PerAccount, rememberTotal)
	limit.MaxWait, limit.Stop = s.cfg.Limits.AccountMaxWait, s.cfg.Limits.UntilLocked
	return limit
}

// mac returns 96 bits of an HMAC in 16 characters: people type passwords into the e-mail
// field, and nobody who reads the database is to learn one.
func (s *Service) mac(parts ...string) string {
	mac := hmac.New(sha256.New, s.cfg.AttemptKey)
	for _, part := range parts {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:12])
}
