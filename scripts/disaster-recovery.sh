#!/bin/sh
# Brings the whole application back from a backup set, also on a new machine:
#
#   disaster-recovery.sh [--yes] [SET]    SET: the newest, unless it is named
#
# First its configuration, for without that nothing starts; then the servers,
# the data, and all of it. The data are exchanged while the application is
# stopped, and only after they were loaded aside: not over what is live.
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
# shellcheck source=log.sh
. "$here/log.sh"
# shellcheck source=deployment.sh
. "$here/deployment.sh"

need healthcheck restore smoketest step
yes=
if [ "${1:-}" = --yes ]; then
  yes=--yes
  shift
elif [ "${ROLLBACK_AUTO:-}" = true ]; then
  yes=--yes
fi
set=$(as_called "${1:-latest}")
log_as recovery
step confirm --confirm RECOVER $yes -- echo "bringing $set back" \
  | restore --yes "$set" config \
  | step up \
  | healthcheck --no-alert --wait "${WAIT:-2m}" postgres redis \
  | step drain \
  | restore --yes "$set" \
  | step up \
  | healthcheck --no-alert --wait "${WAIT:-2m}" container http postgres redis \
  | smoke \
  | step recovered --format "$FORMAT" -- echo "$set is back"
