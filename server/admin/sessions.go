package admin

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-auth/latchkey/server/auth"
)

func (s *Site) sessions() Model[auth.UserSession] {
	return Model[auth.UserSession]{
		Name: "sessions", One: "session", Many: "Sessions", Permissions: auth.SessionModel,
		Key:   func(u auth.UserSession) string { return u.ID },
		Title: func(u auth.UserSession) string { return u.Email + ", " + browserOf(u) },
		Columns: []Column[auth.UserSession]{
			{"browser", "Browser", false, func(u auth.UserSession) Cell { return Text(browserOf(u)) }},
			{"email", "User", true, func(u auth.UserSession) Cell {
				return Cell{Text: u.Email, Link: Prefix + "users/" + strconv.FormatInt(u.UserID, 10) + "/", Person: true}
			}},
			{"address", "Address", false, func(u auth.UserSession) Cell { return Text(u.Address) }},
			{"channel", "Channel", true, func(u auth.UserSession) Cell { return Cell{Text: channelName(u.Channel), Badge: true} }},
			{"created_at", "Since", true, func(u auth.UserSession) Cell { return At(&u.CreatedAt) }},
			{"renewed_at", "Last renewal", true, func(u auth.UserSession) Cell { return At(&u.RenewedAt) }},
			{"state", "State", false, func(u auth.UserSession) Cell { return Cell{Text: s.stateOf(u), Badge: true} }},
		},
		Sort: "renewed_at", Descending: true, Search: "Address, user or browser",
		Filters: []Filter{
			Choose("state", "State",
				Choice{"open", "Open", func(now time.Time) auth.Filter { return auth.Equal("open", now) }},
				Choice{"over", "Over", func(now time.Time) auth.Filter { return auth.Equal("over", now) }}),
			OneOf("channel", "Channel", string(auth.ChannelAPI), string(auth.ChannelAdmin)),
		},
		List: s.directory.ListSessions,
		Get:  s.getSession,
		Fields: func(_ context.Context, _ *auth.Staff, u *auth.UserSession) ([]Fieldset, error) {
			return []Fieldset{{Fields: []Field{
				{Label: "User", Kind: ShownField, Shown: Cell{Text: u.Email, Link: Prefix + "users/" + strconv.FormatInt(u.UserID, 10) + "/"}},
				{Label: "State", Kind: ShownField, Shown: Cell{Text: s.stateOf(*u), Badge: true}},
				{Label: "Channel", Kind: ShownField, Shown: Text(channelName(u.Channel))},
				{Label: "Browser", Kind: ShownField, Shown: Text(u.UserAgent)},
				{Label: "Address", Kind: ShownField, Shown: Text(u.Address)},
				{Label: "Since", Kind: ShownField, Shown: At(&u.CreatedAt)},
				{Label: "Last renewal", Kind: ShownField, Shown: At(&u.RenewedAt)},
				{Label: "Ends at the latest", Kind: ShownField, Shown: At(&u.ExpiresAt)},
				{Label: "Was ended", Kind: ShownField, Shown: At(u.RevokedAt)},
			}}}, nil
		},
		Actions: []Action[auth.UserSession]{{
			Name: "end", Label: "End", Needs: []auth.PermissionName{auth.SessionModel.May(auth.Delete)}, OnOne: true, OnSeveral: true, Confirm: true, Grave: true,
			Offer: func(u auth.UserSession) bool { return !u.IsOver(s.auth.Now()) },
			Explain: func(context.Context, []auth.UserSession) ([]string, error) {
				return []string{"Whoever is in it is signed out at once, and can sign in again."}, nil
			},
			Run: func(ctx context.Context, staff *auth.Staff, by auth.Actor, items []auth.UserSession, _ Form) (string, error) {
				// One's own comes last: nothing can be done in it afterwards.
				isOwn := func(u auth.UserSession) bool { return u.ID == staff.Session.ID }
				if own := slices.IndexFunc(items, isOwn); own >= 0 {
					items = append(slices.Delete(slices.Clone(items), own, own+1), items[own])
				}
				for _, item := range items {
					if err := s.auth.EndSession(ctx, by, item.ID); err != nil {
						return "", err
					}
				}
				return "Ended: " + plural(len(items), "session") + ".", nil
			},
		}},
	}
}

func (s *Site) getSession(ctx context.Context, key string) (auth.UserSession, error) {
	missing := auth.NotFound("There is no such session, or no longer.")
	if len(key) > 32 || strings.ContainsFunc(key, func(r rune) bool { return r < '0' || r > 'z' }) {
		return auth.UserSession{}, missing
	}
	found, err := s.directory.ListSessions(ctx, auth.ListParams{Filters: []auth.Filter{auth.Equal("id", key)}, Size: 1})
	if err != nil {
		return auth.UserSession{}, err
	}
	if len(found.Items) == 0 {
		return auth.UserSession{}, missing
	}
	return found.Items[0], nil
}

func (s *Site) stateOf(u auth.UserSession) string {
	switch {
	case u.RevokedAt != nil:
		return "ended"
	case u.IsOver(s.auth.Now()):
		return "over"
	}
	return "open"
}

func channelName(channel auth.Channel) string {
	switch channel {
	case auth.ChannelAPI:
		return "API"
	case auth.ChannelAdmin:
		return "Admin site"
	case auth.ChannelCLI:
		return "Command line"
	}
	return string(channel)
}

func sessionsOf(email string) string {
	return Prefix + "sessions/?" + url.Values{"q": {email}}.Encode()
}

// browsers are words of user agents, the more telling ones first: each calls itself
// by the names of the ones before it.
var (
	browsers = [][2]string{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"HeadlessChrome/", "Chrome, headless"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
		{"curl/", "curl"}, {"node", "Node.js"}, {"Go-http-client", "a Go program"}, {"python", "a Python program"},
	}
	systems = [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	}
)

// browserOf names what a user agent is, as far as people care.
func browserOf(u auth.UserSession) string {
	named := func(names [][2]string) string {
		for _, name := range names {
			if strings.Contains(u.UserAgent, name[0]) {
				return name[1]
			}
		}
		return ""
	}
	browser, system := named(browsers), named(systems)
	switch {
	case u.UserAgent == "":
		return "Unknown"
	case browser == "":
		return shortened(u.UserAgent)
	case system == "":
		return browser
	}
	return browser + " on " + system
}
