#!/bin/sh
# Writes the report of the last deployment into reports/deployments, or
# REPORT_DIR, as Markdown and HTML, in the locale's language. Arguments are those
# of deploy-report(1): `--run ID` names another deployment.
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
need deploy-report

exec deploy-report --out "${REPORT_DIR:-reports/deployments}" --format markdown --format html "$@"
