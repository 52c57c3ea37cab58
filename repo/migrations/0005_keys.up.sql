-- The keys that sign access tokens with Ed25519. The private one is encrypted under the
-- secret; without the secret, nobody who can write here makes a key that is used.
CREATE TABLE latchkey_signing_key (
    id varchar(32) PRIMARY KEY,
    -- base64url of 32 bytes, as in the x of RFC 8037
    public_key varchar(43) NOT NULL,
    sealed text NOT NULL,
    created_at {{.Time}} NOT NULL,
    signs_from {{.Time}} NOT NULL,
    -- When the last token of it is over; null while it may still sign.
    expires_at {{.Time}} NULL,
    revoked_at {{.Time}} NULL
);
CREATE INDEX latchkey_signing_key_expires_at ON latchkey_signing_key (expires_at);
