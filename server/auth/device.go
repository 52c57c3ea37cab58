package auth

import (
	"strings"

	"github.com/mileusna/useragent"
)

// maxDevice is how many characters of a user agent that names no browser are shown.
const maxDevice = 40

// Device returns what a person would call the client that signed in, such as "Chrome on
// Linux" or "Safari on iPhone", by its user agent: which anybody can make up.
func (s Session) Device() string {
	agent := useragent.Parse(s.UserAgent)
	browser, system := strings.TrimSpace(strings.TrimPrefix(agent.Name, "Ubuntu ")), agent.OS
	if agent.Device == "iPhone" || agent.Device == "iPad" { // what people call them, and not iOS
		system = agent.Device
	}
	if system != "" && browser != "" {
		return cutDevice(browser) + " on " + system
	}
	if browser == "" || !strings.HasPrefix(s.UserAgent, browser) { // a piece of what is no browser's
		browser = strings.TrimSpace(s.UserAgent)
	}
	if browser == "" {
		return "Unknown"
	}
	return cutDevice(browser)
}

func cutDevice(name string) string {
	if short := cutRunes(name, maxDevice); short != name {
		return cutRunes(name, maxDevice-1) + "…"
	}
	return name
}
