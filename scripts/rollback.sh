#!/bin/sh
# Returns to an earlier release:
#
#   rollback.sh [VERSION]                  the last one that ended well, or this
#   rollback.sh -l                         the releases there is a way back to
#   rollback.sh -f [VERSION]               without asking, as ROLLBACK_AUTO=true
#   rollback.sh --service NAME VERSION     one service alone
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
# shellcheck source=log.sh
. "$here/log.sh"
need backup healthcheck restore rollback smoketest

for argument in "$@"; do
  case $argument in
    -h | --help)
      sed -n '2,/^here=/s/^#[ ]\{0,1\}//p' "$0"
      exit 0
      ;;
    -l | --list | --status | --dry-run) exec rollback "$@" ;;
  esac
done
log_as rollback
rollback --format "$FORMAT" "$@"
