#!/usr/bin/env bash
# A health check as teams write it for an application under Docker Compose: its
# containers, PostgreSQL, Redis, the pages, what is in the database, and what
# all of it uses. One thing after the other, as written.
#
#   PROJECT=shop API_URL=http://127.0.0.1:3001 health-check-docker.sh
set -uo pipefail

postgres=$PROJECT-postgres-1
redis=$PROJECT-redis-1
api=$PROJECT-api-1
errors=0

passed() { echo "✅ $1"; }
failed() {
  echo "❌ $1"
  errors=$((errors + 1))
}

echo "📦 Containers"
for container in "$postgres" "$redis" "$api"; do
  if docker ps --filter "name=^$container$" --filter "status=running" --format '{{.Names}}' | grep -q .; then
    passed "$container is running"
  else
    failed "$container is not running"
  fi
done

echo "🏥 Health checks"
for container in "$postgres" "$redis" "$api"; do
  health=$(docker inspect --format '{{.State.Health.Status}}' "$container" 2>/dev/null)
  if [[ $health == healthy ]]; then passed "$container is healthy"; else failed "$container is ${health:-unknown}"; fi
done
if docker exec "$postgres" pg_isready -U orchestr_a >/dev/null; then passed "PostgreSQL"; else failed "PostgreSQL"; fi
if [[ $(docker exec "$redis" redis-cli ping) == PONG ]]; then passed "Redis"; else failed "Redis"; fi

echo "🌐 Pages"
for path in /api/health /api/health; do
  if curl -sf --max-time 5 "$API_URL$path" >/dev/null; then passed "$path"; else failed "$path"; fi
done

echo "🗄️ Database"
query() { docker exec "$postgres" psql -U orchestr_a -d orchestr_a -tAc "$1"; }
if query "SELECT 1" >/dev/null; then passed "connection"; else failed "connection"; fi
for table in users projects tasks; do
  count=$(query "SELECT COUNT(*) FROM $table")
  if [[ ${count:-0} -gt 0 ]]; then passed "$table: $count"; else failed "$table: ${count:-none}"; fi
done

echo "📊 Resources"
docker stats --no-stream --format 'table {{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}' "$postgres" "$redis" "$api" || failed "docker stats"
df -h / || failed "df"

if [[ $errors -gt 0 ]]; then
  echo "⚠️ $errors problems"
  exit 1
fi
echo "🎉 All is well"
