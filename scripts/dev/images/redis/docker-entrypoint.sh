#!/bin/sh
# Becomes `redis-server` as the user `redis`. The arguments are those of
# https://hub.docker.com/_/redis: options alone, or a configuration file,
# mean the server.
set -eu

if [ $# -eq 0 ] || [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
  set -- redis-server "$@"
fi

if [ "$1" != redis-server ]; then
  exec "$@"
fi

# A volume arrives owned by root.
if [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis:redis '{}' +
  exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi

umask 0077
# Debian's build refuses clients from other hosts until a password is set; the
# published image is built not to. A configuration file speaks for itself, and
# a question about the program takes no options.
case ${2:-} in
  *.conf | -v | --version | -h | --help) ;;
  *)
    shift
    set -- redis-server --protected-mode no "$@"
    ;;
esac
exec "$@"
