DROP TABLE latchkey_signing_key;
