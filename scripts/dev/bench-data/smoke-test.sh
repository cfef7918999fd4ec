#!/usr/bin/env bash
# A smoke test as it is written with curl and jq: log in, keep the token, call
# $REQUESTS endpoints of $BASE, and stop at the first that is not as expected.
set -e

TOKEN=$(curl -s -X POST "$BASE/api/auth/login" \
    -H "Content-Type: application/json" \
    -d '{"login":"admin","password":"'"$ADMIN_PASSWORD"'"}' |
    jq -r 'select(.user.role == "ADMIN") | .access_token')
if [ -z "$TOKEN" ] || [ "$TOKEN" = "null" ]; then
    echo "login failed"
    exit 1
fi
for ((n = 1; n < REQUESTS; n++)); do
    COUNT=$(curl -sf -H "Authorization: Bearer $TOKEN" "$BASE/api/projects?n=$n" | jq length)
    if [ "$COUNT" != 3 ]; then
        echo "projects failed"
        exit 1
    fi
done
echo "all tests passed"
