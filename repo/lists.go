package repo

import (
	"context"
	"fmt"

	"github.com/latchkey-auth/latchkey/repo/lists"
	"github.com/latchkey-auth/latchkey/server/auth"
)

// listPage reads a page of a list within the time that an operation may take.
func listPage[R, T any](ctx context.Context, s *Store, list *lists.Definition[R, T], params auth.ListParams) (auth.Page[T], error) {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	page, err := list.Page(ctx, s.lists, params)
	if err != nil {
		return auth.Page[T]{}, fmt.Errorf("reading a list: %w", translate(ctx, err))
	}
	return page, nil
}

// listEach reads a list row by row. It is not bounded in time, as how long it takes is
// up to f. An error of f's is no failure of the database, and returned as it is.
func listEach[R, T any](ctx context.Context, s *Store, list *lists.Definition[R, T], params auth.ListParams, f func(T) error) error {
	var stopped error
	err := list.Each(ctx, s.lists, params, func(item T) error {
		stopped = f(item)
		return stopped
	})
	if err == nil || stopped != nil {
		return stopped
	}
	return fmt.Errorf("reading a list: %w", translate(ctx, err))
}

type listedUserRow struct {
	userRow `bun:",extend"`

	Locked bool `bun:"locked,scanonly"`
}

const isLocked = "EXISTS (SELECT 1 FROM latchkey_attempt AS l WHERE l.user_id BETWEEN u.id AND u.id)"

var userList = lists.Definition[listedUserRow, auth.User]{
	Columns: map[string]lists.Column{
		"id":           {Type: lists.Int, Unique: true},
		"email":        {Type: lists.Text, Unique: true, Indexed: true},
		"first_name":   {Type: lists.Text, Indexed: true},
		"last_name":    {Type: lists.Text, Indexed: true},
		"is_staff":     {Type: lists.Bool, Indexed: true, Rare: true},
		"is_superuser": {Type: lists.Bool, Indexed: true, Rare: true},
		"is_active":    {Type: lists.Bool, Indexed: true, Rare: false},
		"date_joined":  {Type: lists.Time, Indexed: true},
		"last_login":   {Type: lists.Time, Indexed: true, Nullable: true},
	},
	Conditions: map[string]lists.Condition{
		// Asked for true alone: of the others there are too many to be found in an index.
		"locked": {
			Type: lists.Bool,
			SQL:  "(" + isLocked + " AND ?)",
			IDs:  "SELECT DISTINCT user_id AS id FROM latchkey_attempt WHERE user_id IS NOT NULL AND ?",
		},
		"group": {
			Type: lists.Int,
			SQL:  "EXISTS (SELECT 1 FROM users_user_groups AS ug WHERE ug.group_id = ? AND ug.user_id BETWEEN u.id AND u.id)",
			IDs:  "SELECT user_id AS id FROM users_user_groups WHERE group_id = ?",
		},
	},
	Order:  "email",
	Search: []string{"u.email", "u.first_name", "u.last_name"},
	Index:  userIndex,
	Select: []string{isLocked + " AS locked"},
	Convert: func(r *listedUserRow) auth.User {
		user := r.user()
		user.Locked = r.Locked
		return user
	},
}

// ListUsers implements [accounts.UserStore].
func (s *Store) ListUsers(ctx context.Context, params auth.ListParams) (auth.Page[auth.User], error) {
	return listPage(ctx, s, &userList, params)
}

// EachUser implements [accounts.UserStore].
func (s *Store) EachUser(ctx context.Context, params auth.ListParams, f func(auth.User) error) error {
	return listEach(ctx, s, &userList, params, f)
}

type memberedGroupRow struct {
	groupRow `bun:",extend"`

	Members int `bun:"members,scanonly"`
}

const membersOfGroup = "(SELECT count(*) FROM users_user_groups AS ug WHERE ug.group_id = g.id)"

var groupList = lists.Definition[memberedGroupRow, auth.Group]{
	Columns: map[string]lists.Column{
		"name":    {Type: lists.Text, Unique: true},
		"members": {Type: lists.Int, SQL: membersOfGroup},
	},
	Order:  "name",
	Search: []string{"g.name"},
	Select: []string{membersOfGroup + " AS members"},
	Convert: func(r *memberedGroupRow) auth.Group {
		return auth.Group{ID: r.ID, Name: r.Name, Members: r.Members}
	},
}

// ListGroups implements [accounts.GroupStore].
func (s *Store) ListGroups(ctx context.Context, params auth.ListParams) (auth.Page[auth.Group], error) {
	return listPage(ctx, s, &groupList, params)
}

type ownedSessionRow struct {
	sessionRow `bun:",extend"`

	Email string `bun:"email,scanonly"`
}

var sessionList = lists.Definition[ownedSessionRow, auth.UserSession]{
	Columns: map[string]lists.Column{
		"id":         {Type: lists.Text, Unique: true},
		"email":      {Type: lists.Text, SQL: "u.email"},
		"created_at": {Type: lists.Time},
		"renewed_at": {Type: lists.Time},
		"channel":    {Type: lists.Text},
		"user":       {Type: lists.Int, SQL: "s.user_id"},
	},
	Conditions: map[string]lists.Condition{
		"open": {Type: lists.Time, SQL: "s.revoked_at IS NULL AND s.expires_at > ?"},
		"over": {Type: lists.Time, SQL: "(s.revoked_at IS NOT NULL OR s.expires_at <= ?)"},
	},
	Order:  "renewed_at",
	Search: []string{"u.email", "s.address", "s.user_agent"},
	Join:   "JOIN users_user AS u ON u.id = s.user_id",
	Select: []string{"u.email"},
	Convert: func(r *ownedSessionRow) auth.UserSession {
		return auth.UserSession{Session: r.session(), Email: r.Email}
	},
}

// ListSessions implements [accounts.SessionStore].
func (s *Store) ListSessions(ctx context.Context, params auth.ListParams) (auth.Page[auth.UserSession], error) {
	return listPage(ctx, s, &sessionList, params)
}

var eventList = lists.Definition[eventRow, auth.Event]{
	Columns: map[string]lists.Column{
		"id":          {Type: lists.Int, Unique: true},
		"at":          {Type: lists.Time},
		"channel":     {Type: lists.Text},
		"action":      {Type: lists.Text},
		"target_kind": {Type: lists.Text},
		"target_id":   {Type: lists.Text},
		"actor_id":    {Type: lists.Int, Nullable: true},
	},
	Conditions: map[string]lists.Condition{
		"user":  {Type: lists.Text, SQL: "e.target_kind = 'user' AND e.target_id = ?"},
		"group": {Type: lists.Text, SQL: "e.target_kind = 'group' AND e.target_id = ?"},
	},
	Order:   "id",
	Search:  []string{"e.target", "e.actor", "e.address", "e.changes"},
	Convert: (*eventRow).event,
}

// ListEvents implements [audit.Store].
func (s *Store) ListEvents(ctx context.Context, params auth.ListParams) (auth.Page[auth.Event], error) {
	return listPage(ctx, s, &eventList, params)
}

// EachEvent implements [audit.Store].
func (s *Store) EachEvent(ctx context.Context, params auth.ListParams, f func(auth.Event) error) error {
	return listEach(ctx, s, &eventList, params, f)
}
