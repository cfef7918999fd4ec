#!/bin/sh
# Deploys the application, and takes a deployment to a server back when it fails:
#
#   deploy.sh [dev|staging|production]    dev: as it is here, from the cache
#   deploy.sh deploy                      production
#   deploy.sh build|migrate               one step alone
#   deploy.sh logs [SERVICE]              what it says, as it says it
#
# Ends with the verdict: 0, 1 failed, 3 rolled back, 4 a person is needed now.
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
# shellcheck source=log.sh
. "$here/log.sh"
# shellcheck source=report.sh
. "$here/report.sh"
# shellcheck source=deployment.sh
. "$here/deployment.sh"

case ${1:-dev} in
  dev | staging | production) environment=${1:-dev} ;;
  deploy) environment=production ;;
  build | migrate)
    need step
    exec step "$1"
    ;;
  logs)
    need step
    shift
    exec step logs --compose -- logs --follow --tail 100 "$@"
    ;;
  -h | --help | help)
    sed -n '2,/^here=/s/^#[ ]\{0,1\}//p' "$0"
    exit 0
    ;;
  *) refuse "there is no environment \`$1\`" "deploy.sh dev, deploy.sh staging or deploy.sh production" ;;
esac

# On a developer's machine there is nothing to save, to pull or to go back to.
if [ "$environment" = dev ]; then
  need healthcheck smoketest step
  log_as deploy
  step build \
    | step drain \
    | step migrate \
    | step up \
    | healthcheck --no-alert --wait "${WAIT:-2m}" container http postgres redis \
    | smoke \
    | step prune --format "$FORMAT"
  exit
fi

SEXTANT_ENV=${SEXTANT_ENV:-$environment}
export SEXTANT_ENV
need backup deploy-report healthcheck restore rollback smoketest step
log_as deploy
if [ "$environment" = production ]; then
  # Nothing is taken from the cache.
  set -- --no-cache
else
  set --
fi
preflight disk | deployment "$@"
