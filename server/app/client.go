package app

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientAddress returns the address of the client at the other end. The peer is
// the client, unless it is a trusted proxy: then the client is the last address
// in X-Forwarded-For that is not a trusted proxy too. What stands before it the
// client may have written itself.
func clientAddress(r *http.Request, trusted []netip.Prefix) (address string, viaProxy bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return "", false
	}
	client := peer.Addr().Unmap().WithZone("")
	if !isTrusted(client, trusted) {
		return client.String(), false
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := parseHop(strings.TrimSpace(hops[i]))
		if err != nil {
			break // nothing before it can be told apart from what was made up
		}
		client = hop.Unmap().WithZone("")
		if !isTrusted(client, trusted) {
			break
		}
	}
	return client.String(), true
}

// parseHop reads an address, with the port that some load balancers write or
// without.
func parseHop(text string) (netip.Addr, error) {
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr(), nil
	}
	return netip.ParseAddr(text)
}

func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	for _, prefix := range trusted {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}
