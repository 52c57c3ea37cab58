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
	item, err := m.Get(req.Context(), req.by, key)
	if err != nil {
		return err
	}
	params := listParams{page: 1}
	params.readPage(req.URL.Query().Get("p"))
	found, err := req.site.audit.History(req.Context(), req.by, m.Permissions, m.History, key, auth.ListParams{
		Offset: (params.page - 1) * pageSize, Size: pageSize,
	})
	if err != nil {
		return err
	}
	own := m.path(url.PathEscape(key))
	view := historyView{
		Heading: "History of " + m.Title(item), Back: own,
		Events: eventViews(found.Items, req.by.Rights),
		Pages:  pagesOf(req.URL.Query(), params.page, found.Matches, found.Uncounted, len(found.Items)),
	}
	return req.render("history.html", page{
		Title:   view.Heading,
		Crumbs:  m.crumbs(Link{Label: m.Title(item), Path: own}, Link{Label: "History"}),
		Content: view,
	})
}

// eventViews returns events for a page. They lead to the audit log for who may view it.
func eventViews(events []auth.Event, rights auth.Rights) []eventView {
	views := make([]eventView, 0, len(events))
	for _, event := range events {
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
	tiles, err := totals(req.Context(), s.models, req.by)
	if err != nil {
		return err
	}
	view := indexView{Tiles: tiles, Recent: req.by.Rights.Any(auth.EventModel, auth.View)}
	if view.Recent {
		found, err := s.audit.List(req.Context(), req.by, auth.ListParams{Sort: "id", Descending: true, Size: 10})
		if err != nil {
			return err
		}
		view.Events = eventViews(found.Items, req.by.Rights)
	}
	return req.render("index.html", page{Title: "Admin", Content: view})
}
