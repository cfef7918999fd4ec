#!/bin/sh
# Sourced after log.sh and report.sh: what a deployment to a server is, from its checks to the
# way back. Its links change nothing before `step drain`, but for maintenance
# mode and for what git and Docker keep beside the old.

# The checks that are tagged so, where there are any, and those of the kinds "$@".
preflight() {
  outlive
  if ask healthcheck --list | grep -q '"tags":\[[^]]*"preflight"'; then
    set -- preflight "$@"
  fi
  healthcheck --no-alert "$@"
}

# Without `[smoke]`, the checks alone say whether the new release serves. What is
# passed on must outlive Ctrl-C as the tools do.
smoke() {
  outlive
  if ask smoketest --list | grep -q '"reason":"no_scenario"'; then
    echo "smoketest: not run: sextant.toml has no \`[smoke]\`" >&2
    trap '' HUP INT TERM
    exec cat
  fi
  smoketest
}

# Reads the records of what went before. The backup is made after maintenance
# began, not before: nothing is written that it does not hold. The images are
# built before anything stops, not after.
deployment() {
  outlive
  rollback --prepare \
    | rollback --maintenance on \
    | backup \
    | step pull \
    | step build "$@" \
    | step drain \
    | step migrate \
    | step up \
    | healthcheck --no-alert --wait "${WAIT:-2m}" container http postgres redis \
    | smoke \
    | rollback --maintenance off \
    | rollback --if failure --force \
    | rollback --record \
    | step prune \
    | sign_off
}

# What happened, for whoever has to sign it: beside the log, unless REPORT_DIR says
# otherwise, and on the terminal.
sign_off() {
  outlive
  report --out "${REPORT_DIR:-$(dirname -- "$LOG_FILE")}" \
    --format html --format markdown --format "$FORMAT"
}
