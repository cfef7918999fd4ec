#!/bin/sh
# Looks at everything that the application needs; STATUS_FILE, where it is set, is
# written too, with `timestamp`, `errors` and `status`. Arguments are those of
# healthcheck(1).
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
need healthcheck

exec healthcheck ${STATUS_FILE:+--status-file "$STATUS_FILE"} "$@"
