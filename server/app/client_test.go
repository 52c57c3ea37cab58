package app

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestClientAddress(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("127.0.0.1/32")}
	tests := map[string]struct {
		peer      string
		forwarded []string // headers
		want      string
	}{
		"a client without a proxy":                         {"192.0.2.7:5000", nil, "192.0.2.7"},
		"a client that claims another address":             {"192.0.2.7:5000", []string{"198.51.100.1"}, "192.0.2.7"},
		"a client that claims a trusted one":               {"192.0.2.7:5000", []string{"10.0.0.1"}, "192.0.2.7"},
		"a client behind a proxy":                          {"10.0.0.1:5000", []string{"192.0.2.7"}, "192.0.2.7"},
		"a client behind several proxies":                  {"10.0.0.1:5000", []string{"192.0.2.7, 10.0.0.3, 10.0.0.2"}, "192.0.2.7"},
		"the same in several headers":                      {"10.0.0.1:5000", []string{"192.0.2.7", "10.0.0.3", "10.0.0.2"}, "192.0.2.7"},
		"a client that wrote a header before the proxy":    {"10.0.0.1:5000", []string{"198.51.100.1, 192.0.2.7"}, "192.0.2.7"},
		"one that wrote a trusted address before it":       {"10.0.0.1:5000", []string{"10.9.9.9, 192.0.2.7"}, "192.0.2.7"},
		"one that wrote garbage before it":                 {"10.0.0.1:5000", []string{"<script>, 192.0.2.7"}, "192.0.2.7"},
		"one that wrote a header of its own before it":     {"10.0.0.1:5000", []string{"198.51.100.1", "192.0.2.7"}, "192.0.2.7"},
		"one behind an untrusted proxy is that proxy":      {"10.0.0.1:5000", []string{"192.0.2.7, 203.0.113.5, 10.0.0.2"}, "203.0.113.5"},
		"a proxy that says nothing":                        {"10.0.0.1:5000", nil, "10.0.0.1"},
		"a proxy that says an empty word":                  {"10.0.0.1:5000", []string{""}, "10.0.0.1"},
		"a proxy that says garbage":                        {"10.0.0.1:5000", []string{"unknown"}, "10.0.0.1"},
		"garbage between the client and the proxy":         {"10.0.0.1:5000", []string{"192.0.2.7, unknown, 10.0.0.2"}, "10.0.0.2"},
		"a proxy that asks for itself":                     {"10.0.0.1:5000", []string{"10.0.0.9"}, "10.0.0.9"},
		"spaces around the address":                        {"10.0.0.1:5000", []string{"  192.0.2.7  "}, "192.0.2.7"},
		"a comma too many":                                 {"10.0.0.1:5000", []string{"192.0.2.7,"}, "10.0.0.1"},
		"IPv6":                                             {"[2001:db8::7]:5000", nil, "2001:db8::7"},
		"IPv6 in a long form":                              {"[fd00::1]:5000", []string{"2001:0DB8:0000::0007"}, "2001:db8::7"},
		"IPv6 behind IPv4":                                 {"10.0.0.1:5000", []string{"2001:db8::7"}, "2001:db8::7"},
		"IPv4 written as IPv6":                             {"[::ffff:192.0.2.7]:5000", nil, "192.0.2.7"},
		"a trusted proxy written as IPv6":                  {"[::ffff:10.0.0.1]:5000", []string{"192.0.2.7"}, "192.0.2.7"},
		"a trusted hop written as IPv6":                    {"10.0.0.1:5000", []string{"192.0.2.7, ::ffff:10.0.0.2"}, "192.0.2.7"},
		"IPv6 with a zone, which is this machine's matter": {"[fe80::1%eth0]:5000", nil, "fe80::1"},
		"a zone that a client made up":                     {"10.0.0.1:5000", []string{"fe80::1%" + "x"}, "fe80::1"},
		"an address with a port":                           {"10.0.0.1:5000", []string{"192.0.2.7:1234"}, "192.0.2.7"},
		"an IPv6 address with a port":                      {"10.0.0.1:5000", []string{"[2001:db8::7]:1234"}, "2001:db8::7"},
		"an address with a name for a port":                {"10.0.0.1:5000", []string{"192.0.2.7:http"}, "10.0.0.1"},
		"no peer":                                          {"", []string{"192.0.2.7"}, ""},
		"a peer on a socket":                               {"@", []string{"192.0.2.7"}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = test.peer
			for _, value := range test.forwarded {
				r.Header.Add("X-Forwarded-For", value)
			}
			r.Header.Set("X-Real-Ip", "198.51.100.99")
			r.Header.Set("Forwarded", "for=198.51.100.99")
			if got, _ := clientAddress(r, trusted); got != test.want {
				t.Errorf("is %q, want %q", got, test.want)
			}
			// Without proxies, nothing that is sent counts.
			got, viaProxy := clientAddress(r, nil)
			if peer, _ := clientAddress(&http.Request{RemoteAddr: test.peer}, nil); got != peer || viaProxy {
				t.Errorf("without proxies is %q, want %q", got, peer)
			}
		})
	}
}
