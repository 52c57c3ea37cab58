package admin

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/latchkey-auth/latchkey/server/auth"
)

func (s *Site) sessions() Model[auth.UserSession] {
	return Model[auth.UserSession]{
		Name: "sessions", Label: "Sessions", One: "session", Many: "sessions", Permissions: auth.SessionModel,
		Key:   func(u auth.UserSession) string { return u.ID },
		Title: func(u auth.UserSession) string { return u.Email + ", " + u.Device() },
		Columns: []Column[auth.UserSession]{
			{"browser", "Browser", false, func(u auth.UserSession) Cell { return Text(u.Device()) }},
			{"email", "User", true, func(u auth.UserSession) Cell {
				return Cell{Text: u.Email, Link: Prefix + "users/" + strconv.FormatInt(u.UserID, 10) + "/", Person: true}
			}},
			{"address", "IP address", false, func(u auth.UserSession) Cell { return Text(u.Address) }},
			{"channel", "Channel", true, func(u auth.UserSession) Cell { return Cell{Text: channelName(u.Channel), Badge: true} }},
			{"created_at", "Signed in", true, func(u auth.UserSession) Cell { return At(&u.CreatedAt) }},
			{"renewed_at", "Last renewed", true, func(u auth.UserSession) Cell { return At(&u.RenewedAt) }},
			{"state", "State", false, func(u auth.UserSession) Cell { return Cell{Text: s.stateOf(u), Badge: true} }},
		},
		Sort: "renewed_at", Descending: true, Search: "Search by user, IP address or browser",
		Filters: []Filter{
			Choose("state", "State",
				Choice{"open", "Active", func(now time.Time) auth.Filter { return auth.Equal("open", now) }},
				Choice{"over", "Ended or expired", func(now time.Time) auth.Filter { return auth.Equal("over", now) }}),
			OneOf("channel", "Channel", channelName, auth.ChannelAPI, auth.ChannelAdmin),
		},
		List:   s.accounts.ListSessions,
		Get:    s.getSession,
		Fields: s.sessionFields,
		Actions: []Action[auth.UserSession]{{
			Name: "end", Label: "End session", Needs: []auth.PermissionName{auth.SessionModel.May(auth.Delete)}, OnOne: true, OnSeveral: true, Confirm: true, Destructive: true,
			Offer: func(u auth.UserSession) bool { return !u.IsOver(auth.Now(s.clock)) },
			Explain: func(_ context.Context, _ *auth.Principal, items []auth.UserSession) ([]string, error) {
				return []string{english.PluralWord(len(items), "The session ends", "The sessions end") + " immediately. The user can sign in again."}, nil
			},
			Run: func(ctx context.Context, by *auth.Principal, items []auth.UserSession, _ Form) (string, error) {
				// The session of this request comes last: it could not end the others afterwards.
				isOwn := func(u auth.UserSession) bool { return u.ID == by.Session.ID }
				if own := slices.IndexFunc(items, isOwn); own >= 0 {
					items = append(slices.Delete(slices.Clone(items), own, own+1), items[own])
				}
				for _, item := range items {
					if err := s.accounts.EndSession(ctx, by, item.ID); err != nil {
						return "", err
					}
				}
				return english.Plural(len(items), "session", "") + " ended.", nil
			},
		}},
	}
}

// sessionFields returns what is shown of a session; nothing of it can be changed.
func (s *Site) sessionFields(_ context.Context, _ *auth.Principal, u *auth.UserSession) ([]Fieldset, error) {
	fields := []Field{
		{Label: "User", Kind: ShownField, Shown: Cell{Text: u.Email, Link: Prefix + "users/" + strconv.FormatInt(u.UserID, 10) + "/"}},
		{Label: "State", Kind: ShownField, Shown: Cell{Text: s.stateOf(*u), Badge: true}},
		{Label: "Channel", Kind: ShownField, Shown: Text(channelName(u.Channel))},
		{Label: "Browser", Kind: ShownField, Shown: Text(u.UserAgent)},
		{Label: "IP address", Kind: ShownField, Shown: Text(u.Address)},
		{Label: "Signed in", Kind: ShownField, Shown: At(&u.CreatedAt)},
		{Label: "Last renewed", Kind: ShownField, Shown: At(&u.RenewedAt)},
		{Label: "Expires", Kind: ShownField, Shown: At(&u.ExpiresAt)},
	}
	if u.RevokedAt != nil {
		fields = append(fields, Field{Label: "Ended", Kind: ShownField, Shown: At(u.RevokedAt)})
	}
	return []Fieldset{{Fields: fields}}, nil
}

func (s *Site) getSession(ctx context.Context, by *auth.Principal, key string) (auth.UserSession, error) {
	missing := doesNotExist("session")
	if len(key) > 32 || strings.ContainsFunc(key, func(r rune) bool { return r < '0' || r > 'z' }) {
		return auth.UserSession{}, missing
	}
	return s.accounts.Session(ctx, by, key)
}

func (s *Site) stateOf(u auth.UserSession) string {
	switch {
	case u.RevokedAt != nil:
		return "ended"
	case u.IsOver(auth.Now(s.clock)):
		return "expired"
	}
	return "active"
}

func channelName(channel auth.Channel) string {
	switch channel {
	case auth.ChannelAPI:
		return "API"
	case auth.ChannelAdmin:
		return "Admin site"
	case auth.ChannelCLI:
		return "Command line"
	case auth.ChannelBackground:
		return "Background job"
	}
	return string(channel)
}

func sessionsOf(email string) string {
	return Prefix + "sessions/?" + url.Values{"q": {email}}.Encode()
}
