package repo

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/latchkey-auth/latchkey/server/auth"
)

func asItIs(q *bun.SelectQuery) *bun.SelectQuery { return q }

var users = listing[userRow, auth.User]{
	table: "users_user AS u",
	alias: "u",
	id:    "u.id",
	columns: map[string]column{
		"id":           {sql: "u.id", unique: true},
		"email":        {sql: "u.email", unique: true, indexed: true},
		"first_name":   {sql: "u.first_name", indexed: true},
		"last_name":    {sql: "u.last_name", indexed: true},
		"is_staff":     {sql: "u.is_staff", indexed: true, rare: true},
		"is_superuser": {sql: "u.is_superuser", indexed: true, rare: true},
		"is_active":    {sql: "u.is_active", indexed: true, rare: false},
		"date_joined":  {sql: "u.date_joined", indexed: true},
		"last_login":   {sql: "u.last_login", indexed: true, nullable: true},
	},
	conditions: map[string]condition{
		"group": {
			sql: "EXISTS (SELECT 1 FROM users_user_groups AS ug WHERE ug.group_id = ? AND ug.user_id BETWEEN u.id AND u.id)",
			ids: "SELECT user_id AS id FROM users_user_groups WHERE group_id = ?",
		},
	},
	order:  "email",
	search: []string{"u.email", "u.first_name", "u.last_name"},
	// To ask for one id as a range makes SQLite look in the index, and not for the row.
	byID:    "EXISTS (SELECT 1 FROM users_user AS x WHERE ? AND x.id BETWEEN u.id AND u.id)",
	index:   userLookups,
	expand:  asItIs,
	convert: func(r *userRow) auth.User { return r.user() },
}

// ListUsers implements [auth.Reader].
func (s *Store) ListUsers(ctx context.Context, q auth.ListParams) (auth.Page[auth.User], error) {
	return users.some(ctx, s, q)
}

// EachUser implements [auth.Reader].
func (s *Store) EachUser(ctx context.Context, q auth.ListParams, f func(auth.User) error) error {
	return users.each(ctx, s, q, f)
}

type memberedGroupRow struct {
	groupRow `bun:",extend"`

	Members int `bun:"members,scanonly"`
}

var groups = listing[memberedGroupRow, auth.Group]{
	table: "auth_group AS g",
	alias: "g",
	id:    "g.id",
	columns: map[string]column{
		"name":    {sql: "g.name", unique: true},
		"members": {sql: "(SELECT count(*) FROM users_user_groups AS ug WHERE ug.group_id = g.id)"},
	},
	order:  "name",
	search: []string{"g.name"},
	expand: func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.ColumnExpr("g.id, g.name").
			ColumnExpr("(SELECT count(*) FROM users_user_groups AS ug WHERE ug.group_id = g.id) AS members")
	},
	convert: func(r *memberedGroupRow) auth.Group {
		return auth.Group{ID: r.ID, Name: r.Name, Members: r.Members}
	},
}

// ListGroups implements [auth.Reader].
func (s *Store) ListGroups(ctx context.Context, q auth.ListParams) (auth.Page[auth.Group], error) {
	return groups.some(ctx, s, q)
}

type ownedSessionRow struct {
	sessionRow `bun:",extend"`

	Email string `bun:"email,scanonly"`
}

var sessions = listing[ownedSessionRow, auth.UserSession]{
	table: "latchkey_session AS s JOIN users_user AS u ON u.id = s.user_id",
	alias: "s",
	id:    "s.id",
	columns: map[string]column{
		"id":         {sql: "s.id", unique: true},
		"email":      {sql: "u.email"},
		"created_at": {sql: "s.created_at"},
		"renewed_at": {sql: "s.renewed_at"},
		"channel":    {sql: "s.channel"},
		"user":       {sql: "s.user_id"},
	},
	conditions: map[string]condition{
		"open": {sql: "s.revoked_at IS NULL AND s.expires_at > ?"},
		"over": {sql: "(s.revoked_at IS NOT NULL OR s.expires_at <= ?)"},
	},
	order:  "renewed_at",
	search: []string{"u.email", "s.address", "s.user_agent"},
	expand: func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.ColumnExpr("s.*").ColumnExpr("u.email").Join("JOIN users_user AS u ON u.id = s.user_id")
	},
	convert: func(r *ownedSessionRow) auth.UserSession {
		return auth.UserSession{Session: r.session(), Email: r.Email}
	},
}

// ListSessions implements [auth.Reader].
func (s *Store) ListSessions(ctx context.Context, q auth.ListParams) (auth.Page[auth.UserSession], error) {
	return sessions.some(ctx, s, q)
}

var events = listing[eventRow, auth.Event]{
	table: "latchkey_event AS e",
	alias: "e",
	id:    "e.id",
	columns: map[string]column{
		"id":         {sql: "e.id", unique: true},
		"at":         {sql: "e.at"},
		"channel":    {sql: "e.channel"},
		"action":     {sql: "e.action"},
		"kind":       {sql: "e.kind"},
		"subject_id": {sql: "e.subject_id"},
		"actor_id":   {sql: "e.actor_id", nullable: true},
	},
	conditions: map[string]condition{
		"user":  {sql: "e.kind = 'user' AND e.subject_id = ?"},
		"group": {sql: "e.kind = 'group' AND e.subject_id = ?"},
	},
	order:   "id",
	search:  []string{"e.subject", "e.actor", "e.address", "e.changes"},
	expand:  asItIs,
	convert: func(r *eventRow) auth.Event { return r.event() },
}

// ListEvents implements [auth.Reader].
func (s *Store) ListEvents(ctx context.Context, q auth.ListParams) (auth.Page[auth.Event], error) {
	return events.some(ctx, s, q)
}

// EachEvent implements [auth.Reader].
func (s *Store) EachEvent(ctx context.Context, q auth.ListParams, f func(auth.Event) error) error {
	return events.each(ctx, s, q, f)
}
