#!/bin/sh
# Returns one service to an earlier release, its code and its image:
#
#   rollback-service.sh SERVICE VERSION
#
# Asks nothing, as it never did; data stay as they are.
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
# shellcheck source=log.sh
. "$here/log.sh"
need healthcheck rollback smoketest

[ $# -eq 2 ] || refuse "a service and a version are needed" "rollback-service.sh SERVICE VERSION"
log_as rollback
rollback --format "$FORMAT" --force --service "$1" "$2"
