#!/usr/bin/env bash
# A health check as teams write it for a mail service: four services by `curl`,
# one after the other, a status file, and an alert when three of them fail.
#
#   API_URL=http://127.0.0.1:3000 SMTP=127.0.0.1:587 IMAP=127.0.0.1:143 \
#     STATUS_FILE=health-status.json health-check-mail.sh [curl|tcp]
#
# `curl telnet://` ends when the server does: five seconds each, and both are
# told as failed. With `tcp` it connects as the same teams' other scripts do.
set -uo pipefail

alert_threshold=3
errors=0

check_service() {
  local service=$1 url=$2
  if curl -f -s --max-time 5 "$url" >/dev/null </dev/null; then
    echo "$service: OK"
    return 0
  else
    echo "$service: ERROR"
    return 1
  fi
}

check_port() {
  local service=$1 address=$2
  if timeout 5 bash -c "</dev/tcp/${address/:/\/}"; then
    echo "$service: OK"
    return 0
  else
    echo "$service: ERROR"
    return 1
  fi
}

check_service "API" "$API_URL/api/health" || ((errors++))
check_service "Frontend" "$API_URL/api/health" || ((errors++))
if [ "${1:-curl}" = tcp ]; then
  check_port "SMTP" "$SMTP" || ((errors++))
  check_port "IMAP" "$IMAP" || ((errors++))
else
  check_service "SMTP" "telnet://$SMTP" || ((errors++))
  check_service "IMAP" "telnet://$IMAP" || ((errors++))
fi

cat >"$STATUS_FILE" <<EOF
{
  "timestamp": "$(date -Iseconds)",
  "errors": $errors,
  "status": "$([ "$errors" -eq 0 ] && echo 'healthy' || echo 'degraded')"
}
EOF

if [ "$errors" -ge "$alert_threshold" ]; then
  echo "$errors services in error: alert sent"
  curl -X POST http://alertmanager:9093/api/v1/alerts \
    -d "[{\"labels\":{\"alertname\":\"ServiceDown\",\"severity\":\"critical\"}}]"
fi
[ "$errors" -eq 0 ]
