DROP TABLE latchkey_attempt;
CREATE TABLE latchkey_failed_attempt (
    key varchar(64) PRIMARY KEY,
    failures integer NOT NULL,
    since {{.Time}} NOT NULL
);
CREATE INDEX latchkey_failed_attempt_since ON latchkey_failed_attempt (since);
