#!/bin/sh
# Saves the database as BACKUP_DIR/PROJECT-backup-YYYYMMDD_HHMMSS.sql.gz, read
# back and compared, and removes those older than 30 days; [backup] in
# sextant.toml says otherwise.
here=$(dirname -- "$(readlink -f -- "$0")")
# shellcheck source=application.sh
. "$here/application.sh"
# shellcheck source=log.sh
. "$here/log.sh"
need backup healthcheck

exec backup database --flat "$(project)-backup" --keep-within 30d "$@"
