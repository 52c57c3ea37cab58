DROP INDEX latchkey_users_user_email_lower;
DROP TABLE latchkey_failed_attempt;
DROP TABLE latchkey_session;
