#!/bin/sh
# Makes Temporal's two databases and brings their schemas up to date; changes nothing where they are. The server and
# its credentials come from SQL_HOST, SQL_PORT, SQL_PLUGIN, SQL_USER and SQL_PASSWORD, which the tool reads by itself.
set -eu

bring_up_to_date() {
  temporal-sql-tool --db "$1" create
  temporal-sql-tool --db "$1" setup-schema --version 0.0
  temporal-sql-tool --db "$1" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

bring_up_to_date temporal temporal
bring_up_to_date temporal_visibility visibility
