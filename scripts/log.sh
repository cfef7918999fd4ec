#!/bin/sh
# Sourced after application.sh by what changes a deployed application:
# `log_as NAME` keeps all that is shown from there on, records too, in LOG_FILE,
# which is NAME-YYYYMMDD_HHMMSS.log unless it is set, and ends with the verdict.

# What the project is called, and what it is checked for; asking leaves no trace.
ask() {
  asked=$(mktemp -d) || exit 2
  SEXTANT_STATE=$asked "$@" --no-input --format ndjson 2>/dev/null
  rm -r -- "$asked"
}

project() {
  ask healthcheck --list | sed -n 's/.*"project":"\([a-z0-9_-]*\)".*/\1/p' | head -n 1
}

# LOG_DIR, else /var/log/PROJECT where that can be written, else the state folder.
log_folder() {
  name=$(project)
  if [ -n "${LOG_DIR:-}" ]; then
    printf '%s\n' "$LOG_DIR"
  elif [ -w "/var/log/$name" ] || mkdir -m 0700 -- "/var/log/$name" 2>/dev/null; then
    printf '%s\n' "/var/log/$name"
  elif [ -n "${SEXTANT_STATE:-}" ]; then
    printf '%s\n' "$SEXTANT_STATE"
  else
    printf '%s\n' "${XDG_STATE_HOME:-${HOME:-/var/lib}/.local/state}/sextant/$name"
  fi
}

# Two `tee`s, one for records and one for people, outlive whatever ends the
# pipeline: its last words count most.
log_as() {
  # People see text, programs read records.
  FORMAT=ndjson
  [ ! -t 1 ] || FORMAT=text
  export FORMAT
  LOG_FILE=${LOG_FILE:-$(log_folder)/$1-$(date +%Y%m%d_%H%M%S).log}
  pipes=$(mktemp -d) && mkfifo -- "$pipes/records" "$pipes/people" || exit 2
  if ! (umask 077 && mkdir -p -- "$(dirname -- "$LOG_FILE")" && : >>"$LOG_FILE"); then
    rm -r -- "$pipes"
    refuse "cannot write the log \`$LOG_FILE\`" "name another one: LOG_FILE=… or LOG_DIR=…"
  fi
  keep "$pipes/records" &
  records=$!
  keep "$pipes/people" >&2 &
  people=$!
  exec >"$pipes/records" 2>"$pipes/people"
  rm -r -- "$pipes"
  outlive
  trap 'verdict "$?"' EXIT
}

# Ctrl-C reaches the tools too: they clean up, and the shell waits for them. To be
# said again in each part of a pipeline that is a function: it has a shell of its
# own, which forgets this.
outlive() {
  trap : HUP INT TERM
}

keep() {
  trap '' HUP INT TERM PIPE
  exec tee -a -- "$LOG_FILE" <"$1"
}

verdict() {
  trap - EXIT
  exec >&-
  wait "$records"
  printf '%s: %s (exit status %s)\n' "$(basename -- "$0")" "$(meaning "$1")" "$1" >&2
  printf 'log: %s\n' "$LOG_FILE" >&2
  exec 2>&-
  wait "$people"
  exit "$1"
}

meaning() {
  case $1 in
    0) echo "done" ;;
    2) echo "could not start" ;;
    3) echo "failed and rolled back: the earlier release serves" ;;
    4) echo "failed, and so did the rollback: a person is needed now" ;;
    75) echo "another run is at work" ;;
    *) echo "failed" ;;
  esac
}
