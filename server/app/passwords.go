package app

import (
	"net/url"
	"strings"

	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/breached"
	"github.com/latchkey-auth/latchkey/server/config"
)

// siteNames returns what the product and the site are called, which is what people make
// passwords from: latchkey, and the host that browsers know.
func siteNames(publicURL string) []string {
	names := []string{"latchkey"}
	u, err := url.Parse(publicURL)
	if err != nil { // the configuration has checked it
		return names
	}
	return append(names, strings.TrimPrefix(u.Hostname(), "www."))
}

// breaches returns who knows breached passwords, or nil where nobody is to be asked.
func (a *App) breaches(cfg *config.Config) accounts.Breaches {
	if cfg.BreachedPasswords == nil {
		return nil
	}
	return breached.New(cfg.BreachedPasswords, a.log)
}
