#!/bin/sh
# Deploys to production, and takes it back when any link fails:
#
#   deploy-production.sh [--yes]    --yes: without asking for the word DEPLOY
#
# Asks for what prerequisites.sh looks at, for valid certificates, and for all
# that is tagged `preflight` in sextant.toml. Ends with the verdict: 0, 1 failed,
# 3 rolled back, 4 a person is needed now.
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
# shellcheck source=log.sh
. "$here/log.sh"
# shellcheck source=report.sh
. "$here/report.sh"
# shellcheck source=deployment.sh
. "$here/deployment.sh"

case ${1:-} in
  '' | --yes) ;;
  -h | --help)
    sed -n '2,/^here=/s/^#[ ]\{0,1\}//p' "$0"
    exit 0
    ;;
  *) refuse "\`$1\` is no argument of deploy-production.sh" "it takes none, or --yes" ;;
esac

SEXTANT_ENV=${SEXTANT_ENV:-production}
export SEXTANT_ENV
need backup deploy-report healthcheck restore rollback smoketest step
log_as deploy
step prerequisites -- "$here/prerequisites.sh" \
  | preflight certificate tls disk \
  | step confirm --confirm DEPLOY ${1:+--yes} -- echo "deploying $(project) to production" \
  | deployment --no-cache
