#!/bin/bash
# Follows the primary; copies it first where there is nothing yet.
set -euo pipefail
export PGDATA=/var/lib/postgresql/data
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  pg_basebackup -D "$PGDATA" -R -X stream -c fast \
    -d "host=primary user=replication application_name=replica"
  chmod 700 "$PGDATA"
fi
exec postgres -c max_connections=100
