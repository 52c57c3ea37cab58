package auth

import "net/netip"

// Client is the other end of a request, as far as the server can tell.
type Client struct {
	Address   string
	UserAgent string
}

// ipv6NetworkBits is what one subscriber has of an IPv6 address at the least (RFC 6177).
const ipv6NetworkBits = 64

// Network returns what counts as one client: the address, or the first 64 bits of an
// IPv6 address, since whoever has one has all of them. It is the zero Prefix when the
// address is not known.
func (c Client) Network() netip.Prefix {
	ip, err := netip.ParseAddr(c.Address)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = ipv6NetworkBits
	}
	network, _ := ip.Prefix(bits) // never more bits than it has
	return network
}
