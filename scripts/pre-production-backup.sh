#!/bin/sh
# Saves everything into a set of /backup/pre-prod, or BACKUP_DIR, and proves that
# it can be brought back.
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
need backup restore

backup --to "${BACKUP_DIR:-/backup/pre-prod}" "$@" | restore --check
