#!/bin/sh
# Writes the report of a deployment into REPORT_DIR (else reports/deployments), as
# HTML and as Markdown:
#
#   generate-report.sh [RUN]    the last one, or the run of this id
#
# Every other argument is one of deploy-report(1). Ends with the verdict of that
# deployment.
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
# shellcheck source=report.sh
. "$here/report.sh"
need deploy-report

case ${1:-} in
  -h | --help)
    sed -n '2,/^here=/s/^#[ ]\{0,1\}//p' "$0"
    exit 0
    ;;
  '' | -*) ;;
  *) set -- --run "$@" ;;
esac
report --out "${REPORT_DIR:-reports/deployments}" --format html --format markdown "$@"
