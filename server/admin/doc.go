// Package admin is the admin site: pages below /admin/ for members of staff,
// rendered on the server, that work without JavaScript.
//
//	/admin/                        what there is, and what happened last
//	/admin/login/, logout/         in and out
//	/admin/setup/?token=…          the first superuser, by the link that serve prints
//	/admin/password/               one's own
//	/admin/users/                  a list: search, filters, sorting, pages
//	/admin/users/export.csv        the same as a file
//	/admin/users/add/
//	/admin/users/7/                one, to look at or to change
//	/admin/users/7/history/        what became of it
//	/admin/users/7/delete/         an action on one: what will happen, and the button
//	/admin/users/do/?action=…      an action on several
//
// Users, groups, sessions and events are each a [Model] that is registered in a
// file of its own; a further one is registered the same way ([Register]).
//
//	visit.go     a request: who, from where, which form
//	model.go     what a model says of itself
//	list.go, change.go, action.go, history.go, export.go   the pages of every model
//	enter.go     login, logout, the first superuser, one's own password
//	render.go    templates; the page for every failure
//
// Rules are not here: whoever may do what, and what may not be done at all, is the
// domain's. A page asks it and shows what it answers.
package admin
