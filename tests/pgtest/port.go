package pgtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Kernels give the ports above these to outgoing connections and to
// listeners that do not care. A port in this range is still free when it is
// closed for a while and wanted again.
const (
	firstPort    = 20000
	lastPort     = 32000
	portsToProbe = 100
)

// listen opens a port of 127.0.0.1 that nobody gets by accident.
func listen() (net.Listener, error) {
	var failures error
	for range portsToProbe {
		port := firstPort + rand.IntN(lastPort-firstPort)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return listener, nil
		}
		failures = errors.Join(failures, err)
	}
	return nil, fmt.Errorf("no free port: %w", failures)
}

func freePort() (int, error) {
	listener, err := listen()
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}
