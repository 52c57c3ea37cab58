-- Attempts to guess a secret, counted before it is checked. Keys are MACs: nothing tells
-- whose they are, but for those whose account is locked, which the admin site shows. Times
-- are Unix milliseconds: a wait that doubles is arithmetic, and a row is half as large.
DROP TABLE latchkey_failed_attempt;
CREATE TABLE latchkey_attempt (
    -- The account's MAC first: all counters of an account stand together.
    key varchar(33){{if .Postgres}} COLLATE "C"{{end}} PRIMARY KEY,
    failures integer NOT NULL,       -- in a row, until forgotten_at: how long the next wait is
    total integer NOT NULL,          -- in a row, over any time: up to where there is no next one
    blocked_until bigint NOT NULL,
    forgotten_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    user_id bigint NULL              -- whose account is locked by this; NULL for a made-up one too
){{if not .Postgres}} WITHOUT ROWID{{end}};
CREATE INDEX latchkey_attempt_expires_at ON latchkey_attempt (expires_at);
CREATE INDEX latchkey_attempt_user_id ON latchkey_attempt (user_id) WHERE user_id IS NOT NULL;
