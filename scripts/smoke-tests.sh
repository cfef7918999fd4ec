#!/bin/sh
# Exercises the application that answers elsewhere, such as the inactive half of
# a blue-green deployment:
#
#   smoke-tests.sh HOST:PORT    every other argument is one of smoketest(1)
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
need smoketest

[ $# -gt 0 ] || refuse "the application's place is needed" "smoke-tests.sh HOST:PORT"
base=$1
shift
exec smoketest --base "$base" "$@"
