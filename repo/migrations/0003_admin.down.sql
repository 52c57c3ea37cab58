{{if .Postgres}}
-- The extension stays: others may use it.
DROP TRIGGER IF EXISTS latchkey_user_search ON users_user;
DROP FUNCTION latchkey_user_search;
DROP INDEX IF EXISTS latchkey_users_user_email;
{{else}}
DROP TRIGGER IF EXISTS latchkey_user_search_added;
DROP TRIGGER IF EXISTS latchkey_user_search_changed;
DROP TRIGGER IF EXISTS latchkey_user_search_deleted;
DROP TABLE latchkey_user_search_part;
{{end}}
DROP TABLE latchkey_user_search;
DROP INDEX IF EXISTS latchkey_users_user_groups_member;
{{range .SortedUserColumns}}
DROP INDEX IF EXISTS latchkey_users_user_{{.}};
{{end}}
DROP TABLE latchkey_one_time_token;
DROP TABLE latchkey_event_head;
DROP TABLE latchkey_event;
DROP INDEX latchkey_session_renewed_at;
DROP INDEX latchkey_session_created_at;
-- The admin site's sessions would be the API's.
DELETE FROM latchkey_session WHERE channel <> 'api';
ALTER TABLE latchkey_session DROP COLUMN confirmed_at;
ALTER TABLE latchkey_session DROP COLUMN channel;
