#!/bin/sh
# Whether every variable that the application needs is set and sound: the checks
# of the kind `env` in sextant.toml.
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
need healthcheck

exec healthcheck env --no-alert
