#!/bin/sh
# Exercises the deployed application as its users do: `[smoke]` in sextant.toml,
# or what smoketest(1) is told.
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
need smoketest

exec smoketest "$@"
