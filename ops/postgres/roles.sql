-- The roles of the database, once, as its superuser: who owns the tables and migrates, who serves, who backs up, who
-- streams to a replica. Their passwords are files in $CCHC_SECRETS, or /run/secrets. The image of PostgreSQL runs this by
-- itself at the first start; elsewhere: CCHC_SECRETS=… psql -f ops/postgres/roles.sql postgres
\set ON_ERROR_STOP on
\set owner_password `cat "${CCHC_SECRETS:-/run/secrets}/db_owner_password"`
\set app_password `cat "${CCHC_SECRETS:-/run/secrets}/db_app_password"`
\set backup_password `cat "${CCHC_SECRETS:-/run/secrets}/db_backup_password"`
\set replica_password `cat "${CCHC_SECRETS:-/run/secrets}/db_replica_password"`
-- A file that is missing or empty ends it here.
SELECT 1 / (least(length(:'owner_password'), length(:'app_password'), length(:'backup_password'),
    length(:'replica_password')) >= 16)::int AS passwords_are_there \gset

CREATE ROLE cchc_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE cchc_app LOGIN PASSWORD :'app_password';
-- Reads all rows of all wards, as a backup must, and writes none.
CREATE ROLE cchc_backup LOGIN BYPASSRLS IN ROLE pg_read_all_data PASSWORD :'backup_password';
CREATE ROLE cchc_replica LOGIN REPLICATION PASSWORD :'replica_password';

CREATE DATABASE cchc OWNER cchc_owner;
REVOKE ALL ON DATABASE cchc FROM PUBLIC;
GRANT CONNECT ON DATABASE cchc TO cchc_app, cchc_backup;
