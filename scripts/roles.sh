#!/bin/sh
# Runs once, when the database is made: the role the application signs in with. It owns nothing;
# `manage.py grant_application_role desk_app` gives it what it needs after every migration.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$APP_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE desk_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE EXTENSION IF NOT EXISTS pg_trgm;
SQL
