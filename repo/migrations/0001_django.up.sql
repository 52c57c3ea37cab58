-- Django's tables, as django.contrib.contenttypes, django.contrib.auth and the
-- tutorial's users app make them. Where users_user exists already, this file is
-- not run: the database is Django's, and nothing of it is touched.
CREATE TABLE IF NOT EXISTS django_content_type (
    id {{.Serial}},
    app_label varchar(100) NOT NULL,
    model varchar(100) NOT NULL,
    CONSTRAINT django_content_type_app_label_model_76bd3d3b_uniq UNIQUE (app_label, model)
);

CREATE TABLE IF NOT EXISTS auth_permission (
    id {{.Serial}},
    name varchar(255) NOT NULL,
    content_type_id integer NOT NULL
        CONSTRAINT auth_permission_content_type_id_2f476e4b_fk_django_co
        REFERENCES django_content_type (id) DEFERRABLE INITIALLY DEFERRED,
    codename varchar(100) NOT NULL,
    CONSTRAINT auth_permission_content_type_id_codename_01ab375a_uniq UNIQUE (content_type_id, codename)
);
CREATE INDEX IF NOT EXISTS auth_permission_content_type_id_2f476e4b ON auth_permission (content_type_id);

CREATE TABLE IF NOT EXISTS auth_group (
    id {{.Serial}},
    name varchar(150) NOT NULL,
    CONSTRAINT auth_group_name_key UNIQUE (name)
);

CREATE TABLE IF NOT EXISTS auth_group_permissions (
    id {{.BigSerial}},
    group_id integer NOT NULL
        CONSTRAINT auth_group_permissions_group_id_b120cbf9_fk_auth_group_id
        REFERENCES auth_group (id) DEFERRABLE INITIALLY DEFERRED,
    permission_id integer NOT NULL
        CONSTRAINT auth_group_permissio_permission_id_84c5c92e_fk_auth_perm
        REFERENCES auth_permission (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT auth_group_permissions_group_id_permission_id_0cd325b0_uniq UNIQUE (group_id, permission_id)
);
CREATE INDEX IF NOT EXISTS auth_group_permissions_group_id_b120cbf9 ON auth_group_permissions (group_id);
CREATE INDEX IF NOT EXISTS auth_group_permissions_permission_id_84c5c92e ON auth_group_permissions (permission_id);

CREATE TABLE users_user (
    id {{.BigSerial}},
    password varchar(128) NOT NULL,
    last_login {{.Time}} NULL,
    is_superuser {{.Bool}} NOT NULL,
    first_name varchar(150) NOT NULL,
    last_name varchar(150) NOT NULL,
    is_staff {{.Bool}} NOT NULL,
    is_active {{.Bool}} NOT NULL,
    date_joined {{.Time}} NOT NULL,
    email varchar(254) NOT NULL,
    CONSTRAINT users_user_email_key UNIQUE (email)
);

CREATE TABLE users_user_groups (
    id {{.BigSerial}},
    user_id bigint NOT NULL
        CONSTRAINT users_user_groups_user_id_5f6f5a90_fk_users_user_id
        REFERENCES users_user (id) DEFERRABLE INITIALLY DEFERRED,
    group_id integer NOT NULL
        CONSTRAINT users_user_groups_group_id_9afc8d0e_fk_auth_group_id
        REFERENCES auth_group (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT users_user_groups_user_id_group_id_b88eab82_uniq UNIQUE (user_id, group_id)
);
CREATE INDEX users_user_groups_user_id_5f6f5a90 ON users_user_groups (user_id);
CREATE INDEX users_user_groups_group_id_9afc8d0e ON users_user_groups (group_id);

CREATE TABLE users_user_user_permissions (
    id {{.BigSerial}},
    user_id bigint NOT NULL
        CONSTRAINT users_user_user_permissions_user_id_20aca447_fk_users_user_id
        REFERENCES users_user (id) DEFERRABLE INITIALLY DEFERRED,
    permission_id integer NOT NULL
        CONSTRAINT users_user_user_perm_permission_id_0b93982e_fk_auth_perm
        REFERENCES auth_permission (id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT users_user_user_permissions_user_id_permission_id_43338c45_uniq UNIQUE (user_id, permission_id)
);
CREATE INDEX users_user_user_permissions_user_id_20aca447 ON users_user_user_permissions (user_id);
CREATE INDEX users_user_user_permissions_permission_id_0b93982e ON users_user_user_permissions (permission_id);

{{if .Postgres}}
-- Django's indexes for LIKE.
CREATE INDEX users_user_email_243f6e77_like ON users_user (email varchar_pattern_ops);
CREATE INDEX IF NOT EXISTS auth_group_name_a6ea08ec_like ON auth_group (name varchar_pattern_ops);
{{end}}

-- Django's own list of what has been applied, so that a Django pointed at this
-- database goes on from here. (--fake-initial alone would not do: contenttypes
-- and auth alter their first tables later.)
CREATE TABLE IF NOT EXISTS django_migrations (
    id {{.BigSerial}},
    app varchar(255) NOT NULL,
    name varchar(255) NOT NULL,
    applied {{.Time}} NOT NULL
);
INSERT INTO django_migrations (app, name, applied) VALUES
    ('contenttypes', '0001_initial', {{.Now}}),
    ('contenttypes', '0002_remove_content_type_name', {{.Now}}),
    ('auth', '0001_initial', {{.Now}}),
    ('auth', '0002_alter_permission_name_max_length', {{.Now}}),
    ('auth', '0003_alter_user_email_max_length', {{.Now}}),
    ('auth', '0004_alter_user_username_opts', {{.Now}}),
    ('auth', '0005_alter_user_last_login_null', {{.Now}}),
    ('auth', '0006_require_contenttypes_0002', {{.Now}}),
    ('auth', '0007_alter_validators_add_error_messages', {{.Now}}),
    ('auth', '0008_alter_user_username_max_length', {{.Now}}),
    ('auth', '0009_alter_user_last_name_max_length', {{.Now}}),
    ('auth', '0010_alter_group_name_max_length', {{.Now}}),
    ('auth', '0011_update_proxy_permissions', {{.Now}}),
    ('auth', '0012_alter_user_first_name_max_length', {{.Now}}),
    ('users', '0001_initial', {{.Now}});
