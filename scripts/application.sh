#!/bin/sh
# Sourced by the scripts beside it, which set `here` to their own folder: finds
# the tools and the application, and goes there. Nothing here reads stdin:
# questions are asked on the terminal itself.

: "${here:?}"
exec </dev/null
# Each link of a pipeline reads what those before it wrote, whoever said what.
unset SEXTANT_NO_INPUT

# Ends before anything was touched, with what is wrong and what helps.
refuse() {
  printf 'error: %s\n' "$1" >&2
  if [ -n "${2:-}" ]; then
    printf 'hint: %s\n' "$2" >&2
  fi
  exit 2
}

# Cron's PATH is short. Installed, the tools are three folders up from the
# scripts; copied together, beside their folder; else they are in PATH.
for bin in "$here/../../../bin" "$here/../bin"; do
  if [ -x "$bin/healthcheck" ] && [ -x "$bin/step" ]; then
    PATH=$(cd -- "$bin" && pwd):$PATH
    break
  fi
done
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

# In a pipeline, a program that is not there says nothing, and nobody notices.
need() {
  for tool in "$@"; do
    command -v "$tool" >/dev/null ||
      refuse "\`$tool\` is not installed" "\`make install\`, or add its folder to PATH"
  done
}

is_application() {
  for file in "$1"/sextant.toml "$1"/compose*.y*ml "$1"/docker-compose*.y*ml; do
    [ ! -f "$file" ] || return 0
  done
  return 1
}

# The application is the one that the script is linked into, as `scripts/x.sh`
# or `scripts/deploy/x.sh`, wherever it is called from: cron calls from home.
# Else it is that of the current folder.
called_from=$PWD
for above in .. ../..; do
  # `cd` takes `..` from the name, not from where a link leads.
  folder=$(cd -- "$(dirname -- "$0")/$above" && pwd)
  if is_application "$folder"; then
    cd -- "$folder" || exit 2
    break
  fi
done

# A file that an argument names, as seen from where the script was called.
as_called() {
  if [ -e "$called_from/$1" ]; then
    printf '%s/%s\n' "$called_from" "$1"
  else
    printf '%s\n' "$1"
  fi
}
