#!/usr/bin/env bash
# The same checks by Debian's monitoring-plugins, one after the other, as cron or
# a small Nagios calls them. They know neither containers nor Redis, which is
# connected to alone.
#
#   health-check-plugins.sh docker|mail
set -euo pipefail
PATH=/usr/lib/nagios/plugins:$PATH

api() { check_http -H 127.0.0.1 -p "${API_URL##*:}" -u /api/health; }

case $1 in
  docker)
    api
    api
    check_tcp -H "$REDIS_HOST" -p 6379
    for table in users projects tasks; do
      check_pgsql -H "$POSTGRES_HOST" -d orchestr_a -l orchestr_a -p "$POSTGRES_PASSWORD" -q "SELECT COUNT(*) FROM $table" -W 1: -C 1:
    done
    check_disk -w 1% -c 0% -p /
    check_load -w 99,99,99 -c 99,99,99
    ;;
  mail)
    api
    api
    check_smtp -H "${SMTP%:*}" -p "${SMTP#*:}"
    check_imap -H "${IMAP%:*}" -p "${IMAP#*:}"
    ;;
esac
