#!/bin/sh
# What deploy-production.sh asks for of every application, in the current folder:
# NODE_ENV=production in .env, 10 GB of room, and nothing that is not committed.
# sextant.toml asks for the rest.

miss() {
  echo "$1"
  missing=1
}
missing=0

for file in "${ENV_FILE:-.env}" .env.production .env.prod; do
  [ ! -f "$file" ] || break
done
if [ -f "$file" ]; then
  # As Compose does, the environment goes before the file.
  written=$(sed -n "s/^\(export \)\{0,1\}NODE_ENV=[\"']\{0,1\}\([A-Za-z]*\).*/\2/p" "$file" | tail -n 1)
  [ "${NODE_ENV:-$written}" = production ] ||
    miss "NODE_ENV must be production: it is \`${NODE_ENV:-$written}\` ($file)"
else
  miss "there is no .env in $PWD"
fi

free=$(df -Pk . | awk 'NR == 2 { print int($4 * 1024 / 1e9) }')
[ "$free" -ge 10 ] || miss "the disk has $free GB left: 10 GB are needed"

if ! changes=$(git status --porcelain 2>&1); then
  miss "$changes"
elif [ -n "$changes" ]; then
  miss "not committed: $(printf '%s' "$changes" | head -n 5 | tr '\n' ' ')"
fi

exit "$missing"
