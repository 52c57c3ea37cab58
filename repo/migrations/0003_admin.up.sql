-- The channel a session was begun on, and when its user last gave the password: the
-- admin site's sessions are not the API's.
ALTER TABLE latchkey_session ADD COLUMN channel varchar(8) NOT NULL DEFAULT 'api';
ALTER TABLE latchkey_session ADD COLUMN confirmed_at {{.Time}} NULL;
CREATE INDEX latchkey_session_created_at ON latchkey_session (created_at, id);
CREATE INDEX latchkey_session_renewed_at ON latchkey_session (renewed_at, id);

-- What was changed, by whom. No reference to a user: an event outlives it. The
-- numbers have no gap, and each hash holds the one before it.
CREATE TABLE latchkey_event (
    id {{.ID}},
    -- Of the form that the event has: what is hashed of one, and how, never changes.
    version integer NOT NULL,
    at {{.Time}} NOT NULL,
    channel varchar(8) NOT NULL,
    actor_id bigint NULL,
    actor varchar(254) NOT NULL,
    address varchar(45) NOT NULL,
    action varchar(32) NOT NULL,
    target_kind varchar(32) NOT NULL,
    target_id varchar(64) NOT NULL,
    target varchar(254) NOT NULL,
    changes text NOT NULL,
    hash varchar(64) NOT NULL
);
CREATE INDEX latchkey_event_target ON latchkey_event (target_kind, target_id, id);
CREATE INDEX latchkey_event_actor ON latchkey_event (actor, id);
CREATE INDEX latchkey_event_action ON latchkey_event (action, id);

-- The end of that chain: without it, its last events could be cut off unnoticed.
CREATE TABLE latchkey_event_head (
    one {{.ID}},
    last bigint NOT NULL,
    hash varchar(64) NOT NULL
);
INSERT INTO latchkey_event_head (one, last, hash) VALUES (1, 0, '');

-- What lets somebody do one thing, once: the link that makes the first superuser. A
-- user that is deleted, by Django too, takes theirs along.
CREATE TABLE latchkey_one_time_token (
    hash varchar(64) PRIMARY KEY,
    kind varchar(32) NOT NULL,
    user_id bigint NULL REFERENCES users_user (id) ON DELETE CASCADE,
    expires_at {{.Time}} NOT NULL,
    used_at {{.Time}} NULL
);
CREATE INDEX latchkey_one_time_token_user_id ON latchkey_one_time_token (user_id, kind);
CREATE INDEX latchkey_one_time_token_expires_at ON latchkey_one_time_token (expires_at);

-- Django's own rows, as its migrate makes them; where it has made them they stay.
{{permissions "admin" "logentry" "log entry"}}
{{permissions "auth" "permission" "permission"}}
{{permissions "auth" "group" "group"}}
{{permissions "contenttypes" "contenttype" "content type"}}
{{permissions "sessions" "session" "session"}}
{{permissions "users" "user" "user"}}

-- For sorting the list of users by any column, and finding them in an index alone. The
-- row's id breaks ties; SQLite has it in every index, and in that of the address.
{{range .SortedUserColumns}}
CREATE INDEX latchkey_users_user_{{.}} ON users_user ({{.}}{{if $.Postgres}}{{if eq . "last_login"}} NULLS FIRST{{end}}, id{{end}});
{{end}}
{{if .Postgres}}
CREATE INDEX latchkey_users_user_email ON users_user (email, id);
{{end}}
CREATE INDEX latchkey_users_user_groups_member ON users_user_groups (group_id, user_id);

-- For finding users by a part of their address or name. Triggers keep it up to date, so
-- that what a Django beside us writes is found too.
{{if .Postgres}}
-- A table of its own, narrow and with text to be compared byte by byte. An index on
-- users_user would be written at every login, which changes the row.
CREATE TABLE latchkey_user_search (
    id bigint PRIMARY KEY REFERENCES users_user (id) ON DELETE CASCADE,
    text text COLLATE "C" NOT NULL
);
INSERT INTO latchkey_user_search (id, text) SELECT id, lower({{template "text" ""}}) FROM users_user;
-- As its owner and where it was made, whoever writes users. The trigger names no
-- column: a Django could not alter the type of one that it names.
CREATE FUNCTION latchkey_user_search() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (new.email, new.first_name, new.last_name) IS NOT DISTINCT FROM (old.email, old.first_name, old.last_name) THEN
        RETURN NULL; -- a login
    END IF;
    INSERT INTO latchkey_user_search AS s (id, text) VALUES (new.id, lower({{template "text" "new."}}))
    ON CONFLICT (id) DO UPDATE SET text = excluded.text;
    RETURN NULL;
END
$$;
CREATE TRIGGER latchkey_user_search AFTER INSERT OR UPDATE ON users_user
    FOR EACH ROW EXECUTE FUNCTION latchkey_user_search();
-- The extension is one that any owner of a database may make. Without it a search
-- reads all of the table.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX latchkey_user_search_text ON latchkey_user_search USING gin (text gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR undefined_object THEN
    RAISE WARNING 'pg_trgm cannot be used: searching for users will be slow';
END
$$;
-- How common a word is decides how it is looked up.
ANALYZE latchkey_user_search;
{{else}}
CREATE VIRTUAL TABLE latchkey_user_search USING fts5(text, content='', tokenize='trigram');
CREATE VIRTUAL TABLE latchkey_user_search_part USING fts5vocab(latchkey_user_search, instance);
INSERT INTO latchkey_user_search (rowid, text) SELECT id, {{template "text" ""}} FROM users_user;
CREATE TRIGGER latchkey_user_search_added AFTER INSERT ON users_user BEGIN
    INSERT INTO latchkey_user_search (rowid, text) VALUES (new.id, {{template "text" "new."}});
END;
CREATE TRIGGER latchkey_user_search_changed AFTER UPDATE OF email, first_name, last_name ON users_user BEGIN
    INSERT INTO latchkey_user_search (latchkey_user_search, rowid, text) VALUES ('delete', old.id, {{template "text" "old."}});
    INSERT INTO latchkey_user_search (rowid, text) VALUES (new.id, {{template "text" "new."}});
END;
CREATE TRIGGER latchkey_user_search_deleted AFTER DELETE ON users_user BEGIN
    INSERT INTO latchkey_user_search (latchkey_user_search, rowid, text) VALUES ('delete', old.id, {{template "text" "old."}});
END;
{{end}}
{{/* What of a user is searched. Two line ends stand behind each part: no word has one, so
that none is found across parts, and each character begins a group of three. */}}
{{define "text"}}{{.}}email || '

' || {{.}}first_name || '

' || {{.}}last_name || '

'{{end}}
