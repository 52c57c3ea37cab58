package admin

import (
	"net/url"
	"strconv"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// historyView is what the template of a history sees.
type historyView struct {
	Heading, Back string
	Events        []eventView
	Pages         pager
}

// eventView is an event as pages show it.
type eventView struct {
	auth.Event
	Path string // "" for who may not see the log
}

func (m *registered[T]) serveHistory(v *visit, key string) error {
	if err := m.mustMay(v, auth.View); err != nil {
		return err
	}
	item, err := m.Get(v.r.Context(), key)
	if err != nil {
		return err
	}
	asked := listing{page: 1}
	asked.readPage(v.r.URL.Query().Get("p"))
	found, err := v.site.directory.ListEvents(v.r.Context(), auth.ListParams{
		Filters: []auth.Filter{auth.Equal(m.History, key)},
		Sort:    "id", Descending: true, Offset: (asked.page - 1) * pageSize, Size: pageSize,
	})
	if err != nil {
		return err
	}
	own := m.path(url.PathEscape(key))
	view := historyView{
		Heading: "What became of " + m.Title(item), Back: own,
		Events: eventViews(found.Items, v.staff.Rights),
		Pages:  pagesOf(v.r.URL.Query(), asked.page, found.Matches, found.Uncounted, len(found.Items)),
	}
	return v.render("history.html", page{
		Title:   "History: " + m.Title(item),
		Crumbs:  m.crumbs(Link{Label: m.Title(item), Path: own}, Link{Label: "History"}),
		Content: view,
	})
}

// eventViews shows from where something was done to those alone who may see it
// elsewhere, in the log or in the list of sessions.
func eventViews(events []auth.Event, rights auth.Rights) []eventView {
	whence := rights.Any(auth.EventModel, auth.View) || rights.Any(auth.SessionModel, auth.View)
	views := make([]eventView, 0, len(events))
	for _, event := range events {
		if !whence {
			event = event.WithoutClient()
		}
		view := eventView{Event: event}
		if rights.Any(auth.EventModel, auth.View) {
			view.Path = Prefix + "events/" + strconv.FormatInt(event.ID, 10) + "/"
		}
		views = append(views, view)
	}
	return views
}

// indexView is what the start page sees.
type indexView struct {
	Tiles  []tile
	Events []eventView
	Recent bool
}

func (s *Site) serveIndex(v *visit) error {
	tiles, err := totals(v.r.Context(), s.models, v.staff.Rights)
	if err != nil {
		return err
	}
	view := indexView{Tiles: tiles, Recent: v.staff.Rights.Any(auth.EventModel, auth.View)}
	if view.Recent {
		found, err := s.directory.ListEvents(v.r.Context(), auth.ListParams{Sort: "id", Descending: true, Size: 10})
		if err != nil {
			return err
		}
		view.Events = eventViews(found.Items, v.staff.Rights)
	}
	return v.render("index.html", page{Title: "Admin", Content: view})
}
