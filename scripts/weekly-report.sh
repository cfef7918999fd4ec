#!/bin/sh
# Writes the report of the last whole week into REPORT_DIR (else reports), as HTML
# and as Markdown:
#
#   weekly-report.sh [YYYY-MM-DD]    or of the week that this day is in
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
report --period week ${1:+--of "$1"} --out "${REPORT_DIR:-reports}" \
  --format html --format markdown
