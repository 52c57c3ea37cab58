// Package admin is the admin site: pages below /admin/ for members of staff,
// rendered on the server, that work without JavaScript.
//
//	/admin/                        what there is, and recent activity
//	/admin/login/, logout/         sign in and out
//	/admin/setup/?token=…          the first superuser, by the link that serve prints
//	/admin/password/               change the password of who is signed in
//	/admin/users/                  a list: search, filters, sorting, pages
//	/admin/users/export.csv        the list as a file
//	/admin/users/add/
//	/admin/users/7/                one item, to view or to change
//	/admin/users/7/history/        its events
//	/admin/users/7/delete/         an action on one item: what will happen, and the button
//	/admin/users/do/?action=…      an action on several items
//
// Users, groups, sessions and the audit log are each a [Model] that is registered in a
// file of its own; a further one is registered the same way ([Register]).
//
//	request.go   a request: who it is from, its form, cookies
//	origin.go    where a form came from
//	model.go     what a model is made of
//	list.go, change.go, action.go, history.go, export.go   the pages of every model
//	signin.go    sign in and out, the first superuser, the current user's password
//	render.go    templates and error pages
//	site.go      the site: its models, and which page answers a request
//	users.go, groups.go, sessions.go, auditlog.go          the models
//
// Rules are not here: the domain decides who may do what, and what may not be done at
// all. A page asks it and shows the answer.
package admin
