package breached

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // it is what the service knows passwords by, and protects nothing
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth/accounts"
)

const (
	// timeout is how long the service may take: somebody waits for their new password. Have I
	// Been Pwned answers from a cache near by, in tens of milliseconds.
	timeout = time.Second
	// prefixLength is how much of the digest the service is told, in hexadecimal digits.
	prefixLength = 5
	// maxAnswer is several times what a range takes: about a thousand lines of 40 bytes, padded.
	maxAnswer = 1 << 20
)

// Range is a range service.
type Range struct {
	base   string // with a slash at its end
	client *http.Client
	log    *slog.Logger
}

var _ accounts.Breaches = (*Range)(nil)

// New returns the service at a URL, to which five digits are appended.
func New(base *url.URL, log *slog.Logger) *Range {
	return &Range{
		base: strings.TrimSuffix(base.String(), "/") + "/",
		client: &http.Client{
			Timeout:       timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("it redirects") },
		},
		log: log,
	}
}

// IsBreached implements [accounts.Breaches]. It fails open: that a service of others cannot be
// reached must keep nobody from changing a password, least of all one that has leaked.
func (r *Range) IsBreached(ctx context.Context, password string) bool {
	sum := sha1.Sum([]byte(password)) //nolint:gosec // see above
	digest := strings.ToUpper(hex.EncodeToString(sum[:]))
	known, err := r.knows(ctx, digest[:prefixLength], digest[prefixLength:])
	if err != nil {
		r.log.WarnContext(ctx, "a new password was not checked for breaches", "error", err)
	}
	return known
}

// knows reports whether a digest is in the service's answer.
func (r *Range) knows(ctx context.Context, prefix, suffix string) (known bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+prefix, http.NoBody)
	if err != nil {
		return false, fmt.Errorf("asking for a range: %w", err)
	}
	// Answers of one length do not tell whoever watches the line which range was asked for.
	request.Header.Set("Add-Padding", "true")
	request.Header.Set("User-Agent", "latchkey")
	response, err := r.client.Do(request)
	if err != nil {
		return false, fmt.Errorf("asking for a range: %w", withoutURL(err))
	}
	defer func() { _ = response.Body.Close() }() // it was read, or it does not matter
	if response.StatusCode != http.StatusOK {
		return false, fmt.Errorf("asking for a range: answered %d", response.StatusCode)
	}
	lines := bufio.NewScanner(io.LimitReader(response.Body, maxAnswer))
	for lines.Scan() {
		found, count, _ := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		if strings.EqualFold(found, suffix) && count != "0" { // 0: padding
			return true, nil
		}
	}
	if err := lines.Err(); err != nil {
		return false, fmt.Errorf("reading a range: %w", err)
	}
	return false, nil
}

// withoutURL leaves the URL out of an error: it has a part of the digest.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
