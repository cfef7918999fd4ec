#!/bin/sh
# Sourced after application.sh by what writes reports: `report ARGUMENTS` is
# deploy-report(1) in this machine's time zone. REPORT_LANG is fr or en, where the
# locale does not say so.

report() {
  zone=$(readlink -f /etc/localtime | sed -n 's|.*/zoneinfo/||p')
  deploy-report --timezone "${SEXTANT_TIMEZONE:-${zone:-UTC}}" \
    ${REPORT_LANG:+--lang "$REPORT_LANG"} "$@"
}
