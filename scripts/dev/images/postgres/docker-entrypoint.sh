#!/usr/bin/env bash
# Makes the cluster on the first start, then becomes the server, which is
# thereby process 1 and receives the signals itself. The variables are those
# of https://hub.docker.com/_/postgres.
set -euo pipefail

user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

# Options alone mean options of the server.
if [[ $# -eq 0 || $1 == -* ]]; then
  set -- postgres "$@"
fi

if [[ $1 != postgres ]]; then
  exec "$@"
fi

# A volume arrives owned by root. Everything after this runs as `postgres`.
if [[ $(id -u) -eq 0 ]]; then
  mkdir -p "$PGDATA"
  chmod 0700 "$PGDATA"
  find "$PGDATA" \! -user postgres -exec chown postgres:postgres {} +
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sql) psql_init -d "$database" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | psql_init -d "$database" ;;
      *.sh) bash "$file" ;;
      *) ;;
    esac
  done
}

psql_init() {
  psql -v ON_ERROR_STOP=1 -X -q --no-password -U "$user" "$@"
}

make_cluster() {
  if [[ -z ${POSTGRES_PASSWORD:-} && ${POSTGRES_HOST_AUTH_METHOD:-} != trust ]]; then
    echo "error: \`POSTGRES_PASSWORD\` is not set" >&2
    echo "hint: give it with \`--env POSTGRES_PASSWORD\`, or in the Compose file" >&2
    exit 1
  fi

  # The arguments are split on blanks, as the published image does.
  local -a extra
  read -r -a extra <<<"${POSTGRES_INITDB_ARGS:-}"
  initdb -D "$PGDATA" -U "$user" --auth=trust \
    --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:-}") "${extra[@]}"
  printf 'host all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" \
    >>"$PGDATA/pg_hba.conf"
  # Debian builds in `localhost`; a container must answer its network.
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"

  # Only on the Unix socket, so that nobody takes this server for the real one.
  pg_ctl -D "$PGDATA" -w -o "-c listen_addresses=''" start
  if [[ $database != postgres ]]; then
    psql_init -d postgres -v database="$database" <<<'CREATE DATABASE :"database";'
  fi
  run_init_files
  pg_ctl -D "$PGDATA" -w -m fast stop
}

if [[ ! -s $PGDATA/PG_VERSION ]]; then
  make_cluster
fi
exec "$@"
