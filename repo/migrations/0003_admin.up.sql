-- The door a session was begun at, and when its user last gave the password: the
-- admin site's sessions are not the API's.
ALTER TABLE latchkey_session ADD COLUMN door varchar(8) NOT NULL DEFAULT 'api';
ALTER TABLE latchkey_session ADD COLUMN confirmed_at {{.Time}} NULL;
CREATE INDEX latchkey_session_created_at ON latchkey_session (created_at, id);
CREATE INDEX latchkey_session_renewed_at ON latchkey_session (renewed_at, id);

-- What was changed, by whom. No reference to a user: an event outlives it. The
-- numbers have no gap, and each hash holds the one before it.
CREATE TABLE latchkey_event (
    id {{.ID}},
    at {{.Time}} NOT NULL,
    door varchar(8) NOT NULL,
    actor_id bigint NULL,
    actor varchar(254) NOT NULL,
    address varchar(45) NOT NULL,
    action varchar(32) NOT NULL,
    kind varchar(32) NOT NULL,
    subject_id varchar(64) NOT NULL,
    subject varchar(254) NOT NULL,
    changes text NOT NULL,
    hash varchar(64) NOT NULL
);
CREATE INDEX latchkey_event_subject ON latchkey_event (kind, subject_id, id);
CREATE INDEX latchkey_event_actor ON latchkey_event (actor, id);
CREATE INDEX latchkey_event_action ON latchkey_event (action, id);

-- The end of that chain: without it, its last events could be cut off unnoticed.
CREATE TABLE latchkey_event_head (
    one {{.ID}},
    last bigint NOT NULL,
    hash varchar(64) NOT NULL
);
INSERT INTO latchkey_event_head (one, last, hash) VALUES (1, 0, '');

-- The one-time links that make the first superuser.
CREATE TABLE latchkey_setup (
    token_hash varchar(64) PRIMARY KEY,
    expires_at {{.Time}} NOT NULL,
    used_at {{.Time}} NULL
);

-- Django's own rows, as its migrate makes them; where it has made them they stay.
{{permissions "admin" "logentry" "log entry"}}
{{permissions "auth" "permission" "permission"}}
{{permissions "auth" "group" "group"}}
{{permissions "contenttypes" "contenttype" "content type"}}
{{permissions "sessions" "session" "session"}}
{{permissions "users" "user" "user"}}

-- For sorting the list of users by any column. The row's id breaks ties; SQLite
-- has it in every index.
{{range .SortedUserColumns}}
CREATE INDEX latchkey_users_user_{{.}} ON users_user ({{.}}{{if $.Postgres}}{{if eq . "last_login"}} NULLS FIRST{{end}}, id{{end}});
{{end}}

-- For finding users by a part of their address or name.
{{if .Postgres}}
-- The extension is one that any owner of a database may make. Without it a search
-- reads every user.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX latchkey_users_user_search ON users_user
        USING gin (email gin_trgm_ops, first_name gin_trgm_ops, last_name gin_trgm_ops);
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR undefined_object THEN
    RAISE WARNING 'pg_trgm cannot be used: searching for users will be slow';
END
$$;
{{else}}
CREATE VIRTUAL TABLE latchkey_user_search USING fts5(email, first_name, last_name, content='users_user', content_rowid='id', tokenize='trigram');
INSERT INTO latchkey_user_search (latchkey_user_search) VALUES ('rebuild');
-- Triggers, so that what a Django beside us writes is found too.
CREATE TRIGGER latchkey_user_search_added AFTER INSERT ON users_user BEGIN
    INSERT INTO latchkey_user_search (rowid, email, first_name, last_name) VALUES (new.id, new.email, new.first_name, new.last_name);
END;
CREATE TRIGGER latchkey_user_search_changed AFTER UPDATE OF email, first_name, last_name ON users_user BEGIN
    INSERT INTO latchkey_user_search (latchkey_user_search, rowid, email, first_name, last_name) VALUES ('delete', old.id, old.email, old.first_name, old.last_name);
    INSERT INTO latchkey_user_search (rowid, email, first_name, last_name) VALUES (new.id, new.email, new.first_name, new.last_name);
END;
CREATE TRIGGER latchkey_user_search_deleted AFTER DELETE ON users_user BEGIN
    INSERT INTO latchkey_user_search (latchkey_user_search, rowid, email, first_name, last_name) VALUES ('delete', old.id, old.email, old.first_name, old.last_name);
END;
{{end}}
