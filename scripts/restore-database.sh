#!/bin/sh
# Brings a database back from a dump or a set, after asking for its name:
#
#   restore-database.sh FILE.sql.gz    without asking: --yes, or ROLLBACK_AUTO=true
#
# It is loaded aside and compared first: not into the live one.
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
need backup restore

if [ $# -eq 0 ]; then
  backup --list
  refuse "a dump or a set is needed" "restore-database.sh FILE.sql.gz"
fi
dump=$(as_called "$1")
shift
exec restore "$dump" database "$@"
