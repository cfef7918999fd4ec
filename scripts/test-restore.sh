#!/bin/sh
# Proves that the newest set, or the one that is named, can be brought back:
# restored into a scratch database and a scratch Redis, compared, dropped again.
#
#   test-restore.sh [SET]
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
need restore

exec restore --check "$(as_called "${1:-latest}")"
