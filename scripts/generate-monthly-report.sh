#!/bin/sh
# Writes the report of the last whole month into REPORT_DIR (else reports), as HTML
# and as Markdown:
#
#   generate-monthly-report.sh [YYYY-MM-DD]    or of the month that this day is in
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
esac
report --period month ${1:+--of "$1"} --out "${REPORT_DIR:-reports}" \
  --format html --format markdown
