CREATE TABLE latchkey_session (
    id varchar(32) PRIMARY KEY,
    -- A user that is deleted, by Django too, takes its sessions along.
    user_id bigint NOT NULL REFERENCES users_user (id) ON DELETE CASCADE,
    created_at {{.Time}} NOT NULL,
    renewed_at {{.Time}} NOT NULL,
    expires_at {{.Time}} NOT NULL,
    revoked_at {{.Time}} NULL,
    address varchar(45) NOT NULL,
    user_agent varchar(512) NOT NULL,
    password_mark varchar(32) NOT NULL
);
CREATE INDEX latchkey_session_user_id ON latchkey_session (user_id);
CREATE INDEX latchkey_session_expires_at ON latchkey_session (expires_at);

CREATE TABLE latchkey_failed_attempt (
    key varchar(64) PRIMARY KEY,
    failures integer NOT NULL,
    since {{.Time}} NOT NULL
);
CREATE INDEX latchkey_failed_attempt_since ON latchkey_failed_attempt (since);

-- For logging in with an address whose letter case is another: those in ASCII by
-- their lower case, the few others one by one. Django does not mind an index that
-- it does not know.
CREATE INDEX latchkey_users_user_email_lower ON users_user ({{.Lower}});
CREATE INDEX latchkey_users_user_email_beyond_ascii ON users_user (email, id) WHERE {{.BeyondASCII}};
