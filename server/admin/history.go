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
	Path string // "" for who may not view the audit log
}

func (m *registered[T]) serveHistory(req *request, key string) error {
	if err := m.mustMay(req, auth.View); err != nil {
		return err
	}
	item, err := m.Get(req.Context(), key)
	if err != nil {
		return err
	}
	params := listParams{page: 1}
	params.readPage(req.URL.Query().Get("p"))
	found, err := req.site.reader.ListEvents(req.Context(), auth.ListParams{
		Filters: []auth.Filter{auth.Equal(m.History, key)},
		Sort:    "id", Descending: true, Offset: (params.page - 1) * pageSize, Size: pageSize,
	})
	if err != nil {
		return err
	}
	own := m.path(url.PathEscape(key))
	view := historyView{
		Heading: "History of " + m.Title(item), Back: own,
		Events: eventViews(found.Items, req.staff.Rights),
		Pages:  pagesOf(req.URL.Query(), params.page, found.Matches, found.Uncounted, len(found.Items)),
	}
	return req.render("history.html", page{
		Title:   view.Heading,
		Crumbs:  m.crumbs(Link{Label: m.Title(item), Path: own}, Link{Label: "History"}),
		Content: view,
	})
}

// eventViews returns events for a page, with IP addresses only for who may see these
// in the audit log or in the list of sessions.
func eventViews(events []auth.Event, rights auth.Rights) []eventView {
	seesClients := rights.Any(auth.EventModel, auth.View) || rights.Any(auth.SessionModel, auth.View)
	views := make([]eventView, 0, len(events))
	for _, event := range events {
		if !seesClients {
			event = event.WithoutClient()
		}
		view := eventView{Event: event}
		if rights.Any(auth.EventModel, auth.View) {
			view.Path = Prefix + auditLog + "/" + strconv.FormatInt(event.ID, 10) + "/"
		}
		views = append(views, view)
	}
	return views
}

// indexView is what the template of the home page sees.
type indexView struct {
	Tiles  []tile
	Events []eventView
	Recent bool
}

func (s *Site) serveIndex(req *request) error {
	tiles, err := totals(req.Context(), s.models, req.staff.Rights)
	if err != nil {
		return err
	}
	view := indexView{Tiles: tiles, Recent: req.staff.Rights.Any(auth.EventModel, auth.View)}
	if view.Recent {
		found, err := s.reader.ListEvents(req.Context(), auth.ListParams{Sort: "id", Descending: true, Size: 10})
		if err != nil {
			return err
		}
		view.Events = eventViews(found.Items, req.staff.Rights)
	}
	return req.render("index.html", page{Title: "Admin", Content: view})
}
